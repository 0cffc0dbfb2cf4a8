//! Machine UUIDs, as SMBIOS has them.

use crate::Invalid;
use std::{fmt, str::FromStr};

/// A system UUID (SMBIOS type 1), in the order of its text: `4c4c4544-0051-...`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid(pub [u8; 16]);

impl Uuid {
    /// Reads what DHCP option 97 carries (RFC 4578 section 2.3): a type byte 0, then 16 bytes of which the first
    /// three fields are little-endian, as SMBIOS 2.6 stores them. `None` when malformed, and for the two
    /// fillers that boards without a UUID send (all zeros, all ones): those identify nobody.
    pub fn from_option_97(bytes: &[u8]) -> Option<Self> {
        let [0, rest @ ..] = bytes else { return None };
        let mut uuid: [u8; 16] = rest.try_into().ok()?;
        if uuid == [0; 16] || uuid == [0xff; 16] {
            return None;
        }
        uuid[0..4].reverse();
        uuid[4..6].reverse();
        uuid[6..8].reverse();
        Some(Uuid(uuid))
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, byte) in self.0.iter().enumerate() {
            if matches!(i, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Uuid {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let wrong =
            || Invalid(format!("`{text}` is not a UUID; expected one like 4c4c4544-0051-3210-8052-b4c04f4d3532"));
        let bytes = text.as_bytes();
        if bytes.len() != 36 || [8, 13, 18, 23].iter().any(|&i| bytes[i] != b'-') {
            return Err(wrong());
        }
        let digits: Vec<u32> = text.chars().filter(|c| *c != '-').map_while(|c| c.to_digit(16)).collect();
        if digits.len() != 32 {
            return Err(wrong());
        }
        let mut uuid = [0; 16];
        for (byte, pair) in uuid.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = (pair[0] * 16 + pair[1]) as u8;
        }
        Ok(Uuid(uuid))
    }
}

crate::serde_as_text!(Uuid);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn option_97_is_turned_into_the_order_that_people_read() {
        let text = "33221100-5544-7766-8899-aabbccddeeff";
        let wire: Vec<u8> = [0]
            .into_iter()
            .chain([0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff])
            .collect();
        assert_eq!(Uuid::from_option_97(&wire).unwrap().to_string(), text);
        assert_eq!(text.to_uppercase().parse::<Uuid>().unwrap().to_string(), text);
    }

    #[test]
    fn fillers_and_malformed_ones_identify_nobody() {
        assert_eq!(Uuid::from_option_97(&[0; 17]), None);
        assert_eq!(Uuid::from_option_97(&[0, 1, 2]), None);
        assert_eq!(Uuid::from_option_97(&[1; 17]), None);
        assert!("33221100-5544-7766-8899-aabbccddee".parse::<Uuid>().is_err());
        assert!("é3221100-5544-7766-8899-aabbccddeef".parse::<Uuid>().is_err());
    }
}
