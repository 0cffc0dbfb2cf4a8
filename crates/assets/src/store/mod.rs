//! The content-addressed store: a folder of files named by their SHA-256.
//!
//! ```text
//! DIR/sha256/ab/abcdef…    verified content
//! DIR/incoming/KEY.part    being written, kept for resuming; KEY.from says where from
//! DIR/bad/abcdef…          what came instead of something else, kept for a look; abcdef….txt says what was expected
//! DIR/by/KIND/NAME         the SHA-256 of what has another key: a SHA-512, a CID, a place in an archive
//! DIR/in-use/…             what each running process uses, for the garbage collection
//! DIR/lock.flock           held while firstlight.lock is changed
//! DIR/gc.flock             held by a garbage collection, and shared by who takes an object into use
//! ```
//!
//! Content is written aside, hashed as it arrives, made durable (fsync), renamed into place and the folder made
//! durable too: after a crash an object is there whole or not at all. There is one writer for each object: in a process
//! the flights of `crate::fetch` see to it, between processes a `flock` on the part.

mod alias;
mod bad;
mod check;
mod gc;
mod in_use;
mod part;

use crate::{Error, Known};
use firstlight_boot::Content;
use firstlight_model::Sha256;
use in_use::InUse;
use nix::fcntl::FlockArg;
use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

pub use check::Checked;
pub use gc::{Collected, Leftover};
pub(crate) use part::{Origin, Part, Write};

/// A content-addressed store in a folder. Clones are the same store.
#[derive(Debug, Clone)]
pub struct Store {
    dir: PathBuf,
    in_use: Arc<InUse>,
}

impl Store {
    /// Opens the store, making its folders.
    pub fn open(dir: &Path) -> Result<Store, Error> {
        for folder in ["incoming", "sha256", "bad", "by", "in-use"].map(|name| dir.join(name)) {
            fs::create_dir_all(&folder).map_err(Error::of(&folder))?;
        }
        Ok(Store::at(dir))
    }

    /// The store in this folder, to look at what is in it. Nothing is made; it need not be there.
    pub fn at(dir: &Path) -> Store {
        Store { dir: dir.to_owned(), in_use: Arc::new(InUse::new(dir)) }
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.dir
    }

    /// Held while a lock file is changed, so that no process undoes what another writes.
    pub(crate) fn alone(&self) -> io::Result<impl Sized> {
        in_use::guard(&self.dir, "lock.flock", FlockArg::LockExclusive)
    }

    fn path_of(&self, hash: Sha256) -> PathBuf {
        let name = hash.to_string();
        self.dir.join("sha256").join(&name[..2]).join(name)
    }

    /// The size of the object with this hash, where it is here. It is not read.
    pub fn size_of(&self, hash: Sha256) -> Option<u64> {
        fs::metadata(self.path_of(hash)).ok().filter(fs::Metadata::is_file).map(|found| found.len())
    }

    /// The object with this hash, when it is here and still has it. One that has gone bad on disk is moved aside. What
    /// is found is in use until this process ends.
    pub fn find(&self, hash: Sha256, known: &Known) -> Option<Content> {
        let path = self.path_of(hash);
        self.in_use.add(hash, || path.exists()).then_some(())?;
        match known.verify(&path, Some(hash)) {
            Ok(content) => Some(content),
            Err(Error::Mismatch(mismatch)) => {
                let note = format!("This was the object {hash} of the store, and its bytes have changed on disk.\n");
                self.set_aside(&path, &mismatch.got, &note);
                None
            }
            Err(_) => None,
        }
    }

    /// Makes a finished part the object that it is. The part is durable, and its hash is `hash`.
    pub(crate) fn adopt(&self, part: Part, hash: Sha256) -> Result<Content, Error> {
        let path = self.path_of(hash);
        let failed = |error: io::Error| Error::of(&path)(error);
        let folder = path.parent().unwrap_or(&self.dir).to_owned();
        fs::create_dir_all(&folder).map_err(failed)?;
        let mut renamed = Ok(());
        self.in_use.add(hash, || {
            renamed = part.become_file(&path);
            renamed.is_ok()
        });
        renamed.map_err(failed)?;
        File::open(&folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
        let found = fs::metadata(&path).map_err(failed)?;
        let modified = found.modified().map_err(failed)?;
        Ok(Content::File { path: path.clone(), size: found.len(), sha256: hash, modified })
    }

    /// From now on this process uses only these objects.
    pub fn uses_only<'c>(&self, contents: impl IntoIterator<Item = &'c Content>) {
        let hashes = contents.into_iter().filter_map(|content| match content {
            Content::File { sha256, .. } => Some(*sha256),
            Content::Bytes(_) => None,
        });
        self.in_use.replace(hashes.collect());
    }
}

/// Writes a small file whole: aside, durable, renamed into place.
pub(crate) fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    use std::io::Write as _;
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests;
