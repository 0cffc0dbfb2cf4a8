//! Other keys of objects: a SHA-512, a CID, a place in an archive. Each is a small file that holds a SHA-256; it was
//! written once what it says had been verified, and the object itself is verified again by its own hash.

use super::{Store, write_whole};
use crate::Error;
use firstlight_model::Sha256;
use std::{fs, path::PathBuf};

impl Store {
    fn alias_path(&self, kind: &str, name: &str) -> PathBuf {
        self.dir.join("by").join(kind).join(name)
    }

    /// The object that is known by this other key. `kind` and `name` are hex, letters, digits and `-`.
    pub fn alias(&self, kind: &str, name: &str) -> Option<Sha256> {
        fs::read_to_string(self.alias_path(kind, name)).ok()?.trim().parse().ok()
    }

    /// Keeps another key of an object.
    pub(crate) fn set_alias(&self, kind: &str, name: &str, hash: Sha256) -> Result<(), Error> {
        let path = self.alias_path(kind, name);
        let folder = path.parent().unwrap_or(&self.dir);
        fs::create_dir_all(folder).map_err(Error::of(folder))?;
        write_whole(&path, &format!("{hash}\n")).map_err(Error::of(&path))
    }
}
