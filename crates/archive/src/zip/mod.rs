//! zip (PKWARE's APPNOTE 6.3): the central directory at the end says where everything lies. Members are stored or
//! deflated; zip64 is read.

mod directory;

use crate::{
    Flow, Kind, Member, Result, Source, Visit,
    bytes::{array, le16, le32, small},
    compressed::Budget,
    error::broken,
};
use directory::Entry;
use std::{
    io::{self, Read, SeekFrom},
    ops::ControlFlow::Continue,
};

const LOCAL: &[u8] = b"PK\x03\x04";
/// The longest target of a link.
const LONGEST: u64 = 64 << 10;

/// The first member, or the end of an empty archive.
pub(crate) fn is(head: &[u8]) -> bool {
    head.starts_with(LOCAL) || head.starts_with(b"PK\x05\x06")
}

pub(crate) fn walk(reader: &mut dyn Source, budget: &Budget, visit: &mut Visit<'_>) -> Result<Flow> {
    let bytes = directory::read(reader)?;
    let mut left = bytes.as_slice();
    while !left.is_empty() {
        let Some((entry, rest)) = Entry::read(left) else {
            return broken("an entry of zip's directory is not one");
        };
        let flow = member(reader, &entry, budget, visit)?;
        if flow.is_break() {
            return Ok(flow);
        }
        left = rest;
    }
    Ok(Continue(()))
}

fn member(reader: &mut dyn Source, entry: &Entry<'_>, budget: &Budget, visit: &mut Visit<'_>) -> Result<Flow> {
    let without = |kind, visit: &mut Visit<'_>| visit(Member::new(entry.name, kind, 0), &mut io::empty());
    if entry.name.ends_with(b"/") || entry.is_folder() {
        return without(Kind::Folder, visit);
    }
    if entry.is_encrypted() {
        return without(Kind::Other("an encrypted file"), visit);
    }
    if entry.is_link() {
        let mut content = content(reader, entry, budget)?;
        let target = small(&mut content, entry.size, LONGEST, "a link's target")?;
        return without(Kind::Symlink(String::from_utf8_lossy(&target).into_owned()), visit);
    }
    match entry.method {
        directory::STORED | directory::DEFLATED => {
            let mut content = content(reader, entry, budget)?;
            visit(Member::new(entry.name, Kind::File, entry.size), &mut content)
        }
        _ => without(Kind::Other("compressed in a way that is not read here: only stored and deflated are"), visit),
    }
}

/// What a member is read from. The local header has a name and fields of its own length.
fn content<'a>(reader: &'a mut dyn Source, entry: &Entry<'_>, budget: &'a Budget) -> Result<Checked<'a>> {
    reader.seek(SeekFrom::Start(entry.offset))?;
    let local: [u8; 30] = array(reader)?;
    if !local.starts_with(LOCAL) {
        return broken("zip's directory points to where no member is");
    }
    let behind = i64::from(le16(&local, 26)) + i64::from(le16(&local, 28));
    reader.seek(SeekFrom::Current(behind))?;
    let packed = reader.take(entry.packed);
    let unpacked: Box<dyn Read + 'a> = match entry.method {
        directory::DEFLATED => Box::new(flate2::read::DeflateDecoder::new(packed)),
        _ => Box::new(packed),
    };
    Ok(Checked { inner: unpacked, crc: crc32fast::Hasher::new(), expected: entry.crc, budget })
}

/// Compares the checksum at the end.
struct Checked<'a> {
    inner: Box<dyn Read + 'a>,
    crc: crc32fast::Hasher,
    expected: u32,
    budget: &'a Budget,
}

impl Read for Checked<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(out)?;
        self.budget.spend(n)?;
        self.crc.update(&out[..n]);
        if n == 0 && !out.is_empty() && self.crc.clone().finalize() != self.expected {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a member's checksum is wrong"));
        }
        Ok(n)
    }
}

/// A number of 32 bits that says "see the zip64 field".
fn is_elsewhere(number: u32) -> bool {
    number == u32::MAX
}
