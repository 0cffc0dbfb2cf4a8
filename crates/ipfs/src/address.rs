//! Where a file stands: a CID, and a path inside what it names.

use crate::cid::{Cid, CidError};
use std::{fmt, str::FromStr};

/// Longest path, in names. Each costs a block at least.
const MAX_NAMES: usize = 64;

/// A file in IPFS: `ipfs://CID/dir/vmlinuz`, `ipfs:CID/dir/vmlinuz` or `/ipfs/CID/dir/vmlinuz`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// What the path begins in.
    pub cid: Cid,
    /// The names on the way from there to the file; none where the CID is the file.
    pub path: Vec<String>,
}

/// Why something is no address of a file in IPFS.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It begins otherwise.
    #[error("an IPFS URL is written ipfs://CID/path")]
    Scheme,
    /// A name that can change what it stands for.
    #[error("names of IPNS change what they stand for: give the CID that it stands for now (`ipfs name resolve`)")]
    Ipns,
    /// What should be a CID is none.
    #[error("`{text}` is not a CID: {error}")]
    Cid {
        /// What stands there.
        text: String,
        /// Why it is none.
        error: CidError,
    },
    /// A name that leads nowhere or elsewhere.
    #[error("`{0}` is not a name inside a directory")]
    Name(String),
    /// A query or a fragment.
    #[error("a `?` or `#` in a path is written %3F or %23")]
    Query,
    /// More names than anybody needs.
    #[error("the path has more than 64 names")]
    Deep,
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Address, AddressError> {
        let (rest, encoded) = match text.strip_prefix("/ipfs/") {
            Some(rest) => (rest, false),
            None => (after_scheme(text)?, true),
        };
        if encoded && rest.contains(['?', '#']) {
            return Err(AddressError::Query);
        }
        let (cid, path) = rest.split_once('/').unwrap_or((rest, ""));
        let cid = cid.parse().map_err(|error| AddressError::Cid { text: cid.to_owned(), error })?;
        let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
        if names.len() > MAX_NAMES {
            return Err(AddressError::Deep);
        }
        let name = |name: &&str| if encoded { percent_decoded(name) } else { Some((*name).to_owned()) };
        let path = names.iter().map(|text| name(text).filter(|name| usable(name)).ok_or_else(|| bad_name(text)));
        Ok(Address { cid, path: path.collect::<Result<_, _>>()? })
    }
}

fn after_scheme(text: &str) -> Result<&str, AddressError> {
    let (scheme, rest) = text.split_once(':').ok_or(AddressError::Scheme)?;
    if scheme.eq_ignore_ascii_case("ipns") {
        return Err(AddressError::Ipns);
    }
    if !scheme.eq_ignore_ascii_case("ipfs") {
        return Err(AddressError::Scheme);
    }
    Ok(rest.strip_prefix("//").unwrap_or(rest))
}

fn bad_name(text: &str) -> AddressError {
    AddressError::Name(text.to_owned())
}

fn usable(name: &str) -> bool {
    !matches!(name, "." | "..") && !name.contains(['/', '\0'])
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte != b'%' {
            bytes.push(*byte);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        let digit = |digit: u8| char::from(digit).to_digit(16);
        let [high, low] = digits else { return None };
        bytes.push((digit(*high)? << 4 | digit(*low)?) as u8);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

/// In the form that reads back: `ipfs://CID/path`.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ipfs://{}", self.cid)?;
        for name in &self.path {
            f.write_str("/")?;
            for byte in name.bytes() {
                match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'+' | b'@' => {
                        write!(f, "{}", char::from(byte))?;
                    }
                    _ => write!(f, "%{byte:02X}")?,
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CID: &str = "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354";

    fn parse(text: &str) -> Result<Address, String> {
        text.replace("CID", CID).parse().map_err(|error: AddressError| error.to_string().replace(CID, "CID"))
    }

    #[test]
    fn every_way_of_writing_it() {
        let boot = parse("ipfs://CID/boot/vmlinuz").unwrap();
        assert_eq!(boot.path, ["boot", "vmlinuz"]);
        for same in [
            "ipfs:CID/boot/vmlinuz",
            "/ipfs/CID/boot/vmlinuz",
            "IPFS://CID/boot//vmlinuz/",
            "ipfs://CID/%62oot/vmlinuz",
        ] {
            assert_eq!(parse(same).as_ref(), Ok(&boot), "{same}");
        }
        assert_eq!(parse("ipfs://CID").unwrap().path, Vec::<String>::new());
        assert_eq!(parse("/ipfs/CID/100%/a?b").unwrap().path, ["100%", "a?b"]);
        assert_eq!(parse("ipfs://CID/a%20b%2B").unwrap().path, ["a b+"]);
    }

    #[test]
    fn what_is_no_address_says_why() {
        for (text, error) in [
            ("https://CID", "an IPFS URL is written ipfs://CID/path"),
            ("CID/x", "an IPFS URL is written ipfs://CID/path"),
            ("ipns://example.com/x", "names of IPNS change"),
            ("ipfs://example.com/x", "`example.com` is not a CID: it is damaged, or not written in base32"),
            ("ipfs://", "`` is not a CID"),
            ("ipfs://CID/a/../b", "`..` is not a name inside a directory"),
            ("ipfs://CID/a/%2e%2E/b", "`%2e%2E` is not a name inside a directory"),
            ("ipfs://CID/a%2fb", "`a%2fb` is not a name inside a directory"),
            ("ipfs://CID/a%ff", "`a%ff` is not a name inside a directory"),
            ("ipfs://CID/a%4", "`a%4` is not a name inside a directory"),
            ("ipfs://CID/a?filename=b", "a `?` or `#` in a path is written %3F or %23"),
        ] {
            assert!(parse(text).unwrap_err().starts_with(error), "{text}: {:?}", parse(text));
        }
        assert!(parse(&format!("ipfs://CID{}", "/a".repeat(65))).unwrap_err().contains("more than 64"));
    }

    proptest! {
        #[test]
        fn an_address_reads_back(path in prop::collection::vec("[^/\0]{1,10}", 0..4)) {
            prop_assume!(path.iter().all(|name| usable(name)));
            let address = Address { cid: CID.parse().unwrap(), path };
            prop_assert_eq!(address.to_string().parse(), Ok(address));
        }

        #[test]
        fn any_text_is_an_address_or_refused(text in "(ipfs:|/ipfs/)?\\PC*") {
            let _ = text.parse::<Address>();
        }
    }
}
