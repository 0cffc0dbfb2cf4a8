//! Digests: SHA-256 and SHA-512.

use crate::Invalid;
use std::{fmt, str::FromStr};

/// A SHA-256 digest (FIPS 180-4), written as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256(pub [u8; 32]);

/// A SHA-512 digest (FIPS 180-4), written as 128 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha512(pub [u8; 64]);

impl Sha256 {
    /// The first 12 hex digits: enough for people to tell two apart.
    pub fn short(&self) -> String {
        self.to_string()[..12].to_owned()
    }
}

/// Lower-case hex digits, two for each byte.
fn write_hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    f.write_str(&digits.map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)])).collect::<String>())
}

/// Exactly `N` bytes from twice as many hex digits, in either case.
fn read_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; N];
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).ok()?;
    }
    Some(bytes)
}

macro_rules! digest {
    ($type:ident, $name:literal, $digits:literal, $program:literal) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_hex(&self.0, f)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_hex(&self.0, f)
            }
        }

        impl FromStr for $type {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Invalid> {
                let expected = concat!("expected ", $digits, " hex digits, as ", $program, " prints them");
                let wrong = || Invalid(format!("`{text}` is not a {} digest; {expected}", $name));
                read_hex(text).map($type).ok_or_else(wrong)
            }
        }

        crate::serde_as_text!($type);
    };
}

digest!(Sha256, "SHA-256", "64", "sha256sum");
digest!(Sha512, "SHA-512", "128", "sha512sum");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_and_refuses_the_rest() {
        let text = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let hash: Sha256 = text.parse().unwrap();
        assert_eq!(hash.to_string(), text);
        assert_eq!(hash.short(), "e3b0c44298fc");
        assert!(text[1..].parse::<Sha256>().is_err());
        assert!(text.replace('e', "é").parse::<Sha256>().is_err());

        let long = text.repeat(2);
        assert_eq!(long.parse::<Sha512>().unwrap().to_string(), long);
        let error = text.parse::<Sha512>().unwrap_err().to_string();
        assert!(
            error.ends_with("is not a SHA-512 digest; expected 128 hex digits, as sha512sum prints them"),
            "{error}"
        );
    }
}
