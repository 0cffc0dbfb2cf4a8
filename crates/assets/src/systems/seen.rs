//! What the last look at the listings has found, kept in the store for `firstlight assets list`: a line for each system, its
//! name and the newest version.

use super::Newer;
use crate::{Error, Store, store::write_whole};
use std::{collections::BTreeMap, fs, path::PathBuf};

fn file(store: &Store) -> PathBuf {
    store.folder().join("newest")
}

/// Keeps what was found. A listing that could not be asked leaves what was known before.
///
/// # Errors
/// The store cannot be written to.
pub fn keep(store: &Store, found: &[Newer]) -> Result<(), Error> {
    let mut all = kept(store);
    for one in found {
        if let Ok(newest) = &one.newest {
            all.insert(one.system.clone(), newest.clone());
        }
    }
    let text: String = all.iter().map(|(system, newest)| format!("{system} {newest}\n")).collect();
    let file = file(store);
    write_whole(&file, &text).map_err(Error::of(&file))
}

/// The newest version of each system, as far as somebody has looked.
pub fn kept(store: &Store) -> BTreeMap<String, String> {
    let text = fs::read_to_string(file(store)).unwrap_or_default();
    let line = |line: &str| line.split_once(' ').map(|(system, newest)| (system.to_owned(), newest.to_owned()));
    text.lines().filter_map(line).collect()
}
