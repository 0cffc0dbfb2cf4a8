//! Nodes of a tree of blocks (<https://ipld.io/specs/codecs/dag-pb/spec/>): data, and links with names.

use crate::{
    cid::{Cid, CidError},
    protobuf::{Fields, Malformed, Value},
};

/// A node.
#[derive(Debug, Default)]
pub(crate) struct Node<'a> {
    /// What UnixFS says of it.
    pub(crate) data: Option<&'a [u8]>,
    /// Other blocks.
    pub(crate) links: Vec<Link<'a>>,
}

/// A link of a node. The size that it tells of the tree below (`Tsize`) is not read: nobody vouches for it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Link<'a> {
    /// Which block.
    pub(crate) cid: Cid,
    /// What it is called here; of a part of a file, nothing.
    pub(crate) name: &'a [u8],
}

/// Why bytes are not a node.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NodeError {
    #[error("{0}")]
    Message(#[from] Malformed),
    #[error("link {index} is not a CID: {error}")]
    Cid { index: usize, error: CidError },
    #[error("link {0} has no CID")]
    NoCid(usize),
    #[error("it has data twice")]
    Twice,
    #[error("it has a field that no node has: {0}")]
    Field(u64),
}

impl<'a> Node<'a> {
    /// Reads a node.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Node<'a>, NodeError> {
        let mut node = Node::default();
        for field in Fields(bytes) {
            match field? {
                (1, Value::Bytes(_)) if node.data.is_some() => return Err(NodeError::Twice),
                (1, Value::Bytes(data)) => node.data = Some(data),
                (2, Value::Bytes(link)) => {
                    let link = Link::parse(link, node.links.len())?;
                    node.links.push(link);
                }
                (number, _) => return Err(NodeError::Field(number)),
            }
        }
        Ok(node)
    }
}

impl<'a> Link<'a> {
    fn parse(bytes: &'a [u8], index: usize) -> Result<Link<'a>, NodeError> {
        let (mut cid, mut name) = (None, &[][..]);
        for field in Fields(bytes) {
            match field? {
                (1, Value::Bytes(bytes)) => {
                    cid = Some(Cid::try_from(bytes).map_err(|error| NodeError::Cid { index, error })?);
                }
                (2, Value::Bytes(bytes)) => name = bytes,
                (3, Value::Number(_)) => {}
                (number, _) => return Err(NodeError::Field(number)),
            }
        }
        Ok(Link { cid: cid.ok_or(NodeError::NoCid(index))?, name })
    }
}
