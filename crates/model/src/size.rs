//! Sizes in bytes.

use crate::Invalid;
use std::{fmt, str::FromStr};

/// A size in bytes. Read as a number with an optional unit, all binary as QEMU and Nomad read them:
/// `512M` = `512MiB` = 536870912 bytes. Written in the largest unit that keeps it readable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(pub u64);

const UNITS: [(&str, u32); 4] = [("T", 40), ("G", 30), ("M", 20), ("K", 10)];

impl ByteSize {
    /// The size in MiB, rounded down.
    pub fn mib(self) -> u64 {
        self.0 >> 20
    }
}

impl FromStr for ByteSize {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let wrong = || Invalid(format!("`{text}` is not a size; expected a number with K, M, G or T, like 512M"));
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let number: u64 = text[..end].parse().map_err(|_| wrong())?;
        let unit = text[end..].trim().to_ascii_uppercase();
        let unit = unit.strip_suffix("IB").or(unit.strip_suffix('B')).unwrap_or(&unit);
        let shift = match unit {
            "" => 0,
            unit => UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?.1,
        };
        number.checked_mul(1 << shift).map(ByteSize).ok_or_else(wrong)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match UNITS.iter().find(|(_, shift)| self.0 >> shift > 0) {
            None => write!(f, "{} B", self.0),
            Some((unit, shift)) => {
                let tenths = (u128::from(self.0) * 10) >> shift;
                match tenths % 10 {
                    0 => write!(f, "{} {unit}iB", tenths / 10),
                    rest => write!(f, "{}.{rest} {unit}iB", tenths / 10),
                }
            }
        }
    }
}

crate::serde_as_text!(ByteSize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_binary_and_read_back() {
        for (text, bytes) in [("512M", 512 << 20), ("512MiB", 512 << 20), ("2 G", 2 << 30), ("10", 10), ("4kb", 4096)] {
            assert_eq!(text.parse(), Ok(ByteSize(bytes)), "{text}");
        }
        assert_eq!(ByteSize(1536 << 20).to_string(), "1.5 GiB");
        assert_eq!(ByteSize(512 << 20).to_string().parse(), Ok(ByteSize(512 << 20)));
        for text in ["", "M", "1X", "99999999999T", "-1"] {
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
    }
}
