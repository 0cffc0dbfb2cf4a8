//! What a node means as a file or directory: <https://specs.ipfs.tech/unixfs/>, the message `Data`.

use crate::protobuf::{Fields, Malformed, Value, packed};

/// Which kind of thing a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A part of a file, from before there were raw blocks.
    Raw,
    Directory,
    File,
    /// Not in use.
    Metadata,
    Symlink,
    /// A part of a directory with very many entries.
    Shard,
}

/// The data of a node. Mode and time of change are not read: what is served has neither.
#[derive(Debug)]
pub(crate) struct Data<'a> {
    pub(crate) kind: Kind,
    /// Of a file its first bytes, of a symlink its target, of a shard which of its slots are filled.
    pub(crate) bytes: &'a [u8],
    /// How long the file is, with all its parts.
    pub(crate) size: Option<u64>,
    /// How long each part is that is linked.
    pub(crate) parts: Vec<u64>,
    /// The hash function of a shard.
    pub(crate) hash: Option<u64>,
    /// How many slots a shard has.
    pub(crate) fanout: Option<u64>,
}

/// Why the data of a node is not UnixFS.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DataError {
    #[error("{0}")]
    Message(#[from] Malformed),
    #[error("it does not say what it is")]
    NoKind,
    #[error("UnixFS has no type {0}")]
    Kind(u64),
}

impl<'a> Data<'a> {
    /// Reads the data of a node.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Data<'a>, DataError> {
        let mut kind = None;
        let mut data = Data { kind: Kind::Raw, bytes: &[], size: None, parts: Vec::new(), hash: None, fanout: None };
        for field in Fields(bytes) {
            match field? {
                (1, Value::Number(number)) => kind = Some(number),
                (2, Value::Bytes(bytes)) => data.bytes = bytes,
                (3, Value::Number(size)) => data.size = Some(size),
                (4, Value::Number(size)) => data.parts.push(size),
                (4, Value::Bytes(bytes)) => {
                    for size in packed(bytes) {
                        data.parts.push(size?);
                    }
                }
                (5, Value::Number(hash)) => data.hash = Some(hash),
                (6, Value::Number(fanout)) => data.fanout = Some(fanout),
                _ => {}
            }
        }
        data.kind = match kind.ok_or(DataError::NoKind)? {
            0 => Kind::Raw,
            1 => Kind::Directory,
            2 => Kind::File,
            3 => Kind::Metadata,
            4 => Kind::Symlink,
            5 => Kind::Shard,
            other => return Err(DataError::Kind(other)),
        };
        Ok(data)
    }
}
