//! Is there another DHCP server on the wire? A DISCOVER of a client that does not exist, twice, and whose OFFERs come.
//! Nothing is ever requested, so no address is spent.
//!
//! By a packet socket (packet(7)): port 68 may belong to this computer's own DHCP client, and only a frame tells the
//! hardware address of a server. What we send leaves by the wire and never reaches a server of this computer, nor one
//! behind a switch that drops DHCP. Once as a plain client and once as a PXE ROM: ProxyDHCP servers answer only the latter.

use super::frame;
use firstlight_model::Mac;
use firstlight_wire::dhcp::{Code, Message, MessageType, Op};
use nix::{
    ifaddrs::getifaddrs,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::socket::{LinkAddr, bind},
};
use socket2::{Domain, Protocol, SockFilter, Socket, Type};
use std::{
    io::{self, Read, Write},
    net::Ipv4Addr,
    os::fd::{AsFd, AsRawFd},
    time::{Duration, Instant},
};

/// IPv4 frames (`ETH_P_IP`), in network order.
const IPV4: i32 = 0x0800u16.to_be() as i32;
/// Ethernet (`ARPHRD_ETHER`): anything else has no other DHCP server to fear.
const ETHERNET: u16 = 1;
/// More than any Ethernet carries.
const LONGEST: usize = 2048;

/// Another server that answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherServer {
    /// Option 54, or the sender of one that has none.
    pub address: Ipv4Addr,
    /// Who sent the frame: the server, or the relay or router before it.
    pub mac: Mac,
    /// What it would give. `None` for a ProxyDHCP server, which gives no addresses.
    pub offered: Option<Ipv4Addr>,
}

impl OtherServer {
    /// True where it only says what to boot: it may stand beside a server of ours that gives addresses, though not
    /// beside a boot server.
    pub fn is_proxy(&self) -> bool {
        self.offered.is_none()
    }
}

/// A question that was asked on an interface, whose answers come in while something else is done.
#[derive(Debug)]
pub struct Probe {
    socket: Socket,
    mac: Mac,
    began: Instant,
    /// As whom it asks: numbers and hardware addresses, of a plain client and of a PXE ROM.
    clients: [(u32, Mac); 2],
    /// This computer's own addresses: what they answer is not another's.
    own: Vec<Ipv4Addr>,
}

/// Who else serves DHCP on this interface: asks, and waits as long as this. None on what is no Ethernet.
///
/// # Errors
/// No such interface, or no right to open a packet socket (CAP_NET_RAW).
pub fn probe(interface: &str, timeout: Duration) -> io::Result<Vec<OtherServer>> {
    match Probe::start(interface)? {
        Some(probe) => probe.finish(timeout),
        None => Ok(Vec::new()),
    }
}

impl Probe {
    /// Asks. `None` on what is no Ethernet, such as the loopback.
    ///
    /// # Errors
    /// As [`probe`].
    pub fn start(interface: &str) -> io::Result<Option<Probe>> {
        let Some((link, own)) = look(interface)? else { return Ok(None) };
        let Some(mac) = link.addr().map(Mac).filter(|_| link.hatype() == ETHERNET) else { return Ok(None) };
        let socket = Socket::new(Domain::PACKET, Type::RAW.nonblocking(), Some(Protocol::from(IPV4)))?;
        // First the filter: what comes in between would be kept.
        socket.attach_filter(&to_clients())?;
        bind(socket.as_raw_fd(), &link)?;
        let clients = [client()?, client()?];
        let probe = Probe { socket, mac, began: Instant::now(), clients, own };
        probe.ask()?;
        Ok(Some(probe))
    }

    /// Collects what answers until `timeout` after the beginning. Half-way it asks again: a packet may be lost, and a
    /// switch's port may just have come up.
    ///
    /// # Errors
    /// The interface went away.
    pub fn finish(self, timeout: Duration) -> io::Result<Vec<OtherServer>> {
        let (again, end) = (self.began + timeout / 2, self.began + timeout);
        let mut found = Vec::new();
        self.collect(again, &mut found)?;
        self.ask()?;
        self.collect(end.max(Instant::now()), &mut found)?;
        Ok(found)
    }

    fn ask(&self) -> io::Result<()> {
        for (number, (xid, mac)) in self.clients.iter().enumerate() {
            let bytes = frame::broadcast(self.mac, &discover(*xid, *mac, number == 1).encode(0));
            match (&self.socket).write(&bytes) {
                Err(error) if error.raw_os_error() == Some(nix::libc::ENETDOWN) => {}
                outcome => drop(outcome?),
            }
        }
        Ok(())
    }

