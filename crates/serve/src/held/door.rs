//! What a server listens on, and whether a socket that was bound for us is that.

use socket2::{Domain, Socket, Type};
use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddrV4},
};

/// UDP or TCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Udp,
    Tcp,
}

/// What a server listens on. Written as the settings of a socket unit (systemd.socket(5)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Door {
    pub(crate) transport: Transport,
    pub(crate) address: SocketAddrV4,
    pub(crate) device: Option<String>,
}

impl Door {
    pub(crate) fn udp(address: Ipv4Addr, port: u16, interface: Option<&str>) -> Door {
        let address = SocketAddrV4::new(address, port);
        Door { transport: Transport::Udp, address, device: interface.map(str::to_owned) }
    }

    pub(crate) fn tcp(address: Ipv4Addr, port: u16, interface: Option<&str>) -> Door {
        Door { transport: Transport::Tcp, ..Door::udp(address, port, interface) }
    }

    /// What a socket is bound to, or what it is instead.
    pub(super) fn of(socket: &Socket) -> Result<Door, String> {
        let no_socket = |error: io::Error| error.to_string();
        let transport = match socket.r#type().map_err(no_socket)? {
            Type::DGRAM => Transport::Udp,
            Type::STREAM => Transport::Tcp,
            _ => return Err("it is neither UDP nor TCP".to_owned()),
        };
        if socket.domain().map_err(no_socket)? != Domain::IPV4 {
            return Err("it is not of IPv4: name the address too, not the port alone".to_owned());
        }
        if transport == Transport::Tcp && !socket.is_listener().map_err(no_socket)? {
            return Err("it does not listen: Accept= has to be no".to_owned());
        }
        let address = socket.local_addr().map_err(no_socket)?.as_socket_ipv4();
        let address = address.ok_or("it is not of IPv4")?;
        let device = socket.device().map_err(no_socket)?.and_then(|device| String::from_utf8(device).ok());
        Ok(Door { transport, address, device })
    }

    /// Whether a socket bound to `self` does for `wanted`. One that hears every address must be kept to an interface; one
    /// of a single address need not be, for that is done by whoever takes it where it matters.
    pub(super) fn does_for(&self, wanted: &Door) -> bool {
        let same_device = self.device == wanted.device;
        let by_address = self.device.is_none() && !self.address.ip().is_unspecified();
        self.transport == wanted.transport && self.address == wanted.address && (same_device || by_address)
    }
}

impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let setting = match self.transport {
            Transport::Udp => "ListenDatagram",
            Transport::Tcp => "ListenStream",
        };
        write!(f, "{setting}={}", self.address)?;
        self.device.iter().try_for_each(|device| write!(f, " BindToDevice={device}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, UdpSocket};

    const A: Ipv4Addr = Ipv4Addr::new(10, 20, 0, 1);

    #[test]
    fn a_socket_is_known_by_what_it_is_bound_to() {
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = udp.local_addr().unwrap().port();
        assert_eq!(Door::of(&udp.into()).unwrap(), Door::udp(Ipv4Addr::LOCALHOST, port, None));
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = tcp.local_addr().unwrap().port();
        assert_eq!(Door::of(&tcp.into()).unwrap(), Door::tcp(Ipv4Addr::LOCALHOST, port, None));
    }

    #[test]
    fn what_can_be_no_door_is_refused_with_the_setting_to_correct() {
        let why = |domain, kind| Door::of(&Socket::new(domain, kind, None).unwrap()).unwrap_err();
        assert!(why(Domain::IPV6, Type::DGRAM).contains("not of IPv4"));
        assert!(why(Domain::IPV4, Type::STREAM).contains("Accept="));
        assert!(why(Domain::UNIX, Type::SEQPACKET).contains("neither UDP nor TCP"));
    }

    #[test]
    fn every_address_is_heard_on_the_right_interface_only() {
        let any = Ipv4Addr::UNSPECIFIED;
        let dhcp = Door::udp(any, 67, Some("eth1"));
        assert!(dhcp.does_for(&dhcp));
        assert!(!Door::udp(any, 67, None).does_for(&dhcp) && !Door::udp(any, 67, Some("eth2")).does_for(&dhcp));
        assert!(!Door::tcp(any, 67, Some("eth1")).does_for(&dhcp) && !Door::udp(any, 68, Some("eth1")).does_for(&dhcp));
        let tftp = Door::udp(A, 69, Some("eth1"));
        assert!(Door::udp(A, 69, None).does_for(&tftp) && !Door::udp(A, 69, Some("eth2")).does_for(&tftp));
        assert_eq!(tftp.to_string(), "ListenDatagram=10.20.0.1:69 BindToDevice=eth1");
        assert_eq!(Door::tcp(A, 8080, None).to_string(), "ListenStream=10.20.0.1:8080");
    }
}
