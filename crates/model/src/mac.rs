//! Ethernet hardware addresses.

use crate::Invalid;
use std::{fmt, str::FromStr};

/// A 48-bit Ethernet address. Written `52:54:00:12:34:56`; read with `:`, `-`, `.` (Cisco's triples) or nothing between.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// True for group addresses (broadcast among them), which no machine owns.
    pub fn is_multicast(self) -> bool {
        self.0[0] & 1 == 1
    }

    /// The form that PXELINUX and `BOOTIF=` use: `01-52-54-00-12-34-56` (01 is Ethernet's hardware type).
    pub fn bootif(self) -> String {
        format!("01-{}", self.to_string().replace(':', "-"))
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Mac {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let wrong = || Invalid(format!("`{text}` is not a MAC address; expected six bytes like 52:54:00:12:34:56"));
        let shape_ok = match text.len() {
            17 => ["::::: ", "----- "].iter().any(|s| text.bytes().skip(2).step_by(3).eq(s.trim_end().bytes())),
            14 => text.bytes().skip(4).step_by(5).eq(*b".."),
            12 => true,
            _ => false,
        };
        let digits: Vec<u8> = text.bytes().filter(|b| !b":-.".contains(b)).collect();
        if !shape_ok || digits.len() != 12 {
            return Err(wrong());
        }
        let mut mac = [0; 6];
        for (byte, pair) in mac.iter_mut().zip(digits.chunks_exact(2)) {
            let high = (pair[0] as char).to_digit(16).ok_or_else(wrong)?;
            let low = (pair[1] as char).to_digit(16).ok_or_else(wrong)?;
            *byte = (high * 16 + low) as u8;
        }
        Ok(Mac(mac))
    }
}

crate::serde_as_text!(Mac);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_spelling_is_read() {
        let expected = Mac([0x52, 0x54, 0, 0x12, 0x34, 0xab]);
        for text in ["52:54:00:12:34:ab", "52-54-00-12-34-AB", "5254.0012.34ab", "5254001234ab"] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        assert_eq!(expected.to_string(), "52:54:00:12:34:ab");
        assert_eq!(expected.bootif(), "01-52-54-00-12-34-ab");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "52:54:00:12:34",
            "52:54:00:12:34:5g",
            "52:54-00:12:34:56",
            "5:2540:0:12:34:56",
            "5254:0012:34ab",
            "é2:54:00:12:34:5",
        ] {
            assert!(text.parse::<Mac>().is_err(), "{text}");
        }
    }
}
