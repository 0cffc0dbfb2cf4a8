//! The fixed part of a message (RFC 2131 section 2).

use super::{Code, Options};
use firstlight_model::Mac;
use std::{fmt, net::Ipv4Addr};

/// Who speaks: the `op` field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// 1: a client.
    Request,
    /// 2: a server.
    Reply,
}

/// What a message is: option 53 (RFC 2132 section 9.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[allow(missing_docs)] // the names are the RFC's own
pub enum MessageType {
    Discover = 1,
    Offer = 2,
    Request = 3,
    Decline = 4,
    Ack = 5,
    Nak = 6,
    Release = 7,
    Inform = 8,
}

impl MessageType {
    /// Reads the number that option 53 carries.
    pub fn from_number(number: u8) -> Option<Self> {
        use MessageType::*;
        [Discover, Offer, Request, Decline, Ack, Nak, Release, Inform].into_iter().find(|kind| *kind as u8 == number)
    }
}

impl fmt::Display for MessageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            MessageType::Discover => "DISCOVER",
            MessageType::Offer => "OFFER",
            MessageType::Request => "REQUEST",
            MessageType::Decline => "DECLINE",
            MessageType::Ack => "ACK",
            MessageType::Nak => "NAK",
            MessageType::Release => "RELEASE",
            MessageType::Inform => "INFORM",
        })
    }
}

/// A DHCP message. Field names are RFC 2131's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who speaks.
    pub op: Op,
    /// Hardware type; 1 is Ethernet.
    pub htype: u8,
    /// How many bytes of `chaddr` count, 0 to 16.
    pub hlen: u8,
    /// How many relays it passed.
    pub hops: u8,
    /// The client's number for this exchange.
    pub xid: u32,
    /// Seconds since the client began.
    pub secs: u16,
    /// Only the highest bit is used: [`Message::broadcast`].
    pub flags: u16,
    /// The client's address, when it has one already.
    pub ciaddr: Ipv4Addr,
    /// "Your" address: what the server gives.
    pub yiaddr: Ipv4Addr,
    /// The next server: where to fetch the boot file.
    pub siaddr: Ipv4Addr,
    /// The relay's address.
    pub giaddr: Ipv4Addr,
    /// The client's hardware address, `hlen` bytes of it.
    pub chaddr: [u8; 16],
    /// Server name, padded with NULs; zeros when it carried options (52).
    pub sname: [u8; 64],
    /// Boot file name, padded with NULs; zeros when it carried options (52).
    pub file: [u8; 128],
    /// The options, wherever in the message they stood.
    pub options: Options,
}

/// The highest bit of `flags` (RFC 2131 figure 2).
const BROADCAST: u16 = 0x8000;
/// IPv4 header without options, and UDP header: option 57 counts them, a datagram's payload does not.
const IP_UDP_HEADERS: usize = 28;
/// The payload that every client must take: a datagram of 576 bytes (RFC 2131 section 2).
pub(super) const MIN_LIMIT: usize = 576 - IP_UDP_HEADERS;
/// The payload that fits an Ethernet frame.
const ETHERNET_LIMIT: usize = 1500 - IP_UDP_HEADERS;

impl Message {
    /// An empty message from a client with this Ethernet address.
    pub fn request(mac: Mac, xid: u32) -> Self {
        let mut chaddr = [0; 16];
        chaddr[..6].copy_from_slice(&mac.0);
        Message {
            op: Op::Request,
            htype: 1,
            hlen: 6,
            hops: 0,
            xid,
            secs: 0,
            flags: 0,
            ciaddr: Ipv4Addr::UNSPECIFIED,
            yiaddr: Ipv4Addr::UNSPECIFIED,
            siaddr: Ipv4Addr::UNSPECIFIED,
            giaddr: Ipv4Addr::UNSPECIFIED,
            chaddr,
            sname: [0; 64],
            file: [0; 128],
            options: Options::new(),
        }
    }

    /// An empty reply to this message: `xid`, `flags`, `giaddr` and the hardware address are taken over, as RFC 2131
    /// table 3 has it. `ciaddr`, which differs by message type, is left to the caller.
    pub fn reply(&self) -> Self {
        Message {
            op: Op::Reply,
            hops: 0,
            secs: 0,
            ciaddr: Ipv4Addr::UNSPECIFIED,
            yiaddr: Ipv4Addr::UNSPECIFIED,
            siaddr: Ipv4Addr::UNSPECIFIED,
            sname: [0; 64],
            file: [0; 128],
            options: Options::with_capacity(256),
            ..*self
        }
    }

