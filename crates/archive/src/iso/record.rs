//! A folder's record (ECMA-119 9.1).

use super::{Extent, SECTOR, le32};

pub(super) const FOLDER: u8 = 2;
const GOES_ON: u8 = 0x80;
/// A record's fields before its identifier.
const HEAD: usize = 33;

pub(super) struct Record<'a> {
    pub(super) extent: Extent,
    pub(super) flags: u8,
    pub(super) interleaved: bool,
    pub(super) identifier: &'a [u8],
    pub(super) system_use: &'a [u8],
}

impl<'a> Record<'a> {
    /// The first record, and the bytes behind it; none where a sector's records end.
    pub(super) fn read(bytes: &'a [u8]) -> Option<(Record<'a>, &'a [u8])> {
        let length = usize::from(*bytes.first()?);
        let (record, rest) = bytes.split_at_checked(length)?;
        let head = record.get(..HEAD)?;
        let (identifier, behind) = record.get(HEAD..)?.split_at_checked(head[32].into())?;
        let system_use = behind.get(1 - identifier.len() % 2..).unwrap_or_default();
        let sector = u64::from(le32(head, 2)) + u64::from(head[1]);
        let extent = Extent { at: sector * SECTOR, length: le32(head, 10).into() };
        let interleaved = head[26] != 0 || head[27] != 0;
        Some((Record { extent, flags: head[25], interleaved, identifier, system_use }, rest))
    }

    /// The file has another extent, in the next record.
    pub(super) fn goes_on(&self) -> bool {
        self.flags & GOES_ON != 0
    }
}

/// A plain name as Linux shows it.
pub(super) fn plain(identifier: &[u8]) -> String {
    let name = String::from_utf8_lossy(identifier).to_lowercase();
    without_version(&name).trim_end_matches('.').to_owned()
}

/// A name in UCS-2, big-endian.
pub(super) fn wide(identifier: &[u8]) -> String {
    let units = identifier.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    let name: String = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    without_version(&name).to_owned()
}

fn without_version(name: &str) -> &str {
    name.strip_suffix(";1").unwrap_or(name)
}
