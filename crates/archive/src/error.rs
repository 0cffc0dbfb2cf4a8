//! What can be wrong with an archive.

use std::io;

/// The crate's result.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a member could not be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The archive could not be read.
    #[error("the archive cannot be read: {0}")]
    Read(io::Error),
    /// What was to be written could not be.
    #[error("the member cannot be written: {0}")]
    Write(io::Error),
    /// None of the kinds that are read here.
    #[error("this is no archive that Firstlight reads (tar, deb, rpm, cpio, zip or ISO 9660): {why}")]
    Unknown {
        /// What it looks like instead.
        why: &'static str,
    },
    /// It does not hold to its own format.
    #[error("the archive is broken: {why}")]
    Broken {
        /// Where it does not.
        why: String,
    },
    /// More than the limits allow.
    #[error("the archive has more than {limit} {what}, which is more than is unpacked here")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much was allowed.
        limit: u64,
    },
    /// No member of that path.
    #[error("no member `{path}`{}", hint(near, *members))]
    NoMember {
        /// The path, or where a link led to.
        path: String,
        /// Paths that may have been meant.
        near: Vec<String>,
        /// How many members there are.
        members: usize,
    },
    /// A link that leads to nothing.
    #[error("`{path}` is a link that leads to `{target}`, which is not in the archive")]
    Dangling {
        /// The path asked for.
        path: String,
        /// Where it ended.
        target: String,
    },
    /// Links that lead round in a circle, or through too many others.
    #[error("`{path}` leads through more than {} links", crate::find::HOPS)]
    Links {
        /// The path asked for.
        path: String,
    },
    /// A member without content of its own.
    #[error("`{path}` is not a file: it is {what}")]
    NotFile {
        /// The member.
        path: String,
        /// What it is.
        what: &'static str,
    },
}

fn hint(near: &[String], members: usize) -> String {
    match near {
        [] => format!(" among the archive's {members} members"),
        near => format!("; near: {}", near.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ")),
    }
}

/// Says through an I/O error that the budget is spent.
#[derive(Debug, thiserror::Error)]
#[error("more than {limit} bytes when unpacked")]
pub(crate) struct Spent {
    pub(crate) limit: u64,
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Error {
        if let Some(Spent { limit }) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
            return Error::TooLarge { what: "bytes when unpacked", limit: *limit };
        }
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Error::Broken { why: "it is cut off".into() },
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => Error::Broken { why: error.to_string() },
            _ => Error::Read(error),
        }
    }
}

/// Something that the format does not allow.
pub(crate) fn broken<T>(why: impl Into<String>) -> Result<T> {
    Err(Error::Broken { why: why.into() })
}
