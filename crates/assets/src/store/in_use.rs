//! What the running processes use: a garbage collection takes none of it.
//!
//! Each process has a file of its own in `DIR/in-use` with a hash on each line, and holds a `flock` on it as long as it
//! lives; a file that nobody holds is left over. Whoever takes an object into use holds `DIR/gc.flock` shared from before
//! the object is looked for until its hash is written down, and a collection holds it alone.

use firstlight_model::Sha256;
use nix::fcntl::{Flock, FlockArg};
use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// This process's list.
#[derive(Debug)]
pub(super) struct InUse {
    dir: PathBuf,
    list: Mutex<Option<List>>,
}

#[derive(Debug)]
struct List {
    /// Held until the process ends, however it ends.
    file: Flock<File>,
    /// Removes it, where the process ends well.
    _path: tempfile::TempPath,
    hashes: BTreeSet<Sha256>,
}

impl InUse {
    pub(super) fn new(dir: &Path) -> InUse {
        InUse { dir: dir.to_owned(), list: Mutex::new(None) }
    }

    /// Takes an object into use where `there` says that it is there. A store that cannot be written to is read without a
    /// list: a collection cannot be run by this user either.
    pub(super) fn add(&self, hash: Sha256, there: impl FnOnce() -> bool) -> bool {
        let _shared = guard(&self.dir, GC, FlockArg::LockShared);
        if !there() {
            return false;
        }
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        if list.is_none() {
            *list = List::new(&self.dir).ok();
        }
        if let Some(list) = list.as_mut()
            && list.hashes.insert(hash)
        {
            let _ = writeln!(list.file, "{hash}").and_then(|()| list.file.flush());
        }
        true
    }

    /// Uses only these from now on.
    pub(super) fn replace(&self, hashes: BTreeSet<Sha256>) {
        let _shared = guard(&self.dir, GC, FlockArg::LockShared);
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(mut new) = List::new(&self.dir) else { return };
        let text: String = hashes.iter().map(|hash| format!("{hash}\n")).collect();
        if new.file.write_all(text.as_bytes()).and_then(|()| new.file.flush()).is_ok() {
            new.hashes = hashes;
            *list = Some(new);
        }
    }
}

impl List {
    fn new(dir: &Path) -> io::Result<List> {
        let name = format!("{}-", std::process::id());
        let (file, path) = tempfile::Builder::new().prefix(&name).tempfile_in(dir.join("in-use"))?.into_parts();
        let file = Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, error)| io::Error::from(error))?;
        Ok(List { file, _path: path, hashes: BTreeSet::new() })
    }
}

/// The file that a collection holds.
pub(super) const GC: &str = "gc.flock";

/// Holds a file in the store's folder that is there for that.
pub(super) fn guard(dir: &Path, name: &str, how: FlockArg) -> io::Result<Flock<File>> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(dir.join(name))?;
    Flock::lock(file, how).map_err(|(_, error)| error.into())
}

/// What all running processes use. Lists that nobody holds are removed.
pub(super) fn all(dir: &Path) -> io::Result<BTreeSet<Sha256>> {
    let mut used = BTreeSet::new();
    for entry in fs::read_dir(dir.join("in-use"))? {
        let path = entry?.path();
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(_nobodys) => fs::remove_file(&path).or(Ok::<(), io::Error>(()))?,
            Err(_) => used.extend(fs::read_to_string(&path)?.lines().filter_map(|line| line.parse::<Sha256>().ok())),
        }
    }
    Ok(used)
}
