//! Domain names as they are on the wire (RFC 1035 section 3.1), in lower case: what tables are keyed by.

use firstlight_model::Domain;
use std::net::Ipv4Addr;

/// Bytes of the longest name, with the root's.
pub(super) const LONGEST: usize = 255;

/// A name on the wire, in lower case, uncompressed, with the root's byte at its end.
#[derive(Clone, Copy)]
pub(super) struct Name {
    bytes: [u8; LONGEST],
    len: u8,
}

impl Name {
    /// The name at the beginning of `bytes`, and its length. `None` where it is cut short, compressed or too long.
    pub(super) fn read(bytes: &[u8]) -> Option<(Name, usize)> {
        let mut at = 0;
        loop {
            match usize::from(*bytes.get(at)?) {
                0 => break,
                label @ 1..=63 => at += 1 + label,
                _ => return None,
            }
        }
        let len = at + 1;
        let mut name = Name { bytes: [0; LONGEST], len: u8::try_from(len).ok()? };
        // Lengths of labels are below the letters, so that they stay as they are.
        name.bytes.get_mut(..len)?.copy_from_slice(bytes.get(..len)?);
        name.bytes.get_mut(..len)?.make_ascii_lowercase();
        Some((name, len))
    }

    /// Of labels from the left. `None` where that is no name.
    pub(super) fn of<'l>(labels: impl IntoIterator<Item = &'l [u8]>) -> Option<Name> {
        let mut bytes = Vec::with_capacity(64);
        for label in labels {
            bytes.push(u8::try_from(label.len()).ok().filter(|len| (1..=63).contains(len))?);
            bytes.extend_from_slice(label);
        }
        bytes.push(0);
        Name::read(&bytes).map(|(name, _)| name)
    }

    /// A name below a domain; the domain itself where `below` is empty.
    pub(super) fn below(below: &str, domain: &Domain) -> Option<Name> {
        let labels = below.split('.').chain(domain.as_str().split('.')).filter(|label| !label.is_empty());
        Name::of(labels.map(str::as_bytes))
    }

    /// The name by which an address is looked up (RFC 1035 section 3.5).
    pub(super) fn reverse(address: Ipv4Addr) -> Option<Name> {
        let octets = address.octets().map(|octet| octet.to_string());
        let labels = octets.iter().rev().map(String::as_bytes);
        Name::of(labels.chain([b"in-addr".as_slice(), b"arpa"]))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// The labels, each with the offset of its length byte.
    pub(super) fn labels(&self) -> impl Iterator<Item = (usize, &[u8])> {
        let mut at = 0;
        std::iter::from_fn(move || {
            let len = usize::from(*self.bytes().get(at)?);
            let label = self.bytes().get(at + 1..at + 1 + len).filter(|_| len > 0)?;
            let start = at;
            at += 1 + len;
            Some((start, label))
        })
    }

    /// Every name that this one lies in, itself first, the root left out; each with its offset.
    pub(super) fn suffixes(&self) -> impl Iterator<Item = (usize, &[u8])> {
        self.labels().filter_map(|(at, _)| Some((at, self.bytes().get(at..)?)))
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Name) -> bool {
        self.bytes() == other.bytes()
    }
}

impl std::fmt::Debug for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.labels().try_for_each(|(_, label)| write!(f, "{}.", label.escape_ascii()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_in_lower_case() {
        let (name, len) = Name::read(b"\x04KiTt\x03lab\0rest").unwrap();
        assert_eq!((format!("{name:?}"), len), ("kitt.lab.".to_owned(), 10));
        assert_eq!(name.suffixes().map(|(at, _)| at).collect::<Vec<_>>(), [0, 5]);
        assert_eq!(Name::below("kitt", &"Lab".parse().unwrap()), Some(name));
        let reverse = Name::reverse(Ipv4Addr::new(10, 20, 0, 101)).unwrap();
        assert_eq!(format!("{reverse:?}"), "101.0.20.10.in-addr.arpa.");
    }

    #[test]
    fn what_is_no_name_is_none() {
        for bytes in [b"".as_slice(), b"\x04kit", b"\x01a", b"\xc0\x0c", b"\x40a"] {
            assert_eq!(Name::read(bytes), None);
        }
        let long: Vec<u8> = [b"\x3f".as_slice(), &[b'a'; 63]].concat().repeat(4);
        assert_eq!(Name::read(&[&long, b"\0".as_slice()].concat()), None, "256 bytes");
        assert!(Name::read(&[&long[..192], &[61], &[b'a'; 61], b"\0"].concat()).is_some(), "255 bytes");
    }
}