    /// The client's Ethernet address. `None` on any other kind of network, and for all zeros or a group address,
    /// which no client can have.
    pub fn mac(&self) -> Option<Mac> {
        let [a, b, c, d, e, f, ..] = self.chaddr;
        let mac = Mac([a, b, c, d, e, f]);
        (self.htype == 1 && self.hlen == 6 && mac.0 != [0; 6] && !mac.is_multicast()).then_some(mac)
    }

    /// The client's hardware address, of any kind and length.
    pub fn hardware(&self) -> &[u8] {
        self.chaddr.get(..usize::from(self.hlen)).unwrap_or(&self.chaddr)
    }

    /// True when the client cannot take unicast before it has its address.
    pub fn broadcast(&self) -> bool {
        self.flags & BROADCAST != 0
    }

    /// Sets or clears the broadcast flag.
    pub fn set_broadcast(&mut self, on: bool) {
        self.flags = if on { BROADCAST } else { 0 };
    }

    /// What the message is (option 53). `None` for BOOTP and for numbers that RFC 2132 does not know.
    pub fn kind(&self) -> Option<MessageType> {
        self.options.u8(Code::MESSAGE_TYPE).and_then(MessageType::from_number)
    }

    /// The longest payload that this client takes, for [`Message::encode`]: what its option 57 says less the headers
    /// that it counts, never under what RFC 2131 lets every server send nor over what fits an Ethernet frame.
    pub fn limit(&self) -> usize {
        let said = self.options.u16(Code::MAX_SIZE).map_or(MIN_LIMIT, usize::from);
        said.saturating_sub(IP_UDP_HEADERS).clamp(MIN_LIMIT, ETHERNET_LIMIT)
    }

    /// Sets the `file` field. False, and nothing is set, when the name is longer than 127 bytes.
    pub fn set_file(&mut self, name: &str) -> bool {
        set_text(&mut self.file, name)
    }

    /// Sets the `sname` field. False, and nothing is set, when the name is longer than 63 bytes.
    pub fn set_sname(&mut self, name: &str) -> bool {
        set_text(&mut self.sname, name)
    }

    /// The boot file's name: option 67, else the `file` field. `None` when there is neither.
    pub fn boot_file(&self) -> Option<String> {
        let field = self.file.split(|byte| *byte == 0).next().unwrap_or_default();
        let name = self.options.text(Code::BOOT_FILE).unwrap_or_else(|| String::from_utf8_lossy(field));
        (!name.is_empty()).then(|| name.into_owned())
    }
}

fn set_text(field: &mut [u8], text: &str) -> bool {
    let fits = text.len() < field.len();
    if fits {
        field.fill(0);
        field[..text.len()].copy_from_slice(text.as_bytes());
    }
    fits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_station_on_ethernet_has_a_mac() {
        let mut message = Message::request(Mac([2, 0, 0, 0, 0, 9]), 1);
        assert_eq!(message.mac(), Some(Mac([2, 0, 0, 0, 0, 9])));
        message.htype = 32; // InfiniBand
        assert_eq!(message.mac(), None);
        assert_eq!(Message::request(Mac([0; 6]), 1).mac(), None);
        assert_eq!(Message::request(Mac([0xff; 6]), 1).mac(), None);
    }

    #[test]
    fn the_limit_never_falls_under_what_the_rfc_grants() {
        let mut message = Message::request(Mac([2, 0, 0, 0, 0, 9]), 1);
        for (said, limit) in [(0, 548), (576, 548), (1260, 1232), (1500, 1472), (65535, 1472)] {
            message.options.put_u16(Code::MAX_SIZE, said);
            assert_eq!(message.limit(), limit, "{said}");
        }
    }

    #[test]
    fn a_file_name_that_does_not_fit_is_refused_whole() {
        let mut message = Message::request(Mac([2, 0, 0, 0, 0, 9]), 1);
        assert!(message.set_file("undionly.kpxe"));
        assert!(!message.set_file(&"x".repeat(128)));
        assert_eq!(message.boot_file().as_deref(), Some("undionly.kpxe"));
    }
}
