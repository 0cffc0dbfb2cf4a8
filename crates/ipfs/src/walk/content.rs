//! What one block adds to a file: bytes of its own, and parts that it links.

use super::Wrong;
use crate::{
    Block,
    cid::{Cid, Codec},
    dag_pb::{Link, Node},
    unixfs::{Data, Kind},
};
use std::ops::Range;

/// Most parts of one block. Usual are 174, or 1024.
const MAX_LINKS: usize = 1 << 14;

/// What one block adds to a file.
#[derive(Debug)]
pub(super) struct Content {
    /// Where in the block the file's bytes are. They come before those of the parts.
    pub(super) bytes: Range<usize>,
    /// The parts, and how long each is.
    pub(super) parts: Vec<(Cid, u64)>,
    /// All together, in bytes.
    pub(super) size: u64,
}

/// Reads a block as a part of a file.
pub(super) fn content(block: &Block) -> Result<Content, Wrong> {
    let bytes = block.bytes();
    match block.codec() {
        Codec::Raw => Ok(Content { bytes: 0..bytes.len(), parts: Vec::new(), size: bytes.len() as u64 }),
        Codec::DagPb => {
            let node = Node::parse(bytes)?;
            let data = data(&node)?;
            of_file(bytes, node.links, &data)
        }
        codec @ Codec::Other(_) => Err(Wrong::Codec(codec)),
    }
}

/// The data of a node of UnixFS.
pub(super) fn data<'a>(node: &Node<'a>) -> Result<Data<'a>, Wrong> {
    let data = node.data.ok_or_else(|| Wrong::Node("it has no data".to_owned()))?;
    Ok(Data::parse(data)?)
}

fn of_file(block: &[u8], links: Vec<Link<'_>>, data: &Data<'_>) -> Result<Content, Wrong> {
    match data.kind {
        Kind::Raw | Kind::File => {}
        Kind::Directory | Kind::Shard => return Err(Wrong::Kind("a directory")),
        Kind::Metadata => return Err(Wrong::Kind("metadata")),
        Kind::Symlink => return Err(Wrong::Symlink(target(data))),
    }
    if links.len() > MAX_LINKS {
        return Err(Wrong::Wide(links.len()));
    }
    if links.len() != data.parts.len() {
        return Err(Wrong::Parts { links: links.len(), sizes: data.parts.len() });
    }
    if data.parts.contains(&0) {
        return Err(Wrong::EmptyPart);
    }
    let actual = data.parts.iter().try_fold(data.bytes.len() as u64, |sum, part| sum.checked_add(*part));
    let actual = actual.ok_or(Wrong::Overflow)?;
    match data.size {
        Some(declared) if declared != actual => return Err(Wrong::Size { declared, actual }),
        _ => {}
    }
    let parts = links.into_iter().zip(&data.parts).map(|(link, size)| (link.cid, *size)).collect();
    Ok(Content { bytes: within(block, data.bytes), parts, size: actual })
}

/// What a symbolic link points to, for an error.
pub(super) fn target(data: &Data<'_>) -> String {
    String::from_utf8_lossy(data.bytes.get(..200).unwrap_or(data.bytes)).into_owned()
}

/// Where `part`, a slice of `whole`, stands in it.
fn within(whole: &[u8], part: &[u8]) -> Range<usize> {
    let start = (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize);
    match part.is_empty() {
        true => 0..0,
        false => start..start + part.len(),
    }
}
