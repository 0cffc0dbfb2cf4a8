//! Sockets that a service manager holds for us (the protocol of sd_listen_fds(3)): what arrives while a killed server
//! restarts waits in the kernel, and is answered; and a server that is handed all of its sockets needs no privilege.
//!
//! A socket is matched with its server by what it is bound to, not by its name: the name is for people. Whatever is
//! passed must be of use, for it would wait there unread. Not here: notifying the service manager, and the raw socket
//! that answers router solicitations, which no service manager passes.

mod door;
mod sys;

pub(crate) use door::Door;

use socket2::{SockRef, Socket};
use std::{
    env, io,
    net::{Ipv4Addr, TcpListener, UdpSocket},
    process,
};

/// The first file descriptor that is passed (SD_LISTEN_FDS_START).
const FIRST: i32 = 3;

/// The sockets that were bound for us, until they are taken.
#[derive(Debug, Default)]
pub struct Held {
    sockets: Vec<One>,
    /// What was looked for.
    wanted: Vec<Door>,
}

/// A socket that was bound for us.
#[derive(Debug)]
struct One {
    /// What the service manager calls it.
    name: String,
    door: Door,
    socket: Socket,
}

impl Held {
    /// The sockets that a service manager passed to this process; none where it was started without one.
    ///
    /// # Errors
    /// Something was passed that no server listens on; the text names it and the setting to correct.
    pub fn from_environment() -> io::Result<Held> {
        let variable = |name| env::var(name).ok();
        let passed = passed(variable("LISTEN_PID"), variable("LISTEN_FDS"), variable("LISTEN_FDNAMES"), process::id())?;
        let sockets = passed.into_iter().map(|(fd, name)| adopt(fd, name)).collect::<io::Result<_>>()?;
        Ok(Held { sockets, wanted: Vec::new() })
    }

    /// The socket for a door, where one was bound for us.
    pub(crate) fn take(&mut self, door: Door) -> Option<Socket> {
        let index = self.sockets.iter().position(|held| held.door.does_for(&door));
        self.wanted.push(door);
        let One { name, door, socket } = self.sockets.swap_remove(index?);
        tracing::info!("going on with the socket `{name}` that the service manager holds: {door}");
        Some(socket)
    }

    /// The UDP socket of an address, kept to an interface: the one that was bound for us, or one that is bound now.
    pub(crate) fn udp(&mut self, address: Ipv4Addr, port: u16, interface: Option<&str>) -> io::Result<UdpSocket> {
        let held = self.take(Door::udp(address, port, interface));
        let socket = held.map_or_else(|| UdpSocket::bind((address, port)), |socket| Ok(socket.into()))?;
        keep_to(&SockRef::from(&socket), interface)?;
        Ok(socket)
    }

    /// The same of TCP, where it matters to nobody by which interface a connection comes in.
    pub(crate) fn tcp(&mut self, address: Ipv4Addr, port: u16, interface: Option<&str>) -> io::Result<TcpListener> {
        let held = self.take(Door::tcp(address, port, interface));
        held.map_or_else(|| TcpListener::bind((address, port)), |socket| Ok(socket.into()))
    }

    /// Every socket must have been taken.
    ///
    /// # Errors
    /// One was not: which, and what there would be use for.
    pub fn finish(self) -> io::Result<()> {
        let Some(One { name, door, .. }) = self.sockets.first() else { return Ok(()) };
        let wanted: Vec<String> = self.wanted.iter().map(ToString::to_string).collect();
        Err(io::Error::other(format!(
            "the service manager holds a socket (`{name}`) that the site has no use for, or holds it twice: {door}. Correct it \
             in its socket unit; there is use for: {}",
            wanted.join(", ")
        )))
    }
}

/// Lets in by this interface only what comes to a socket. One that is so already is left alone, for without a privilege
/// that can be done once (`SO_BINDTODEVICE`, socket(7)).
pub(crate) fn keep_to(socket: &SockRef<'_>, interface: Option<&str>) -> io::Result<()> {
    match interface.map(str::as_bytes) {
        Some(interface) if socket.device()?.as_deref() != Some(interface) => socket.bind_device(Some(interface)),
        _ => Ok(()),
    }
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

fn adopt(fd: i32, name: String) -> io::Result<One> {
    let say = |why: String| {
        let what = format!("the service manager passed a socket that is of no use here (descriptor {fd}, `{name}`)");
        io::Error::other(format!("{what}: {why}"))
    };
    let socket = sys::passed(fd).map(Socket::from).map_err(|error| say(error.to_string()))?;
    let door = Door::of(&socket).map_err(say)?;
    Ok(One { name, door, socket })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;

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
    fn a_descriptor_that_is_no_socket_is_named() {
        let error = adopt(999, "dhcp-eth1".to_owned()).unwrap_err().to_string();
        assert!(error.contains("descriptor 999, `dhcp-eth1`") && error.contains("Bad file"), "{error}");
    }

    /// A UDP and a TCP socket on ports that the kernel chose, held under these names.
    fn held(names: [&str; 2]) -> (Held, [u16; 2]) {
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let ports = [udp.local_addr(), tcp.local_addr()].map(|address: io::Result<SocketAddr>| address.unwrap().port());
        let one = |(socket, name): (Socket, &str)| {
            let door = Door::of(&socket).unwrap();
            One { name: name.to_owned(), door, socket }
        };
        let sockets = [Socket::from(udp), Socket::from(tcp)].into_iter().zip(names).map(one).collect();
        (Held { sockets, wanted: Vec::new() }, ports)
    }

    #[test]
    fn each_is_taken_once_whatever_their_names_and_order() {
        let (mut held, [udp, tcp]) = held(["b", "a"]);
        let here = Ipv4Addr::LOCALHOST;
        assert!(held.take(Door::tcp(here, udp, Some("lo"))).is_none(), "another transport");
        assert!(held.take(Door::tcp(here, tcp, Some("lo"))).is_some());
        assert!(held.take(Door::tcp(here, tcp, Some("lo"))).is_none());
        assert!(held.take(Door::udp(here, udp, None)).is_some());
        held.finish().unwrap();
    }

    #[test]
    fn one_that_nobody_takes_is_an_error_that_says_what_would_be_of_use() {
        let (mut held, [udp, _]) = held(["tftp", "http"]);
        held.take(Door::udp(Ipv4Addr::LOCALHOST, udp, None));
        held.take(Door::udp(Ipv4Addr::UNSPECIFIED, 67, Some("eth1")));
        let error = held.finish().unwrap_err().to_string();
        assert!(error.contains("`http`") && error.contains("ListenDatagram=0.0.0.0:67 BindToDevice=eth1"), "{error}");
    }
}
