//! Why an asset cannot be served.

use crate::sources::{SourceError, shown};
use firstlight_model::ByteSize;
use firstlight_site::{Asset, Place};
use std::{io, path::PathBuf, sync::Arc};

/// Why an asset cannot be served.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// The disk is full, or would be.
    #[error("no room in {folder}: {}{} free", needed.map(|needed| format!("{} are needed, ", ByteSize(needed))).unwrap_or_default(), ByteSize(*free))]
    NoRoom {
        /// The store's folder.
        folder: PathBuf,
        /// How many bytes are still to come, where that is known.
        needed: Option<u64>,
        /// How many bytes are free there.
        free: u64,
    },
    /// None of the sources gave the bytes.
    #[error("{}", said(.0))]
    Sources(Arc<Vec<(String, SourceError)>>),
    /// The bytes are not the ones that they must be.
    #[error(transparent)]
    Mismatch(Box<Mismatch>),
    /// Nothing says what the bytes must be, and nothing may be added to the lock.
    #[error("firstlight.lock has no entry for it, and with --locked none is made: `firstlight assets pull` makes it")]
    NotLocked,
    /// It is a file of this system, of which the version, or what the maker states of it, is not in the lock.
    #[error(
        "firstlight.lock does not say which version of `{0}` this is, or what its hash is: `firstlight assets pull` finds out"
    )]
    Later(String),
    /// A listing of a system's versions that says nothing.
    #[error("which version of `{system}` is the newest: {why}")]
    Listing {
        /// The system's name.
        system: String,
        /// What is wrong.
        why: String,
    },
    /// A list of hashes that does not say what it should, or that nobody may believe.
    #[error("{url}: {why}")]
    Sums {
        /// The list's URL, or that of the file that it should name.
        url: String,
        /// What is wrong.
        why: String,
    },
    /// A signature that does not hold, or cannot be checked.
    #[error("its signature: {0}")]
    Signature(String),
    /// A file inside an archive.
    #[error("{path} in {archive}: {why}")]
    Member {
        /// The archive, by the asset's name or the file's path.
        archive: String,
        /// The member's path.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// An archive that cannot be had itself.
    #[error("the asset `{archive}` that it is in: {error}")]
    Archive {
        /// The asset's name.
        archive: String,
        /// Why.
        error: Box<Error>,
    },
    /// A bundle that cannot be made or read.
    #[error("the bundle: {0}")]
    Bundle(String),
    /// The lock file has mistakes, or cannot be written.
    #[error("{path}: {why}")]
    Lock {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

impl Error {
    /// For `map_err`: what the system said of a path.
    pub(crate) fn of(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Error {
        let path = path.into();
        |source| Error::File { path, source: Arc::new(source) }
    }
}

/// Bytes that are not what they must be: a local file's, or those of the only source.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{what} is not what {by} pins: expected {kind} {expected}, got {got}{}", kept.as_ref().map(|path| format!("; the bytes are kept in {}", path.display())).unwrap_or_default())]
pub struct Mismatch {
    /// The file or URL.
    pub what: String,
    /// Who says what it should be: `the site`, `firstlight.lock`, `the signed list`.
    pub by: &'static str,
    /// `sha256` or `sha512`.
    pub kind: &'static str,
    /// What it should have been.
    pub expected: String,
    /// The hash of what was found.
    pub got: String,
    /// Where the bad bytes were put for a look, when they were fetched.
    pub kept: Option<PathBuf>,
}

impl From<Mismatch> for Error {
    fn from(mismatch: Mismatch) -> Error {
        Error::Mismatch(Box::new(mismatch))
    }
}

/// Each source with what was wrong with it last.
fn said(tried: &[(String, SourceError)]) -> String {
    let one = |(url, error): &(String, SourceError)| format!("{}: {error}", shown(url));
    tried.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// An asset or loader that cannot be served.
#[derive(Debug)]
pub struct Missing {
    /// Its name.
    pub name: String,
    /// Where the site names it; `None` for a usual loader.
    pub place: Option<Place>,
    /// Why.
    pub error: Error,
}

impl Missing {
    /// An asset whose signature cannot be checked.
    pub(crate) fn because(asset: &Asset, place: Place, why: String) -> Missing {
        Missing { name: asset.name.clone(), place: Some(place), error: Error::Signature(why) }
    }
}
