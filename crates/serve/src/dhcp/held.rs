//! Sockets that a service manager holds for us (the protocol of sd_listen_fds(3)): what arrives while a killed server
//! restarts waits in the kernel, and is answered.
//!
//! A socket is matched with its interface by what it is bound to, not by its name: the name is for people. Whatever is
//! passed must be a DHCP socket, for anything else would wait there unread. Not here: notifying the service manager.

use super::{socket::SERVER_PORT, sys};
use socket2::{Domain, Socket, Type};
use std::{env, io, net::Ipv4Addr, process};

/// The first file descriptor that is passed (SD_LISTEN_FDS_START).
const FIRST: i32 = 3;

/// A DHCP socket that was bound for us.
#[derive(Debug)]
pub struct Held {
    /// What the service manager calls it.
    pub(super) name: String,
    pub(super) interface: String,
    pub(super) socket: Socket,
}

/// The DHCP sockets that a service manager passed to this process; none where it was started without one.
///
/// # Errors
/// Something was passed that is no DHCP socket; the text names it and the setting to correct.
pub fn held() -> io::Result<Vec<Held>> {
    let variable = |name| env::var(name).ok();
    let passed = passed(variable("LISTEN_PID"), variable("LISTEN_FDS"), variable("LISTEN_FDNAMES"), process::id())?;
    passed.into_iter().map(|(fd, name)| adopt(fd, name)).collect()
}

/// Which file descriptors are ours, with their names. The variables of another process were only inherited.
fn passed(pid: Option<String>, fds: Option<String>, names: Option<String>, us: u32) -> io::Result<Vec<(i32, String)>> {
    let (Some(pid), Some(fds)) = (pid, fds) else { return Ok(Vec::new()) };
    if pid.trim().parse() != Ok(us) {
        return Ok(Vec::new());
    }
    // More than a service manager would ever pass is no number of sockets.
    let count: u16 = fds.trim().parse().map_err(|_| io::Error::other(format!("LISTEN_FDS is `{fds}`: no number")))?;
    let names = names.unwrap_or_default();
    let names = names.split(':').map(str::to_owned).chain(std::iter::repeat(String::new()));
    Ok((FIRST..FIRST + i32::from(count)).zip(names).collect())
}

fn adopt(fd: i32, name: String) -> io::Result<Held> {
    let say = |why: String| {
        let what = format!("the service manager passed a socket that is no DHCP socket (descriptor {fd}, `{name}`)");
        io::Error::other(format!("{what}: {why}"))
    };
    let socket = sys::passed(fd).map(Socket::from).map_err(|error| say(error.to_string()))?;
    let interface = interface_of(&socket).map_err(say)?;
    Ok(Held { name, interface, socket })
}

/// The interface of a DHCP server's socket, or what it is instead.
fn interface_of(socket: &Socket) -> Result<String, String> {
    let no_socket = |error: io::Error| error.to_string();
    if socket.r#type().map_err(no_socket)? != Type::DGRAM || socket.domain().map_err(no_socket)? != Domain::IPV4 {
        return Err("it is not UDP over IPv4; set ListenDatagram=0.0.0.0:67".to_owned());
    }
    let bound = socket.local_addr().map_err(no_socket)?.as_socket_ipv4();
    match bound.filter(|bound| bound.port() == SERVER_PORT && *bound.ip() == Ipv4Addr::UNSPECIFIED) {
        Some(_) => {}
        None => return Err("it is not bound to port 67 of every address; set ListenDatagram=0.0.0.0:67".to_owned()),
    }
    let device = socket.device().map_err(no_socket)?.and_then(|device| String::from_utf8(device).ok());
    device.ok_or_else(|| "it is not bound to an interface; set BindToDevice=".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, UdpSocket};

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn only_what_was_passed_to_this_process_counts() {
        let two = [(3, "dhcp-eth1".to_owned()), (4, String::new())];
        assert_eq!(passed(some("7"), some("2"), some("dhcp-eth1"), 7).unwrap(), two);
        assert!(passed(some("8"), some("2"), None, 7).unwrap().is_empty(), "the parent's");
        assert!(passed(None, None, None, 7).unwrap().is_empty());
        assert!(passed(some("7"), some("many"), None, 7).is_err());
    }

    #[test]
    fn what_is_no_dhcp_socket_is_refused_with_the_setting_to_correct() {
        let why = |socket: Socket| interface_of(&socket).unwrap_err();
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        assert!(why(tcp.into()).contains("not UDP"));
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        assert!(why(udp.into()).contains("ListenDatagram=0.0.0.0:67"));
        let six = Socket::new(Domain::IPV6, Type::DGRAM, None).unwrap();
        assert!(why(six).contains("not UDP over IPv4"));
        let error = adopt(999, "dhcp-eth1".to_owned()).unwrap_err().to_string();
        assert!(error.contains("descriptor 999, `dhcp-eth1`") && error.contains("Bad file"), "{error}");
    }
}
