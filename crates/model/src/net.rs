//! IPv4 networks.

use crate::Invalid;
use std::{fmt, net::Ipv4Addr, str::FromStr};

/// An IPv4 network in CIDR notation (RFC 4632), host bits clear: `10.20.0.0/24`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ipv4Net {
    base: Ipv4Addr,
    prefix: u8,
}

impl Ipv4Net {
    /// The network of `prefix` bits that holds `address`. `None` when `prefix` is over 32.
    pub fn containing(address: Ipv4Addr, prefix: u8) -> Option<Self> {
        let mask = mask_bits(prefix)?;
        Some(Ipv4Net { base: Ipv4Addr::from_bits(address.to_bits() & mask), prefix })
    }

    /// The network's own address, `10.20.0.0`.
    pub fn base(self) -> Ipv4Addr {
        self.base
    }

    /// How many bits the prefix has, 0 to 32.
    pub fn prefix(self) -> u8 {
        self.prefix
    }

    /// The subnet mask, as DHCP option 1 carries it.
    pub fn mask(self) -> Ipv4Addr {
        Ipv4Addr::from_bits(mask_bits(self.prefix).unwrap_or(u32::MAX))
    }

    /// The directed broadcast address.
    pub fn broadcast(self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.base.to_bits() | !self.mask().to_bits())
    }

    /// True when `address` lies in the network.
    pub fn contains(self, address: Ipv4Addr) -> bool {
        address.to_bits() & self.mask().to_bits() == self.base.to_bits()
    }

    /// True when a machine can have `address`: in the network, and neither its base nor its broadcast address
    /// (networks of 31 and 32 bits have no such addresses, RFC 3021).
    pub fn is_host(self, address: Ipv4Addr) -> bool {
        self.contains(address) && (self.prefix > 30 || (address != self.base && address != self.broadcast()))
    }

    /// The `n`th address, counted from the base: `nth(1)` of `10.20.0.0/24` is `10.20.0.1`. Terraform's `cidrhost`.
    pub fn nth(self, n: u32) -> Option<Ipv4Addr> {
        let address = Ipv4Addr::from_bits(self.base.to_bits().checked_add(n)?);
        self.contains(address).then_some(address)
    }

    /// True when the two share an address.
    pub fn overlaps(self, other: Ipv4Net) -> bool {
        self.contains(other.base) || other.contains(self.base)
    }
}

fn mask_bits(prefix: u8) -> Option<u32> {
    match prefix {
        0 => Some(0),
        1..=32 => Some(u32::MAX << (32 - prefix)),
        _ => None,
    }
}

impl fmt::Display for Ipv4Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.prefix)
    }
}

impl fmt::Debug for Ipv4Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Ipv4Net {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let wrong = || Invalid(format!("`{text}` is not an IPv4 network; expected one like 10.20.0.0/24"));
        let (address, prefix) = text.split_once('/').ok_or_else(wrong)?;
        let address: Ipv4Addr = address.parse().map_err(|_| wrong())?;
        let prefix: u8 = prefix.parse().map_err(|_| wrong())?;
        let net = Ipv4Net::containing(address, prefix).ok_or_else(wrong)?;
        if net.base != address {
            return Err(Invalid(format!("`{text}` has host bits set; did you mean {net}?")));
        }
        Ok(net)
    }
}

crate::serde_as_text!(Ipv4Net);

#[cfg(test)]
mod tests {
    use super::*;

    fn net(text: &str) -> Ipv4Net {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_knows_its_addresses() {
        let n = net("10.20.0.0/24");
        assert_eq!(n.mask(), Ipv4Addr::new(255, 255, 255, 0));
        assert_eq!(n.broadcast(), Ipv4Addr::new(10, 20, 0, 255));
        assert_eq!(n.nth(1), Some(Ipv4Addr::new(10, 20, 0, 1)));
        assert_eq!(n.nth(256), None);
        assert!(n.is_host(Ipv4Addr::new(10, 20, 0, 254)));
        assert!(!n.is_host(n.base()) && !n.is_host(n.broadcast()) && !n.is_host(Ipv4Addr::new(10, 20, 1, 1)));
        assert!(n.overlaps(net("10.0.0.0/8")) && !n.overlaps(net("10.20.1.0/24")));
    }

    #[test]
    fn the_edges_of_the_prefix_hold() {
        assert!(net("0.0.0.0/0").contains(Ipv4Addr::BROADCAST));
        assert_eq!(net("0.0.0.0/0").broadcast(), Ipv4Addr::BROADCAST);
        assert!(net("10.0.0.1/32").is_host(Ipv4Addr::new(10, 0, 0, 1)));
        assert!("10.0.0.0/33".parse::<Ipv4Net>().is_err());
    }

    #[test]
    fn host_bits_are_refused_with_the_network_that_was_meant() {
        let error = "10.20.0.5/24".parse::<Ipv4Net>().unwrap_err();
        assert!(error.0.contains("10.20.0.0/24"), "{error}");
    }
}
