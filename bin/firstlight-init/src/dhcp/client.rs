//! The client's socket: an ordinary UDP socket, bound to the interface so that it works without an address, and heard
//! by broadcast.

use super::{Lease, discover, renew, reply, request};
use crate::interface::Interface;
use firstlight_wire::dhcp::{Code, Message, MessageType};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, bind, setsockopt, socket, sockopt};
use std::{
    ffi::OsString,
    fs::File,
    io::Read,
    net::{Ipv4Addr, SocketAddrV4, UdpSocket},
    os::fd::AsRawFd,
    time::{Duration, Instant},
};

const SERVER_PORT: u16 = 67;
const CLIENT_PORT: u16 = 68;
/// A payload that fits every Ethernet frame; messages are cut to it.
const MAX_PAYLOAD: usize = 1472;

/// Gets a lease: one DISCOVER and what follows from it, waiting this long for each answer.
///
/// # Errors
/// Why there is no lease, for the console.
pub(crate) fn lease(interface: &Interface, patience: Duration) -> Result<Lease, String> {
    let mac = interface.mac;
    let link = Link::open(interface, random(), patience)?;
    let offer = link.ask(&discover(mac, link.xid), Ipv4Addr::BROADCAST, &[MessageType::Offer])?;
    let take = request(&offer, mac).ok_or("the offer names no server")?;
    let answer = link.ask(&take, Ipv4Addr::BROADCAST, &[MessageType::Ack, MessageType::Nak])?;
    granted(&answer)
}

/// Asks the server for more time on a lease. `Ok(None)` when it refuses: the address must not be used any more.
///
/// # Errors
/// Why there is no answer.
pub(crate) fn renewed(interface: &Interface, lease: &Lease, patience: Duration) -> Result<Option<Lease>, String> {
    let link = Link::open(interface, random(), patience)?;
    let again = renew(lease, interface.mac, link.xid);
    let answer = link.ask(&again, lease.server, &[MessageType::Ack, MessageType::Nak])?;
    Ok(granted(&answer).ok())
}

fn granted(answer: &Message) -> Result<Lease, String> {
    if answer.kind() == Some(MessageType::Nak) {
        let why = answer.options.text(Code::MESSAGE).unwrap_or("no reason given".into());
        return Err(format!("the DHCP server refused: {why}"));
    }
    Lease::from_ack(answer).ok_or_else(|| "the DHCP server's answer has no usable address".to_owned())
}

struct Link<'a> {
    interface: &'a Interface,
    socket: UdpSocket,
    xid: u32,
    patience: Duration,
}

impl<'a> Link<'a> {
    fn open(interface: &'a Interface, xid: u32, patience: Duration) -> Result<Self, String> {
        let socket = open(&interface.name).map_err(|cause| format!("cannot open the DHCP client's port: {cause}"))?;
        Ok(Link { interface, socket, xid, patience })
    }

    /// Sends, and waits for an answer of one of these kinds. Everything else that comes meanwhile is not for us.
    fn ask(&self, message: &Message, to: Ipv4Addr, kinds: &[MessageType]) -> Result<Message, String> {
        let name = &self.interface.name;
        self.socket
            .send_to(&message.encode(MAX_PAYLOAD), SocketAddrV4::new(to, SERVER_PORT))
            .map_err(|cause| format!("cannot send on {name}: {cause}"))?;
        let begin = Instant::now();
        let mut buffer = [0; 2048];
        while let Some(left) = self.patience.checked_sub(begin.elapsed()).filter(|left| !left.is_zero()) {
            self.socket.set_read_timeout(Some(left)).map_err(|cause| cause.to_string())?;
            let Ok(length) = self.socket.recv(&mut buffer) else { continue };
            let bytes = buffer.get(..length).unwrap_or_default();
            let answer = reply(bytes, self.interface.mac, self.xid);
            if let Some(answer) = answer.filter(|answer| answer.kind().is_some_and(|kind| kinds.contains(&kind))) {
                return Ok(answer);
            }
        }
        let sent = message.kind().map(|kind| kind.to_string()).unwrap_or_default();
        Err(format!("no DHCP server on {name} answered our {sent} within {} s", self.patience.as_secs()))
    }
}

fn open(interface: &str) -> nix::Result<UdpSocket> {
    let descriptor = socket(AddressFamily::Inet, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)?;
    setsockopt(&descriptor, sockopt::ReuseAddr, &true)?;
    setsockopt(&descriptor, sockopt::Broadcast, &true)?;
    setsockopt(&descriptor, sockopt::BindToDevice, &OsString::from(interface))?;
    bind(descriptor.as_raw_fd(), &SockaddrIn::new(0, 0, 0, 0, CLIENT_PORT))?;
    Ok(UdpSocket::from(descriptor))
}

/// A number that other machines, started at the same time, do not have. The kernel's generator does not block here.
fn random() -> u32 {
    let mut bytes = [0; 4];
    let read = File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes));
    match read {
        Ok(()) => u32::from_ne_bytes(bytes),
        Err(_) => std::process::id().wrapping_mul(0x9e37_79b9),
    }
}