    fn collect(&self, until: Instant, found: &mut Vec<OtherServer>) -> io::Result<()> {
        let mut bytes = [0; LONGEST];
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let wait = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
            let _ = poll(&mut [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)], wait);
            match (&self.socket).read(&mut bytes) {
                Ok(length) => {
                    let other = bytes.get(..length).and_then(|bytes| self.other(bytes));
                    other.into_iter().for_each(|other| note(found, other));
                }
                // What came before the end is read to its end.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && left.is_zero() => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.raw_os_error() == Some(nix::libc::ENETDOWN) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The server behind a frame that is an answer to us.
    fn other(&self, bytes: &[u8]) -> Option<OtherServer> {
        let (mac, sender, payload) = frame::datagram(bytes)?;
        let message = Message::parse(payload).ok().filter(|message| message.op == Op::Reply)?;
        let to_us = self.clients.contains(&(message.xid, message.mac()?));
        let address = message.options.address(Code::SERVER_ID).unwrap_or(sender);
        let ours = mac == self.mac || self.own.contains(&address);
        let is_offer = matches!(message.kind(), Some(MessageType::Offer | MessageType::Ack));
        let offered = Some(message.yiaddr).filter(|address| !address.is_unspecified());
        (to_us && is_offer && !ours).then_some(OtherServer { address, mac, offered })
    }
}

/// Each server once; that it gives addresses counts.
fn note(found: &mut Vec<OtherServer>, other: OtherServer) {
    match found.iter_mut().find(|known| known.address == other.address) {
        Some(known) => known.offered = known.offered.or(other.offered),
        None => found.push(other),
    }
}

fn discover(xid: u32, mac: Mac, rom: bool) -> Message {
    let mut message = Message::request(mac, xid);
    message.set_broadcast(true);
    message.options.put_type(MessageType::Discover);
    message.options.put(Code::PARAMETERS, &[1, 3, 6, 54, 60, 66, 67]);
    if rom {
        message.options.put_text(Code::VENDOR_CLASS, "PXEClient:Arch:00007:UNDI:003016");
        message.options.put_u16(Code::CLIENT_ARCH, 7);
        message.options.put(Code::CLIENT_NDI, &[1, 3, 16]);
    }
    message
}

/// A client that does not exist: a random number, and a locally administered hardware address.
fn client() -> io::Result<(u32, Mac)> {
    let [a, b, c, d, e, f, g, h] = getrandom::u64().map_err(|error| io::Error::other(error.to_string()))?.to_be_bytes();
    let xid = u32::from_be_bytes([f, g, h, a]);
    Ok((xid, Mac([0x02, a, b, c, d, e])))
}

/// The interface, and all IPv4 addresses of this computer.
fn look(interface: &str) -> io::Result<Option<(LinkAddr, Vec<Ipv4Addr>)>> {
    let found: Vec<_> = getifaddrs()?.collect();
    let mut here = found.iter().filter(|found| found.interface_name == interface).peekable();
    if here.peek().is_none() {
        return Err(io::Error::new(io::ErrorKind::NotFound, format!("there is no interface {interface}")));
    }
    let link = here.find_map(|found| found.address?.as_link_addr().copied());
    let own = found.iter().filter_map(|found| Some(found.address?.as_sockaddr_in()?.ip()));
    Ok(link.map(|link| (link, own.collect())))
}

/// Lets through only UDP to port 68 that is not a later fragment (classic BPF): the buffer is not for other traffic.
fn to_clients() -> [SockFilter; 11] {
    // Codes: load half-word, byte, the header's length into X, half-word at X; jump if equal, if set; return.
    const LDH: u16 = 0x28;
    const LDB: u16 = 0x30;
    const LDX_HEADER: u16 = 0xb1;
    const LDH_X: u16 = 0x48;
    const JEQ: u16 = 0x15;
    const JSET: u16 = 0x45;
    const RET: u16 = 0x06;
    let step = SockFilter::new;
    [
        step(LDH, 0, 0, 12),
        step(JEQ, 0, 8, 0x0800),
        step(LDB, 0, 0, 23),
        step(JEQ, 0, 6, 17),
        step(LDH, 0, 0, 20),
        step(JSET, 4, 0, 0x1fff),
        step(LDX_HEADER, 0, 0, 14),
        step(LDH_X, 0, 0, 16),
        step(JEQ, 0, 1, 68),
        step(RET, 0, 0, LONGEST as u32),
        step(RET, 0, 0, 0),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(last: u8, offered: Option<u8>) -> OtherServer {
        let at = |last| Ipv4Addr::new(10, 20, 0, last);
        OtherServer { address: at(last), mac: Mac([2, 0, 0, 0, 0, last]), offered: offered.map(at) }
    }

    #[test]
    fn a_server_is_told_once_and_as_one_that_gives_addresses_if_it_ever_did() {
        let mut found = Vec::new();
        for other in [server(2, None), server(3, None), server(2, Some(9)), server(2, None)] {
            note(&mut found, other);
        }
        assert_eq!(found, [OtherServer { offered: Some([10, 20, 0, 9].into()), ..server(2, None) }, server(3, None)]);
    }

    #[test]
    fn there_is_nobody_on_the_loopback_and_no_such_interface() {
        assert_eq!(probe("lo", Duration::ZERO).unwrap(), []);
        assert!(probe("no-such", Duration::ZERO).unwrap_err().to_string().contains("no-such"));
    }
}
