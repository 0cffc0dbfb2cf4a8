//! What a site may ask of the world outside its text: referenced files and environment variables.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

/// The world outside the text. [`Disk`] is the real one, [`Memory`] the one that tests and previews make.
pub trait Outside: Sync {
    /// The text of a file. Fails when it does not exist, cannot be read or is not UTF-8.
    fn read(&self, path: &Path) -> io::Result<String>;
    /// True where a readable regular file lies.
    fn is_file(&self, path: &Path) -> bool;
    /// The names in a folder, for suggestions; empty where there is none.
    fn names(&self, folder: &Path) -> Vec<String>;
    /// An environment variable.
    fn env(&self, name: &str) -> Option<String>;
}

/// The real files and the real environment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

impl Outside for Disk {
    fn read(&self, path: &Path) -> io::Result<String> {
        std::fs::read_to_string(path)
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
}
