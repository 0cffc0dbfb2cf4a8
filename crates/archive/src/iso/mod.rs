//! ISO 9660 (ECMA-119): a tree of folders. Names are Rock Ridge's where they are (RRIP 1.12), else Joliet's, else the
//! plain ones as Linux shows them: in small letters, without `;1`.
//!
//! Boot images of El Torito are not members. UDF is not read, nor are zisofs's compressed files.

mod record;
mod rock_ridge;

use crate::{
    Flow, Kind, Member, Result, Source, Visit,
    bytes::{le16, le32, small},
    error::broken,
};
use record::Record;
use rock_ridge::RockRidge;
use std::{
    collections::HashSet,
    io::{self, Read, SeekFrom},
    ops::ControlFlow::Continue,
};

pub(super) const SECTOR: u64 = 2048;
const FIRST_DESCRIPTOR: u64 = 16;
/// A volume has two or three.
const DESCRIPTORS: u64 = 64;
/// The largest folder: over a hundred thousand names.
const LARGEST_FOLDER: u64 = 64 << 20;
/// ECMA-119 allows 8, Rock Ridge goes beyond.
const DEPTH: usize = 64;

/// Whether the first volume descriptor is there.
pub(crate) fn is(reader: &mut dyn Source) -> Result<bool> {
    let mut descriptor = Vec::new();
    reader.seek(SeekFrom::Start(FIRST_DESCRIPTOR * SECTOR))?;
    reader.take(6).read_to_end(&mut descriptor)?;
    Ok(descriptor.get(1..) == Some(b"CD001".as_slice()))
}

/// How names are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    Plain,
    Joliet,
    /// With the number of bytes that are passed over in each system use area (SUSP 5.3).
    RockRidge(usize),
}

/// A tree, and how it is to be read.
struct Tree {
    names: Names,
    root: Extent,
}

/// Bytes that lie together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Extent {
    pub(super) at: u64,
    pub(super) length: u64,
}

pub(crate) fn walk(reader: &mut dyn Source, visit: &mut Visit<'_>) -> Result<Flow> {
    let tree = tree(reader)?;
    let mut seen = HashSet::new();
    let mut folders = vec![(String::new(), tree.root, 0)];
    while let Some((path, extent, depth)) = folders.pop() {
        if depth > DEPTH || !seen.insert(extent.at) {
            return broken("its folders are in a circle, or too deep");
        }
        for entry in entries(reader, extent)? {
            let Some(found) = found(reader, entry, tree.names)? else { continue };
            let path = format!("{path}/{}", found.name);
            if found.kind == Kind::Folder {
                let inside = found.extents.first().copied();
                folders.extend(inside.map(|extent| (path.clone(), extent, depth + 1)));
            }
            let size =
                if found.kind == Kind::File { found.extents.iter().map(|extent| extent.length).sum() } else { 0 };
            let mut content = Content { reader, extents: found.extents.into(), left: 0 };
            let flow = visit(Member::new(path.as_bytes(), found.kind, size), &mut content)?;
            if flow.is_break() {
                return Ok(flow);
            }
        }
    }
    Ok(Continue(()))
}

/// The tree with the best names among the volume's.
fn tree(reader: &mut dyn Source) -> Result<Tree> {
    let (mut primary, mut joliet) = (None, None);
    for number in 0..DESCRIPTORS {
        reader.seek(SeekFrom::Start((FIRST_DESCRIPTOR + number) * SECTOR))?;
        let descriptor = small(reader, SECTOR, SECTOR, "a volume descriptor")?;
        if descriptor.get(1..6) != Some(b"CD001") {
            return broken("a volume descriptor is not one");
        }
        match descriptor.first() {
            Some(1) => primary = primary.or(root(&descriptor)),
            Some(2) if is_joliet(&descriptor) => joliet = joliet.or(root(&descriptor)),
            Some(255) => break,
            _ => {}
        }
    }
    let Some(root) = primary else {
        return broken("it has no primary volume descriptor");
    };
    if let Some(skip) = entries(reader, root)?.first().and_then(|own| rock_ridge::begins(&own.system_use)) {
        return Ok(Tree { names: Names::RockRidge(skip), root });
    }
    Ok(match joliet {
        Some(root) => Tree { names: Names::Joliet, root },
        None => Tree { names: Names::Plain, root },
    })
}

