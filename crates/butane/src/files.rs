//! The files that a config may embed, wherever they come from: a folder on disk, or what a server has read before.
//!
//! A config names them by a path beneath the files directory, with `/` between its parts. An absolute path counts from
//! that directory too; one that leads out of it by `..` is refused before anything is read.

use std::io;

/// Where local files come from. [`beneath`] makes the paths that these methods are given into plain ones.
pub trait Files {
    /// A file's content.
    ///
    /// # Errors
    /// It cannot be read, or lies outside.
    fn read(&self, local: &str) -> Result<Vec<u8>, FilesError>;

    /// Everything in a folder, in lexical order, what contains before what is contained; the folder itself first, with
    /// an empty path.
    ///
    /// # Errors
    /// It cannot be read, is no folder, or lies outside.
    fn walk(&self, local: &str) -> Result<Vec<TreeEntry>, FilesError>;
}

/// What lies in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    /// The path from the folder, with `/` between its parts.
    pub path: String,
    /// What it is.
    pub kind: TreeKind,
}

/// What an entry of a folder is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TreeKind {
    /// A folder; what it contains follows.
    Directory,
    /// A file; [`Files::read`] has its content.
    File {
        /// Whether anyone may execute it.
        executable: bool,
    },
    /// A symbolic link, which is kept as one and never followed.
    Link {
        /// What it says.
        target: String,
    },
    /// A socket, a device: nothing that a config can carry.
    Other,
}

/// Why a local file cannot be had. The texts are the reference's where it has one.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// There is no files directory.
    #[error("local file paths are relative to a files directory that must be specified with -d/--files-dir")]
    NoFilesDir,
    /// The path leads out of the files directory by `..`.
    #[error("local file path traverses outside the files directory")]
    Outside,
    /// The path leads out of the files directory by a symbolic link.
    #[error("open {0}: a symbolic link leads outside the files directory")]
    LinkOutside(String),
    /// A tree's root is no folder.
    #[error("root of tree must be a directory")]
    NotADirectory,
    /// A device, a pipe, a socket.
    #[error("open {0}: this is no regular file")]
    NotAFile(String),
    /// The system refuses.
    #[error("{operation} {path}: {}", plain(.error))]
    Io {
        /// What was tried: `open`, `read`, `stat`.
        operation: &'static str,
        /// With what.
        path: String,
        /// What the system says.
        error: io::Error,
    },
}

/// No files directory: every local file is an error that says how to name one.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &str) -> Result<Vec<u8>, FilesError> {
        Err(FilesError::NoFilesDir)
    }

    fn walk(&self, _: &str) -> Result<Vec<TreeEntry>, FilesError> {
        Err(FilesError::NoFilesDir)
    }
}

/// A local path without `.`, `..`, doubled or leading `/`; empty for the files directory itself.
///
/// # Errors
/// [`FilesError::Outside`], if it leads out by `..`.
pub fn beneath(local: &str) -> Result<String, FilesError> {
    let mut parts: Vec<&str> = Vec::new();
    for part in local.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop().ok_or(FilesError::Outside)?;
            }
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

/// The system's words as Go writes them: small, and without the number.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error ").next().unwrap_or_default();
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_made_plain_and_stay_inside() {
        let plain = |local| beneath(local).ok();
        assert_eq!(plain("a/./b//c").as_deref(), Some("a/b/c"));
        assert_eq!(plain("/etc/passwd").as_deref(), Some("etc/passwd"));
        assert_eq!(plain("a/../b").as_deref(), Some("b"));
        assert_eq!(plain("").as_deref(), Some(""));
        for outside in ["..", "../files-2/x", "a/../../b", "/.."] {
            assert_eq!(plain(outside), None, "{outside}");
        }
    }

    #[test]
    fn an_error_of_the_system_reads_as_gos() {
        let error = FilesError::Io {
            operation: "open",
            path: "files/hello".to_owned(),
            error: io::Error::from_raw_os_error(nix::libc::ENOENT),
        };
        assert_eq!(error.to_string(), "open files/hello: no such file or directory");
    }
}
