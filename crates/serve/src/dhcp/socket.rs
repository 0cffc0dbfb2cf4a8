//! An interface's socket. It receives from that interface only, and no answer ever leaves by another.

use super::{
    engine::{Port, Target},
    sys,
};
use crate::{
    Held,
    held::Door,
    udp::{self, Inbox},
};
use nix::sys::socket::{setsockopt, sockopt};
use std::{
    io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket},
    os::fd::{AsFd, BorrowedFd},
};

/// Datagrams received at once.
pub(super) const BATCH: usize = 64;

pub(super) const SERVER_PORT: u16 = 67;
/// The port of PXE boot servers (PXE 2.1 section 2.3).
pub(super) const BOOT_SERVER_PORT: u16 = 4011;
pub(super) const CLIENT_PORT: u16 = 68;

/// Bytes that the kernel keeps for us while we are at work: some 3,000 messages.
const BACKLOG: usize = 4 << 20;

/// A reply in bytes.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) bytes: Vec<u8>,
    pub(super) target: Target,
}

/// An interface's socket.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) interface: String,
    socket: UdpSocket,
    port: u16,
}

impl Socket {
    /// A port of an interface: the socket that is held for it, or one that is bound now.
    pub(super) fn open(held: &mut Held, interface: &str, port: u16) -> io::Result<Socket> {
        let say = |error: io::Error| io::Error::new(error.kind(), explain(interface, port, &error));
        let socket = match held.take(Door::udp(Ipv4Addr::UNSPECIFIED, port, Some(interface))) {
            Some(socket) => adopt(socket),
            None => bind(interface, port),
        };
        let socket = socket.map_err(say)?;
        Ok(Socket { interface: interface.to_owned(), socket: socket.into(), port })
    }

    /// What a message from `sender` that came in here is asked of.
    pub(super) fn asked(&self, sender: SocketAddrV4) -> Port {
        if self.port == BOOT_SERVER_PORT { Port::BootServer(sender) } else { Port::Server }
    }

    pub(super) fn receive(&self, into: &mut Inbox) -> io::Result<usize> {
        into.receive(&self.socket)
    }

    /// Sends replies. What cannot be sent is logged and gone: its client asks again.
    pub(super) fn send<'a>(&self, replies: impl IntoIterator<Item = &'a Outgoing>) {
        let datagrams = replies.into_iter().map(|reply| (reply.bytes.as_slice(), self.address(reply.target)));
        udp::send_all(&self.socket, datagrams, |to, error| {
            tracing::debug!("{}: a reply to {to} could not be sent: {error}", self.interface);
        });
    }

    fn address(&self, target: Target) -> SocketAddrV4 {
        match target {
            Target::Relay(relay) => SocketAddrV4::new(relay, SERVER_PORT),
            Target::Client(address) => SocketAddrV4::new(address, CLIENT_PORT),
            Target::Sender(sender) => sender,
            Target::Broadcast => SocketAddrV4::new(Ipv4Addr::BROADCAST, CLIENT_PORT),
            Target::NewClient(address, mac) => match sys::enter_arp(&self.socket, &self.interface, address, mac) {
                Ok(()) => SocketAddrV4::new(address, CLIENT_PORT),
                // Without the right to, or with a full table: everyone hears it, and the client takes it too.
                Err(_) => SocketAddrV4::new(Ipv4Addr::BROADCAST, CLIENT_PORT),
            },
        }
    }
}

fn adopt(socket: socket2::Socket) -> io::Result<socket2::Socket> {
    socket.set_broadcast(true)?;
    set_backlog(&socket);
    Ok(socket)
}

fn bind(interface: &str, port: u16) -> io::Result<socket2::Socket> {
    use socket2::{Domain, Protocol, Type};
    let socket = socket2::Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_address(true)?;
    socket.set_broadcast(true)?;
    socket.bind_device(Some(interface.as_bytes()))?;
    set_backlog(&socket);
    socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)).into())?;
    Ok(socket)
}

/// Over the system's own limit where we may; as much as it allows is well enough.
fn set_backlog(socket: &socket2::Socket) {
    let _ =
        setsockopt(socket, sockopt::RcvBufForce, &BACKLOG).or_else(|_| setsockopt(socket, sockopt::RcvBuf, &BACKLOG));
}

fn explain(interface: &str, port: u16, error: &io::Error) -> String {
    let next = match error.kind() {
        io::ErrorKind::AddrInUse => format!("another DHCP server runs here; `ss -lunp sport = :{port}` names it"),
        io::ErrorKind::PermissionDenied => {
            "run as root, or with CAP_NET_BIND_SERVICE, CAP_NET_RAW and CAP_NET_ADMIN".to_owned()
        }
        _ if error.raw_os_error() == Some(nix::libc::ENODEV) => {
            "there is no such interface; `ip link` lists them".to_owned()
        }
        _ => "see `ip address show`".to_owned(),
    };
    format!("cannot serve DHCP on {interface}: {error}; {next}")
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
