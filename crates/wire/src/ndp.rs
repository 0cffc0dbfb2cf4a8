//! Router discovery (RFC 4861 sections 4.1, 4.2): the solicitation that a booting client sends, and the advertisement
//! that ends its wait. Checksums are the kernel's: raw ICMPv6 sockets make and check them (RFC 3542 section 3.1).
//!
//! No prefixes, no routes, no neighbour discovery.

use firstlight_model::Mac;
use std::net::Ipv6Addr;

/// The hop limit that router discovery is sent with, and without which it is not believed: it proves the sender to be
/// on the same link.
pub const HOP_LIMIT: u8 = 255;

const SOLICITATION: u8 = 133;
const ADVERTISEMENT: u8 = 134;
const SOURCE_LINK_ADDRESS: u8 = 1;

/// A router solicitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Solicitation {
    /// The sender's Ethernet address, where it says it.
    pub source: Option<Mac>,
}

/// Why a message is not a router solicitation that RFC 4861 section 6.1.1 lets a router believe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Shorter than its fixed part.
    #[error("{0} bytes are too few for a router message")]
    Short(usize),
    /// Another ICMPv6 message.
    #[error("ICMPv6 type {0} code {1} is not what was expected")]
    Kind(u8, u8),
    /// It came from beyond this link, or was made by something that is no IPv6 host.
    #[error("hop limit {0} is not 255: not from this link")]
    HopLimit(u8),
    /// An option of length 0 or beyond the message.
    #[error("the option at offset {0} has an impossible length")]
    OptionLength(usize),
    /// A sender without an address that names its Ethernet address.
    #[error("a link-layer address from a sender without an address")]
    Unspecified,
}

impl Solicitation {
    /// Reads an ICMPv6 message that came from `from` with this hop limit.
    ///
    /// # Errors
    /// [`ParseError`]: it is to be ignored, silently.
    pub fn parse(bytes: &[u8], from: Ipv6Addr, hop_limit: u8) -> Result<Self, ParseError> {
        if hop_limit != HOP_LIMIT {
            return Err(ParseError::HopLimit(hop_limit));
        }
        let source = source_option(bytes, SOLICITATION, 8)?;
        if source.is_some() && from.is_unspecified() {
            return Err(ParseError::Unspecified);
        }
        Ok(Solicitation { source })
    }

    /// The message, its checksum zero.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![SOLICITATION, 0, 0, 0, 0, 0, 0, 0];
        put_source(&mut bytes, self.source);
        bytes
    }
}

/// A router advertisement that carries no prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advertisement {
    /// For how many seconds the sender is a default router; 0: it is none.
    pub lifetime: u16,
    /// M: addresses come by DHCPv6.
    pub managed: bool,
    /// O: other things come by DHCPv6.
    pub other: bool,
    /// The sender's Ethernet address.
    pub source: Option<Mac>,
}

impl Advertisement {
    /// The advertisement that offers nothing: no route, no address, no DHCPv6. It only says that waiting for more is
    /// in vain.
    pub fn nothing(source: Mac) -> Self {
        Advertisement { lifetime: 0, managed: false, other: false, source: Some(source) }
    }

    /// Reads an ICMPv6 message.
    ///
    /// # Errors
    /// [`ParseError`]: it is no advertisement.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let source = source_option(bytes, ADVERTISEMENT, 16)?;
        let [_, _, _, _, _, flags, high, low, ..] = bytes else { return Err(ParseError::Short(bytes.len())) };
        let lifetime = u16::from_be_bytes([*high, *low]);
        Ok(Advertisement { lifetime, managed: flags & 0x80 != 0, other: flags & 0x40 != 0, source })
    }

    /// The message, its checksum zero. Hop limit, reachable time and retransmission timer are "unspecified by this
    /// router".
    pub fn encode(&self) -> Vec<u8> {
        let flags = u8::from(self.managed) << 7 | u8::from(self.other) << 6;
        let [high, low] = self.lifetime.to_be_bytes();
        let mut bytes = vec![ADVERTISEMENT, 0, 0, 0, 0, flags, high, low, 0, 0, 0, 0, 0, 0, 0, 0];
        put_source(&mut bytes, self.source);
        bytes
    }
}

