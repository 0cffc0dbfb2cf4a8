//! Rock Ridge: what Unix knows of a file, in entries behind its record (SUSP 1.12, RRIP 1.12).

use super::{SECTOR, le32};
use crate::{Result, Source, bytes::small, error::broken};
use std::io::SeekFrom;

/// An area goes on in another at most this often.
const AREAS: usize = 32;
/// A name's and a link target's bound.
const LONGEST: usize = 64 << 10;

/// `SP`, in the root folder's own record, says that such entries are here, and how many bytes come before them.
pub(super) fn begins(system_use: &[u8]) -> Option<usize> {
    match system_use {
        [b'S', b'P', 7, 1, 0xbe, 0xef, skip, ..] => Some((*skip).into()),
        _ => None,
    }
}

#[derive(Default)]
pub(super) struct RockRidge {
    /// `NM`.
    pub(super) name: Option<Vec<u8>>,
    /// `SL`: where a symbolic link leads.
    pub(super) link: Option<String>,
    /// `CL`: the folder is elsewhere, in this sector.
    pub(super) child: Option<u32>,
    /// `RE`: a folder that belongs elsewhere.
    pub(super) moved_here: bool,
    /// `ZF`: compressed.
    pub(super) zisofs: bool,
    /// The last component of a link's target goes on in the next one.
    unfinished: bool,
}

impl RockRidge {
    pub(super) fn read(reader: &mut dyn Source, system_use: &[u8]) -> Result<RockRidge> {
        let mut ridge = RockRidge::default();
        let mut area = system_use.to_vec();
        for _ in 0..AREAS {
            match ridge.take(&area) {
                None => return Ok(ridge),
                Some(next) => {
                    reader.seek(SeekFrom::Start(next.at))?;
                    area = small(reader, next.length, SECTOR * 16, "an area of Rock Ridge")?;
                }
            }
        }
        broken("Rock Ridge's areas are in a circle")
    }

    /// Takes an area's entries, and tells where they go on (`CE`).
    fn take(&mut self, mut area: &[u8]) -> Option<super::Extent> {
        let mut next = None;
        while let Some([first, second, length, _version]) = area.first_chunk() {
            let Some((entry, rest)) = area.split_at_checked((*length).into()) else { break };
            let Some(data) = entry.get(4..) else { break };
            match [*first, *second] {
                [b'N', b'M'] => self.add_name(data),
                [b'S', b'L'] => self.add_link(data),
                [b'C', b'L'] => self.child = Some(le32(data, 0)),
                [b'R', b'E'] => self.moved_here = true,
                [b'Z', b'F'] => self.zisofs = true,
                [b'C', b'E'] => {
                    let at = u64::from(le32(data, 0)) * SECTOR + u64::from(le32(data, 8));
                    next = Some(super::Extent { at, length: le32(data, 16).into() });
                }
                [b'S', b'T'] => break,
                _ => {}
            }
            area = rest;
        }
        next
    }

    /// Flags, then a piece of the name. Names for `.` and `..` say so in the flags.
    fn add_name(&mut self, data: &[u8]) {
        let name = self.name.get_or_insert_default();
        if let Some((flags, piece)) = data.split_first()
            && flags & 6 == 0
            && name.len() < LONGEST
        {
            name.extend(piece);
        }
    }

    /// Flags, then components: each with flags, a length, and its bytes.
    fn add_link(&mut self, data: &[u8]) {
        let link = self.link.get_or_insert_default();
        let mut left = data.get(1..).unwrap_or_default();
        while let Some(([flags, length], rest)) = left.split_first_chunk() {
            let Some((piece, rest)) = rest.split_at_checked((*length).into()) else { return };
            if link.len() > LONGEST {
                return;
            }
            if !self.unfinished && !link.is_empty() && !link.ends_with('/') {
                link.push('/');
            }
            match flags & 0xe {
                2 => link.push('.'),
                4 => link.push_str(".."),
                8 => link.push('/'),
                _ => link.push_str(&String::from_utf8_lossy(piece)),
            }
            self.unfinished = flags & 1 != 0;
            left = rest;
        }
    }
}
