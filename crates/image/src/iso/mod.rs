//! A small volume of files for a machine's drive: ISO 9660 (ECMA-119) with the names as they are in Rock Ridge (RRIP 1.09,
//! for Unix) and in Joliet (for Windows). cloud-init's seed is one.
//!
//! Written only, never read. One folder, the root; no boot record. Everything is dated 1970, and belongs to root: what a
//! volume holds decides its bytes.
//!
//! ```text
//! sector  0   left to the system     19, 20   the path table: little, big endian
//!        16   primary descriptor     21, 22   Joliet's
//!        17   Joliet's descriptor    23 …     the root folder, then Joliet's
//!        18   the end of them         …       where Rock Ridge says what it is, then the files
//! ```

mod bytes;
mod descriptor;
mod folder;

use crate::{Error, Result};
use bytes::{Bytes, SECTOR};
use folder::{Dialect, Folder};
use std::collections::BTreeMap;

/// The longest label: 16 characters, as many as Joliet holds.
const LABEL: usize = 16;
/// The longest name that Joliet and a Rock Ridge entry hold.
const NAME: usize = 64;

/// A volume being put together.
#[derive(Debug, Clone)]
pub struct Volume {
    label: String,
    files: BTreeMap<String, Vec<u8>>,
}

/// Where everything comes to lie, in sectors.
struct Layout {
    primary: Extent,
    joliet: Extent,
    /// What Rock Ridge says of itself did not fit into the root folder's own record.
    continuation: u32,
    files: Vec<Extent>,
    end: u32,
}

/// A run of sectors, and how many bytes of it are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Extent {
    sector: u32,
    length: u32,
}

const PATH_TABLES: u32 = 19;
const FIRST_FOLDER: u32 = 23;

impl Volume {
    /// An empty volume with this label: letters, digits, `-` and `_`, at most 16 of them.
    ///
    /// # Errors
    /// Another label.
    pub fn new(label: &str) -> Result<Volume> {
        let wrong = |why| Error::Name { name: label.to_owned(), why };
        if label.is_empty() || label.len() > LABEL {
            return Err(wrong("a volume's label has 1 to 16 characters"));
        }
        if !label.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) {
            return Err(wrong("a volume's label has letters, digits, - and _ only"));
        }
        Ok(Volume { label: label.to_owned(), files: BTreeMap::new() })
    }

    /// Puts a file into it. One of the same name is replaced.
    ///
    /// # Errors
    /// A name that one of the dialects cannot hold; a file of 4 GiB or more.
    pub fn insert(&mut self, name: &str, content: Vec<u8>) -> Result<()> {
        let wrong = |why| Error::Name { name: name.to_owned(), why };
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if name.is_empty() || name.len() > NAME || !name.chars().all(plain) || name.starts_with('.') {
            return Err(wrong("a file here has 1 to 64 letters, digits, -, _ and ., and no . first"));
        }
        if u32::try_from(content.len()).is_err() {
            return Err(Error::TooLarge(name.to_owned()));
        }
        self.files.insert(name.to_owned(), content);
        Ok(())
    }

    /// The volume's bytes.
    ///
    /// # Errors
    /// More than the format can count: 2³² sectors.
    pub fn build(&self) -> Result<Vec<u8>> {
        let layout = self.layout()?;
        let mut volume = Bytes::default();
        volume.pad_to(16 * SECTOR);
        volume.extend(&descriptor::primary(&self.label, &layout));
        volume.extend(&descriptor::joliet(&self.label, &layout));
        volume.extend(&descriptor::end());
        for root in [layout.primary, layout.joliet] {
            volume.extend(&descriptor::path_table(root, u32::to_le_bytes, u16::to_le_bytes));
            volume.extend(&descriptor::path_table(root, u32::to_be_bytes, u16::to_be_bytes));
        }
        for dialect in [Dialect::RockRidge, Dialect::Joliet] {
            volume.extend(&self.folder(dialect).write(&layout));
        }
        volume.extend(&folder::what_rock_ridge_is());
        for (content, extent) in self.files.values().zip(&layout.files) {
            volume.pad_to(extent.sector as usize * SECTOR);
            volume.extend(content);
        }
        volume.pad_to(layout.end as usize * SECTOR);
        Ok(volume.0)
    }

    fn folder(&self, dialect: Dialect) -> Folder<'_> {
        Folder { dialect, names: self.files.keys().map(String::as_str).collect() }
    }

    fn layout(&self) -> Result<Layout> {
        let mut next = Some(FIRST_FOLDER);
        let mut place = |length: usize| {
            let (length, sector) = (u32::try_from(length).ok()?, next?);
            next = sector.checked_add(length.div_ceil(SECTOR as u32));
            Some(Extent { sector, length })
        };
        let mut all = || {
            let primary = place(self.folder(Dialect::RockRidge).length())?;
            let joliet = place(self.folder(Dialect::Joliet).length())?;
            let continuation = place(SECTOR)?.sector;
            let files = self.files.values().map(|content| place(content.len())).collect::<Option<Vec<_>>>()?;
            // An empty file has no sector of its own; the volume has one behind the last file all the same.
            let end = place(SECTOR)?.sector.checked_add(1)?;
            Some(Layout { primary, joliet, continuation, files, end })
        };
        all().ok_or_else(|| Error::TooLarge(self.label.clone()))
    }
}

#[cfg(test)]
mod tests;
