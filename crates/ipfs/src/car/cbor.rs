//! The header of a CAR: a map with a version and, in version 1, roots, in DAG-CBOR
//! (<https://ipld.io/specs/codecs/dag-cbor/spec/>; CBOR is RFC 8949). Nothing else of CBOR is read.

use crate::Cid;

/// What a header says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) version: u64,
    pub(super) roots: Vec<Cid>,
}

const UNSIGNED: u8 = 0;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;
/// The tag of a CID.
const CID: u64 = 42;

/// Reads a whole header.
pub(super) fn header(bytes: &[u8]) -> Option<Header> {
    let mut reader = Reader(bytes);
    let mut header = Header::default();
    for _ in 0..reader.expect(MAP)? {
        match reader.bytes(TEXT)? {
            b"version" => header.version = reader.expect(UNSIGNED)?,
            b"roots" => header.roots = reader.roots()?,
            _ => return None,
        }
    }
    reader.0.is_empty().then_some(header)
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// The number of an item of this major type.
    fn expect(&mut self, major: u8) -> Option<u64> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        if first >> 5 != major {
            return None;
        }
        match first & 31 {
            small @ 0..=23 => Some(u64::from(small)),
            long @ 24..=27 => {
                let number = self.take(1 << (long - 24))?;
                Some(number.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
            }
            _ => None,
        }
    }

    fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(bytes)
    }

    fn bytes(&mut self, major: u8) -> Option<&'a [u8]> {
        let length = self.expect(major)?;
        self.take(length)
    }

    fn roots(&mut self) -> Option<Vec<Cid>> {
        let mut roots = Vec::new();
        for _ in 0..self.expect(ARRAY)? {
            if self.expect(TAG)? != CID {
                return None;
            }
            let cid = self.bytes(BYTES)?.strip_prefix(&[0])?;
            roots.push(Cid::try_from(cid).ok()?);
        }
        Some(roots)
    }
}
