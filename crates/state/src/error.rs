//! Why the state on disk cannot be used, with the next step.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Why the state on disk cannot be used. Each text ends with what to do where that is not plain.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried: `open`, `write`.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another server holds the folder.
    #[error("the state folder {} is in use by process {pid}; stop that one first, or give this one a folder of its own", path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
        /// Who holds it, as its lock file says.
        pid: String,
    },
    /// Written by a newer program.
    #[error("{} has schema {found}, and this firstlight reads up to {known}; use the newer firstlight that wrote it", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: u32,
        /// The newest that is known here.
        known: u32,
    },
    /// Neither what was written nor a torn end.
    #[error(
        "{}:{line} is damaged ({why}). Restore the folder from a backup. {remedy}",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: u64,
        /// What is wrong with it.
        why: String,
        /// What else can be done.
        remedy: &'static str,
    },
}

impl StateError {
    /// Wraps what the system said with what was tried and where.
    pub(crate) fn io<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> StateError + 'a {
        move |source| StateError::Io { action, path: path.to_owned(), source }
    }

    /// True for a file that is not there: a reader that races with compaction looks again.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(self, StateError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}
