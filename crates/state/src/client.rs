//! By what a DHCP client is known to the server (RFC 2131 section 4.2).

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::fmt;

/// How many bytes are kept in place: a hardware address (7) and the usual DUID with its IAID (19) are.
const INLINE: usize = 22;

/// A client's identity: option 61 where it sends one, else its hardware type and address. Written as hex digits.
/// The two agree for the common `01` + MAC, so that a ROM without option 61 and the system after it are one client.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ClientKey(Bytes);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Bytes {
    Inline(u8, [u8; INLINE]),
    Boxed(Box<[u8]>),
}

impl ClientKey {
    /// From the content of option 61. `None` where it is too short to identify anyone (RFC 2132 section 9.14 asks for
    /// two bytes) or longer than one option: such would only be sent to fill our memory.
    pub fn from_option_61(bytes: &[u8]) -> Option<Self> {
        (2..=255).contains(&bytes.len()).then(|| ClientKey::new(bytes))
    }

    /// From the hardware type and address in the fixed part of the message.
    pub fn from_hardware(kind: u8, address: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(1 + address.len());
        bytes.push(kind);
        bytes.extend_from_slice(address);
        ClientKey::new(&bytes)
    }

    fn new(bytes: &[u8]) -> Self {
        let mut inline = [0; INLINE];
        match (inline.get_mut(..bytes.len()), u8::try_from(bytes.len())) {
            (Some(place), Ok(len)) => {
                place.copy_from_slice(bytes);
                ClientKey(Bytes::Inline(len, inline))
            }
            _ => ClientKey(Bytes::Boxed(bytes.into())),
        }
    }

    /// The bytes themselves.
    pub fn bytes(&self) -> &[u8] {
        match &self.0 {
            Bytes::Inline(len, bytes) => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Bytes::Boxed(bytes) => bytes,
        }
    }
}

impl fmt::Display for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for ClientKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // By hand: once per lease on the way to the disk.
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |n: u8| char::from(DIGITS[usize::from(n & 15)]);
        let text: String = self.bytes().iter().flat_map(|b| [digit(b >> 4), digit(*b)]).collect();
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for ClientKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        let digits: Option<Vec<u8>> =
            text.bytes().map(|b| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
        match digits {
            Some(digits) if digits.len() % 2 == 0 => {
                let bytes: Vec<u8> = digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
                Ok(ClientKey::new(&bytes))
            }
            _ => Err(D::Error::custom("a client is written as pairs of hex digits")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rom_without_an_identifier_is_the_client_that_sends_its_mac_as_one() {
        let mac = [0x52, 0x54, 0, 0x12, 0x34, 0x56];
        let sent = ClientKey::from_option_61(&[1, 0x52, 0x54, 0, 0x12, 0x34, 0x56]).unwrap();
        assert_eq!(ClientKey::from_hardware(1, &mac), sent);
        assert_eq!(sent.to_string(), "01525400123456");
        assert_eq!(ClientKey::from_option_61(&[1]), None);
        assert_eq!(ClientKey::from_option_61(&[1; 256]), None);
    }

    #[test]
    fn every_length_reads_back() {
        for len in [2, 7, 22, 23, 255] {
            let key = ClientKey::from_option_61(&vec![0xab; len]).unwrap();
            assert_eq!(key.bytes().len(), len);
            let text = serde_json::to_string(&key).unwrap();
            assert_eq!(serde_json::from_str::<ClientKey>(&text).unwrap(), key);
        }
        assert!(serde_json::from_str::<ClientKey>("\"abc\"").is_err());
        assert!(serde_json::from_str::<ClientKey>("\"zz\"").is_err());
    }
}