fn put_source(bytes: &mut Vec<u8>, source: Option<Mac>) {
    if let Some(mac) = source {
        bytes.extend_from_slice(&[SOURCE_LINK_ADDRESS, 1]);
        bytes.extend_from_slice(&mac.0);
    }
}

/// Checks a message's kind and options, and returns its source link-layer address.
fn source_option(bytes: &[u8], kind: u8, fixed: usize) -> Result<Option<Mac>, ParseError> {
    match bytes {
        [found, 0, ..] if *found == kind => {}
        [found, code, ..] => return Err(ParseError::Kind(*found, *code)),
        _ => return Err(ParseError::Short(bytes.len())),
    }
    let mut rest = bytes.get(fixed..).ok_or(ParseError::Short(bytes.len()))?;
    let mut source = None;
    while !rest.is_empty() {
        let offset = bytes.len() - rest.len();
        let length = rest.get(1).map_or(0, |eights| usize::from(*eights) * 8);
        let (option, next) =
            rest.split_at_checked(length).filter(|_| length > 0).ok_or(ParseError::OptionLength(offset))?;
        if let [SOURCE_LINK_ADDRESS, 1, a, b, c, d, e, f] = *option {
            source = Some(Mac([a, b, c, d, e, f]));
        }
        rest = next;
    }
    Ok(source)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MAC: Mac = Mac([0x52, 0x54, 0, 0x12, 0x34, 0x56]);
    const LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0x5054, 0xff, 0xfe12, 0x3456);

    #[test]
    fn ipxes_solicitation_is_read() {
        let bytes = b"\x85\0\x12\x34\0\0\0\0\x01\x01\x52\x54\0\x12\x34\x56";
        assert_eq!(Solicitation::parse(bytes, LINK_LOCAL, 255), Ok(Solicitation { source: Some(MAC) }));
    }

    #[test]
    fn the_advertisement_of_nothing_has_no_route_and_no_flag() {
        let bytes = Advertisement::nothing(MAC).encode();
        assert_eq!(bytes, b"\x86\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x01\x52\x54\0\x12\x34\x56");
    }

    #[test]
    fn what_rfc_4861_lets_no_router_believe_is_refused() {
        let good = Solicitation { source: Some(MAC) }.encode();
        assert_eq!(Solicitation::parse(&good, LINK_LOCAL, 64), Err(ParseError::HopLimit(64)));
        assert_eq!(Solicitation::parse(&good, Ipv6Addr::UNSPECIFIED, 255), Err(ParseError::Unspecified));
        assert_eq!(Solicitation::parse(&good[..7], LINK_LOCAL, 255), Err(ParseError::Short(7)));
        assert_eq!(Solicitation::parse(&good[..12], LINK_LOCAL, 255), Err(ParseError::OptionLength(8)));
        let endless = [133, 0, 0, 0, 0, 0, 0, 0, 1, 0];
        assert_eq!(Solicitation::parse(&endless, LINK_LOCAL, 255), Err(ParseError::OptionLength(8)));
        assert_eq!(Solicitation::parse(&[134; 16], LINK_LOCAL, 255), Err(ParseError::Kind(134, 134)));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_written_is_read_back(lifetime: u16, managed: bool, other: bool, mac: Option<[u8; 6]>) {
            let advertisement = Advertisement { lifetime, managed, other, source: mac.map(Mac) };
            prop_assert_eq!(Advertisement::parse(&advertisement.encode()), Ok(advertisement));
            let solicitation = Solicitation { source: mac.map(Mac) };
            prop_assert_eq!(Solicitation::parse(&solicitation.encode(), LINK_LOCAL, 255), Ok(solicitation));
        }

        #[test]
        fn no_bytes_make_it_panic(kind in 132u8..136, bytes: Vec<u8>) {
            let bytes = [&[kind, 0], bytes.as_slice()].concat();
            let _ = (Solicitation::parse(&bytes, LINK_LOCAL, 255), Advertisement::parse(&bytes));
        }
    }
}
