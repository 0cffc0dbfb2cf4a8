//! Reverse names (RFC 1035 section 3.5, RFC 3596 section 2.5): which of them are ours, and which nobody outside can know.

use super::name::Name;
use firstlight_model::Ipv4Net;
use std::net::Ipv4Addr;

/// Addresses that mean something else everywhere: their names are never asked of the world (RFC 6303, RFC 7793).
const PRIVATE: [(Ipv4Addr, u8); 11] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(255, 255, 255, 255), 32),
];

/// The same of IPv6, as the ends of the names: unique local, link-local, documentation; `::` and `::1` are longer.
const PRIVATE6: [&str; 8] = ["c.f", "d.f", "8.e.f", "9.e.f", "a.e.f", "b.e.f", "8.b.d.0.1.0.0.2", "0.0.0.0.0.0.0.0"];

/// A name below in-addr.arpa.
#[derive(Debug, PartialEq)]
pub(super) struct Reverse {
    /// The addresses below it.
    pub(super) range: Ipv4Net,
    /// Where each of its labels begins, from the left; the last one is that of in-addr.arpa.
    offsets: Vec<usize>,
}

impl Reverse {
    /// `None` for other names; labels that are no octets belong to the name before them.
    pub(super) fn of(name: &Name) -> Option<Reverse> {
        let labels: Vec<(usize, &[u8])> = name.labels().collect();
        let [octets @ .., (at, b"in-addr"), (_, b"arpa")] = &labels[..] else { return None };
        let numbers: Vec<u8> = octets.iter().rev().map_while(|(_, label)| octet(label)).take(4).collect();
        let mut address = [0; 4];
        address.iter_mut().zip(&numbers).for_each(|(place, number)| *place = *number);
        let range = Ipv4Net::containing(address.into(), u8::try_from(8 * numbers.len()).ok()?)?;
        let offsets = octets.iter().map(|(at, _)| *at).chain([*at]).collect();
        Some(Reverse { range, offsets })
    }

    /// The one address that the name stands for.
    pub(super) fn address(&self) -> Option<Ipv4Addr> {
        (self.range.prefix() == 32 && self.offsets.len() == 5).then(|| self.range.base())
    }

    /// True for a name of numbers that addresses can lie below.
    pub(super) fn is_between(&self) -> bool {
        self.offsets.len() == 1 + usize::from(self.range.prefix()) / 8
    }

    /// Where the zone begins that a subnet's addresses are in. Its name has whole octets: a subnet of 22 bits has four
    /// zones, one of 26 bits is in that of its 24. `None` where the name lies above it.
    pub(super) fn apex(&self, subnet: Ipv4Net) -> Option<usize> {
        let octets = usize::from(subnet.prefix().div_ceil(8).clamp(1, 3));
        let inside = match self.range.prefix() {
            32 => subnet.contains(self.range.base()),
            _ => subnet.overlaps(self.range),
        };
        let at = self.offsets.len().checked_sub(1 + octets)?;
        (inside && usize::from(self.range.prefix()) >= 8 * octets).then(|| self.offsets.get(at).copied()).flatten()
    }

    /// Where the empty zone begins that such a name is in.
    pub(super) fn private(&self) -> Option<usize> {
        let mut all = PRIVATE.iter().filter_map(|(base, prefix)| Ipv4Net::containing(*base, *prefix));
        let is = all.any(|net| net.contains(self.range.base()) && self.range.prefix() >= net.prefix());
        is.then(|| self.offsets.iter().rev().nth(1).copied()).flatten()
    }
}

/// Where the empty zone of IPv6 begins that a name is in.
pub(super) fn private6(name: &Name) -> Option<usize> {
    let labels: Vec<(usize, &[u8])> = name.labels().collect();
    let [nibbles @ .., (at, b"ip6"), (_, b"arpa")] = &labels[..] else { return None };
    let ends = |end: &&str| {
        let mut end = end.split('.').rev();
        let mut asked = nibbles.iter().rev();
        end.all(|nibble| asked.next().is_some_and(|(_, label)| *label == nibble.as_bytes()))
    };
    PRIVATE6.iter().any(ends).then_some(*at)
}

/// A number as it is written, without zeros before it.
fn octet(label: &[u8]) -> Option<u8> {
    let plain = label.iter().all(u8::is_ascii_digit) && (label.len() == 1 || label.first() != Some(&b'0'));
    std::str::from_utf8(label).ok().filter(|_| plain)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::of(text.split('.').map(str::as_bytes)).unwrap()
    }

    fn apex(text: &str, subnet: &str) -> Option<usize> {
        Reverse::of(&name(text)).unwrap().apex(subnet.parse().unwrap())
    }

    #[test]
    fn a_subnet_lies_in_zones_of_whole_octets() {
        assert_eq!(apex("5.0.20.10.in-addr.arpa", "10.20.0.0/24"), Some(2));
        assert_eq!(apex("5.3.20.10.in-addr.arpa", "10.20.0.0/22"), Some(2), "one of four");
        assert_eq!(apex("5.0.20.10.in-addr.arpa", "10.20.0.0/26"), Some(2));
        assert_eq!(apex("70.0.20.10.in-addr.arpa", "10.20.0.0/26"), None, "of another subnet");
        assert_eq!(apex("0.20.10.in-addr.arpa", "10.20.0.0/24"), Some(0));
        assert_eq!(apex("20.10.in-addr.arpa", "10.20.0.0/24"), None, "above it");
        assert_eq!(apex("x.5.0.20.10.in-addr.arpa", "10.20.0.0/16"), Some(6));
        assert_eq!(Reverse::of(&name("05.0.20.10.in-addr.arpa")).unwrap().address(), None);
        assert_eq!(Reverse::of(&name("kitt.lab")), None);
    }

    #[test]
    fn what_nobody_outside_can_know() {
        let private = |text: &str| Reverse::of(&name(text)).unwrap().private();
        assert_eq!(private("1.1.168.192.in-addr.arpa"), Some(8));
        assert_eq!(private("1.1.16.172.in-addr.arpa"), Some(7));
        assert_eq!((private("1.1.32.172.in-addr.arpa"), private("9.9.9.9.in-addr.arpa")), (None, None));
        assert!(private6(&name("1.0.d.f.ip6.arpa")).is_some() && private6(&name("1.0.0.2.ip6.arpa")).is_none());
    }
}