/// The root folder's record within a descriptor. Blocks of another size than a sector's are not in use.
fn root(descriptor: &[u8]) -> Option<Extent> {
    let block = u64::from(le16(descriptor, 128));
    let (record, _) = Record::read(descriptor.get(156..190)?)?;
    (block == SECTOR).then_some(record.extent)
}

/// The escape sequences of UCS-2, in three levels.
fn is_joliet(descriptor: &[u8]) -> bool {
    matches!(descriptor.get(88..91), Some(b"%/@" | b"%/C" | b"%/E"))
}

/// A folder's records; those of one file in several extents are joined.
struct Entry {
    identifier: Vec<u8>,
    flags: u8,
    interleaved: bool,
    system_use: Vec<u8>,
    extents: Vec<Extent>,
}

fn entries(reader: &mut dyn Source, folder: Extent) -> Result<Vec<Entry>> {
    reader.seek(SeekFrom::Start(folder.at))?;
    let bytes = small(reader, folder.length, LARGEST_FOLDER, "a folder")?;
    let mut entries: Vec<Entry> = Vec::new();
    let mut goes_on = false;
    // No record lies across the end of a sector, and what is left of one is zero.
    for mut sector in bytes.chunks(SECTOR as usize) {
        while let Some((record, rest)) = Record::read(sector) {
            sector = rest;
            let further = goes_on;
            goes_on = record.goes_on();
            match entries.last_mut() {
                Some(entry) if further && entry.identifier == record.identifier => entry.extents.push(record.extent),
                _ => entries.push(Entry {
                    identifier: record.identifier.to_vec(),
                    flags: record.flags,
                    interleaved: record.interleaved,
                    system_use: record.system_use.to_vec(),
                    extents: vec![record.extent],
                }),
            }
        }
    }
    Ok(entries)
}

struct Found {
    name: String,
    kind: Kind,
    extents: Vec<Extent>,
}

/// What an entry is; nothing for a folder's own entry, its parent's, and a stand-in for one that was moved.
fn found(reader: &mut dyn Source, entry: Entry, names: Names) -> Result<Option<Found>> {
    if matches!(entry.identifier.as_slice(), [0 | 1]) {
        return Ok(None);
    }
    let ridge = match names {
        Names::RockRidge(skip) => RockRidge::read(reader, entry.system_use.get(skip..).unwrap_or_default())?,
        _ => RockRidge::default(),
    };
    if ridge.moved_here {
        return Ok(None);
    }
    let name = match (&ridge.name, names) {
        (Some(name), _) => String::from_utf8_lossy(name).into_owned(),
        (None, Names::Joliet) => record::wide(&entry.identifier),
        (None, _) => record::plain(&entry.identifier),
    };
    if let Some(sector) = ridge.child {
        let moved = own_extent(reader, sector)?;
        return Ok(Some(Found { name, kind: Kind::Folder, extents: vec![moved] }));
    }
    let kind = match ridge.link {
        Some(target) => Kind::Symlink(target),
        None if entry.flags & record::FOLDER != 0 => Kind::Folder,
        None if ridge.zisofs => Kind::Other("a file compressed by zisofs, which is not read here"),
        None if entry.interleaved => Kind::Other("an interleaved file, which is not read here"),
        None => Kind::File,
    };
    Ok(Some(Found { name, kind, extents: entry.extents }))
}

/// A folder that was moved elsewhere, by its own first record.
fn own_extent(reader: &mut dyn Source, sector: u32) -> Result<Extent> {
    reader.seek(SeekFrom::Start(u64::from(sector) * SECTOR))?;
    let bytes = small(reader, SECTOR, SECTOR, "a folder")?;
    match Record::read(&bytes) {
        Some((record, _)) => Ok(record.extent),
        None => broken("a folder that was moved is not where it should be"),
    }
}

/// Extents behind each other.
struct Content<'a> {
    reader: &'a mut dyn Source,
    extents: std::collections::VecDeque<Extent>,
    left: u64,
}

impl Read for Content<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.left == 0 {
            let Some(extent) = self.extents.pop_front() else { return Ok(0) };
            self.reader.seek(SeekFrom::Start(extent.at))?;
            self.left = extent.length;
        }
        let n = (&mut *self.reader).take(self.left).read(out)?;
        self.left -= n as u64;
        if n == 0 && !out.is_empty() {
            self.left = 0;
        }
        Ok(n)
    }
}
