//! Host and domain names.

use crate::Invalid;
use std::{fmt, str::FromStr};

/// One label of a host name (RFC 1123 section 2.1): letters, digits and inner hyphens, 1 to 63 of them, kept in lower case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hostname(String);

/// A domain name of such labels, without the final dot: `lab.example`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Domain(String);

impl Hostname {
    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Domain {
    /// The name itself, without a final dot.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

impl FromStr for Hostname {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if !is_label(text) {
            return Err(Invalid(format!(
                "`{text}` is not a host name; expected 1 to 63 letters, digits and inner hyphens"
            )));
        }
        Ok(Hostname(text.to_ascii_lowercase()))
    }
}

impl FromStr for Domain {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let name = text.strip_suffix('.').unwrap_or(text);
        if name.len() > 253 || !name.split('.').all(is_label) {
            return Err(Invalid(format!("`{text}` is not a domain name; expected labels like lab.example")));
        }
        Ok(Domain(name.to_ascii_lowercase()))
    }
}

impl fmt::Display for Hostname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Hostname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

crate::serde_as_text!(Hostname);
crate::serde_as_text!(Domain);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_1123_decides() {
        assert_eq!("Kitt-01".parse::<Hostname>().unwrap().as_str(), "kitt-01");
        assert_eq!("3com".parse::<Hostname>().unwrap().as_str(), "3com");
        for text in ["", "-a", "a-", "a.b", "a_b", "ä", &"a".repeat(64)] {
            assert!(text.parse::<Hostname>().is_err(), "{text}");
        }
        assert_eq!("Lab.Example.".parse::<Domain>().unwrap().as_str(), "lab.example");
        assert!("lab..example".parse::<Domain>().is_err());
    }
}
