//! zip's central directory: where it is (4.3.14 to 4.3.16), and its entries (4.3.12).

use super::{is_elsewhere, le16, le32};
use crate::{
    Error, Result, Source,
    bytes::{le64, small},
    error::broken,
};
use std::io::SeekFrom;

pub(super) const STORED: u16 = 0;
pub(super) const DEFLATED: u16 = 8;

/// The end record with the longest comment, and zip64's locator before it.
const TAIL: u64 = 22 + 65535 + 20;
/// The largest directory that is read: over a million members.
const LARGEST: u64 = 256 << 20;
const ZIP64: u16 = 1;

/// The directory's bytes.
pub(super) fn read(reader: &mut dyn Source) -> Result<Vec<u8>> {
    let length = reader.seek(SeekFrom::End(0))?;
    let from = length.saturating_sub(TAIL);
    reader.seek(SeekFrom::Start(from))?;
    let tail = small(reader, length - from, TAIL, "the end of zip")?;
    let Some(end) = tail.windows(22).rposition(|window| window.starts_with(b"PK\x05\x06")) else {
        return broken("zip's directory is not at its end: it is cut off");
    };
    let (size, offset) = place(reader, &tail, end)?;
    if size > LARGEST {
        return Err(Error::TooLarge { what: "bytes of directory", limit: LARGEST });
    }
    reader.seek(SeekFrom::Start(offset))?;
    small(reader, size, LARGEST, "zip's directory")
}

/// Its size and offset, by the end record or, where these do not fit, by zip64's.
fn place(reader: &mut dyn Source, tail: &[u8], end: usize) -> Result<(u64, u64)> {
    let (size, offset) = (le32(tail, end + 12), le32(tail, end + 16));
    if !is_elsewhere(size) && !is_elsewhere(offset) && le16(tail, end + 10) != u16::MAX {
        return Ok((size.into(), offset.into()));
    }
    let locator = end.checked_sub(20).and_then(|at| tail.get(at..end)).unwrap_or_default();
    if !locator.starts_with(b"PK\x06\x07") {
        return Ok((size.into(), offset.into()));
    }
    reader.seek(SeekFrom::Start(le64(locator, 8)))?;
    let record = small(reader, 56, 56, "zip64's end record")?;
    if !record.starts_with(b"PK\x06\x06") {
        return broken("zip64's end record is not where it should be");
    }
    Ok((le64(&record, 40), le64(&record, 48)))
}

/// One member, as the directory describes it.
pub(super) struct Entry<'a> {
    pub(super) name: &'a [u8],
    pub(super) method: u16,
    pub(super) crc: u32,
    /// Bytes in the archive.
    pub(super) packed: u64,
    /// Bytes of content.
    pub(super) size: u64,
    /// Where its local header is.
    pub(super) offset: u64,
    flags: u16,
    /// The mode, when it was made on Unix.
    mode: u32,
}

impl<'a> Entry<'a> {
    /// The first entry, and the bytes behind it.
    pub(super) fn read(bytes: &'a [u8]) -> Option<(Entry<'a>, &'a [u8])> {
        let head = bytes.get(..46).filter(|head| head.starts_with(b"PK\x01\x02"))?;
        let lengths = [28, 30, 32].map(|at| usize::from(le16(head, at)));
        let (name, rest) = bytes.get(46..)?.split_at_checked(lengths[0])?;
        let (extra, rest) = rest.split_at_checked(lengths[1])?;
        let (_comment, rest) = rest.split_at_checked(lengths[2])?;
        let is_unix = head[5] == 3;
        let mut entry = Entry {
            name,
            method: le16(head, 10),
            crc: le32(head, 16),
            packed: le32(head, 20).into(),
            size: le32(head, 24).into(),
            offset: le32(head, 42).into(),
            flags: le16(head, 8),
            mode: if is_unix { le32(head, 38) >> 16 } else { 0 },
        };
        entry.widen(extra);
        Some((entry, rest))
    }

    /// Zip64's field has those numbers that do not fit, in this order (4.5.3).
    fn widen(&mut self, mut extra: &[u8]) {
        while let Some((head, rest)) = extra.split_at_checked(4) {
            let Some((mut field, rest)) = rest.split_at_checked(le16(head, 2).into()) else { return };
            if le16(head, 0) == ZIP64 {
                for number in [&mut self.size, &mut self.packed, &mut self.offset] {
                    if *number == u64::from(u32::MAX)
                        && let Some((wide, others)) = field.split_at_checked(8)
                    {
                        *number = le64(wide, 0);
                        field = others;
                    }
                }
            }
            extra = rest;
        }
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.flags & 1 != 0
    }

    pub(super) fn is_folder(&self) -> bool {
        self.mode & 0o170_000 == 0o040_000
    }

    pub(super) fn is_link(&self) -> bool {
        self.mode & 0o170_000 == 0o120_000
    }
}
