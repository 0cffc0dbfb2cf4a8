//! What can be wrong with blocks that are what their CIDs say: whoever made them made them so.

use crate::{
    cid::{Cid, Codec},
    dag_pb::NodeError,
    hamt::ShardError,
    unixfs::DataError,
};

/// Why a file cannot be read, and which block says so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("block {cid} {wrong}")]
pub struct WalkError {
    /// The block.
    pub cid: Cid,
    /// What is wrong with it. A sentence that begins with a verb.
    pub wrong: Wrong,
}

/// What is wrong with a block.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// It is neither raw nor dag-pb.
    #[error("is {0}: files are made of raw and dag-pb")]
    Codec(Codec),
    /// It cannot be read as a node of UnixFS.
    #[error("is no node of a file or directory: {0}")]
    Node(String),
    /// A part of a directory with very many entries cannot be read.
    #[error("is no part of a sharded directory: {0}")]
    Shard(String),
    /// The path ends at a directory.
    #[error("is a directory, and a file is wanted: add the name of one to the path{0}")]
    Directory(Names),
    /// The path leads through something that has no entries.
    #[error("is not a directory, and the path goes on with {0:?}")]
    NotDirectory(String),
    /// A directory does not have a name.
    #[error("is a directory without {name:?}{names}")]
    Absent {
        /// What was looked for.
        name: String,
        /// What there is instead.
        names: Names,
    },
    /// A symbolic link, on the path or at its end.
    #[error("is a symbolic link to {0:?}, and links are not followed: give the path of the file itself")]
    Symlink(String),
    /// UnixFS's type Metadata, and a directory inside a file.
    #[error("is {0}, where a file or a part of one is wanted")]
    Kind(&'static str),
    /// It does not have the length that is declared for it, by itself or by the block that links it.
    #[error("declares {declared} bytes, and has {actual}")]
    Size {
        /// What is said of it.
        declared: u64,
        /// What it is.
        actual: u64,
    },
    /// Not each of its parts has a declared length.
    #[error("has {links} parts, and declares the lengths of {sizes}")]
    Parts {
        /// How many parts.
        links: usize,
        /// How many lengths.
        sizes: usize,
    },
    /// Parts without bytes could be repeated for ever.
    #[error("has a part of 0 bytes")]
    EmptyPart,
    /// It has more parts than are kept in mind.
    #[error("has {0} parts, more than the 16384 that are taken")]
    Wide(usize),
    /// It is more than the bound of levels below the file's root.
    #[error("is more than 32 levels below the root of its file")]
    Deep,
    /// The lengths of its parts are more than a number of 64 bits.
    #[error("declares more bytes than there can be")]
    Overflow,
}

/// Some entries of a directory, for an error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    some: Vec<String>,
    more: usize,
}

/// How many entries an error names.
const SHOWN: usize = 8;

impl Names {
    pub(crate) fn of<'a>(names: impl ExactSizeIterator<Item = &'a [u8]>) -> Names {
        let more = names.len().saturating_sub(SHOWN);
        let text = |name: &[u8]| String::from_utf8_lossy(name.get(..80).unwrap_or(name)).escape_debug().to_string();
        Names { some: names.take(SHOWN).map(text).collect(), more }
    }
}

impl std::fmt::Display for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.some.is_empty(), self.more) {
            (true, _) => Ok(()),
            (false, 0) => write!(f, " (there are: {})", self.some.join(", ")),
            (false, more) => write!(f, " (there are: {}, and {more} more)", self.some.join(", ")),
        }
    }
}

impl From<NodeError> for Wrong {
    fn from(error: NodeError) -> Wrong {
        Wrong::Node(error.to_string())
    }
}

impl From<DataError> for Wrong {
    fn from(error: DataError) -> Wrong {
        Wrong::Node(error.to_string())
    }
}

impl From<ShardError> for Wrong {
    fn from(error: ShardError) -> Wrong {
        Wrong::Shard(error.to_string())
    }
}
