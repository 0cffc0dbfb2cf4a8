//! `firstlight.lock` on disk: written whole, never torn.
//!
//! It lies in the site's folder. A server may not write there; what it was first to use goes into a file of the same kind in
//! its store, and counts as long as the site's own has no entry for it. `firstlight assets pull` brings it over.

use crate::{Error, Store, store::write_whole};
use firstlight_site::{LOCK_FILE, Lock, Moved, Site, parse_lock};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// A site's lock, with the entries of the store's own that it lacks.
pub(crate) fn with_own(store: &Store, site: &Lock) -> Result<Lock, Error> {
    let mut lock = read(&own(store))?;
    lock.assets.extend(site.assets.clone());
    lock.os.extend(site.os.clone());
    Ok(lock)
}

/// The same, as far as the entries count for the site's assets as they are now.
pub(crate) fn that_counts(store: &Store, site: &Site) -> Result<Lock, Error> {
    let (own, mut lock) = (read(&own(store))?, site.lock.clone());
    for asset in site.assets.values() {
        if let (None, Some(locked)) = (site.lock.asset(asset), own.asset(asset)) {
            lock.assets.insert(asset.name.clone(), locked.clone());
        }
    }
    Ok(lock)
}

fn own(store: &Store) -> PathBuf {
    store.folder().join(LOCK_FILE)
}

/// A lock file; empty where there is none.
fn read(path: &Path) -> Result<Lock, Error> {
    match fs::read_to_string(path) {
        Ok(text) => parse_lock(&text).map_err(|why| Error::Lock { path: path.to_owned(), why: why.to_string() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Lock::default()),
        Err(error) => Err(Error::of(path)(error)),
    }
}

/// What was written to a lock file.
#[derive(Debug, Default)]
pub struct Written {
    /// The changes.
    pub moved: Vec<Moved>,
    /// Which file; `None` where they were in it already.
    pub file: Option<PathBuf>,
}

/// Makes changes to the lock as it is on disk now. What others have written meanwhile stays.
pub(crate) fn write(root: &Path, store: &Store, moved: Vec<Moved>) -> Result<Written, Error> {
    if moved.is_empty() {
        return Ok(Written::default());
    }
    let _alone = store.alone().map_err(Error::of(store.folder()))?;
    let mut file = root.join(LOCK_FILE);
    let changed = match write_to(&file, &moved) {
        Err(Error::File { source, .. }) if cannot_write(&source) => {
            file = own(store);
            write_to(&file, &moved)?
        }
        other => other?,
    };
    Ok(Written { moved, file: changed.then_some(file) })
}

fn cannot_write(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}

/// True where there was anything to change.
fn write_to(path: &Path, moved: &[Moved]) -> Result<bool, Error> {
    let mut lock = read(path)?;
    let before = lock.clone();
    moved.iter().cloned().for_each(|moved| lock.change(moved));
    if lock == before {
        return Ok(false);
    }
    write_whole(path, &lock.to_string()).map_err(Error::of(path))?;
    keep_owner(path);
    Ok(true)
}

/// A file that root writes into somebody's folder is theirs. Where that cannot be, it is root's.
fn keep_owner(path: &Path) {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o644));
    if let Some(folder) = path.parent().and_then(|folder| fs::metadata(folder).ok()) {
        let _ = std::os::unix::fs::chown(path, Some(folder.uid()), Some(folder.gid()));
    }
}
