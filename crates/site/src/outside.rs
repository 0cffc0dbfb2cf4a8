//! What a site may ask of the world outside its text: referenced files and environment variables.

use crate::{Entry, Unreadable, files::read_folder};
use std::{
    collections::BTreeMap,
    io::{self, Read},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// The world outside the text. [`Disk`] is the real one, [`Memory`] the one that tests and previews make.
pub trait Outside: Sync {
    /// The text of a file. Fails when it does not exist, cannot be read or is not UTF-8.
    fn read(&self, path: &Path) -> io::Result<String>;
    /// The content of a file that may be kept from others, and whether it is. Fails as `read` does.
    fn kept(&self, path: &Path) -> io::Result<Kept>;
    /// True where a readable regular file lies.
    fn is_file(&self, path: &Path) -> bool;
    /// The names in a folder, for suggestions; empty where there is none.
    fn names(&self, folder: &Path) -> Vec<String>;
    /// An environment variable.
    fn env(&self, name: &str) -> Option<String>;
    /// Everything below a folder, by path; `None` where there is no such folder.
    ///
    /// # Errors
    /// What in it cannot be read, or is too much.
    fn folder(&self, folder: &Path) -> Result<Option<BTreeMap<String, Entry>>, Unreadable>;
}

/// The content of a secret's file.
#[derive(Clone)]
pub struct Kept {
    /// The content.
    pub bytes: Vec<u8>,
    /// Whether every user of the computer can read it.
    pub open_to_all: bool,
}

/// The longest secret's file, in bytes.
const KEPT_LIMIT: u64 = 1 << 20;

/// The real files and the real environment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

impl Outside for Disk {
    fn read(&self, path: &Path) -> io::Result<String> {
        std::fs::read_to_string(path)
    }

    fn kept(&self, path: &Path) -> io::Result<Kept> {
        let file = std::fs::File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.len() > KEPT_LIMIT {
            return Err(io::Error::other(format!("it is larger than {} MiB", KEPT_LIMIT >> 20)));
        }
        let mut bytes = Vec::new();
        file.take(KEPT_LIMIT).read_to_end(&mut bytes)?;
        Ok(Kept { bytes, open_to_all: metadata.permissions().mode() & 0o004 != 0 })
    }

    fn is_file(&self, path: &Path) -> bool {
        path.is_file()
    }

    fn names(&self, folder: &Path) -> Vec<String> {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries.filter_map(|e| e.file_name().into_string().ok()).take(1000).collect();
        names.sort();
        names
    }

    fn env(&self, name: &str) -> Option<String> {
        // `std::env::var` panics on such names on some systems.
        if name.is_empty() || name.contains(['=', '\0']) {
            return None;
        }
        std::env::var(name).ok()
    }

    fn folder(&self, folder: &Path) -> Result<Option<BTreeMap<String, Entry>>, Unreadable> {
        if folder.is_dir() { read_folder(folder).map(Some) } else { Ok(None) }
    }
}

/// Files and variables that exist only in memory.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// Files by path; a relative path is relative to the site's folder as the site names it.
    pub files: BTreeMap<PathBuf, String>,
    /// Environment variables.
    pub env: BTreeMap<String, String>,
}

impl Outside for Memory {
    fn read(&self, path: &Path) -> io::Result<String> {
        self.files.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn kept(&self, path: &Path) -> io::Result<Kept> {
        Ok(Kept { bytes: self.read(path)?.into_bytes(), open_to_all: false })
    }

    fn is_file(&self, path: &Path) -> bool {
        self.files.contains_key(path)
    }

    fn names(&self, folder: &Path) -> Vec<String> {
        let in_folder = self.files.keys().filter(|path| path.parent() == Some(folder));
        in_folder.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect()
    }

    fn env(&self, name: &str) -> Option<String> {
        self.env.get(name).cloned()
    }

    fn folder(&self, folder: &Path) -> Result<Option<BTreeMap<String, Entry>>, Unreadable> {
        let mut entries = BTreeMap::new();
        for (path, text) in &self.files {
            let Some(below) = path.strip_prefix(folder).ok().and_then(Path::to_str) else { continue };
            for (at, _) in below.match_indices('/') {
                entries.insert(below[..at].to_owned(), Entry::Folder);
            }
            entries.insert(below.to_owned(), Entry::File { bytes: text.clone().into(), executable: false });
        }
        Ok((!entries.is_empty()).then_some(entries))
    }
}
