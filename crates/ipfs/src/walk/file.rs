//! A file that is being read: its next bytes, and the parts whose blocks have not come yet.
//!
//! The parts stand in the order of the file. A block that comes takes the place of its part wherever that stands: bytes
//! wait there until it is their turn, a node is replaced by its own parts. So blocks may come in any order, and what is
//! far ahead is known early enough to be fetched.

use super::{
    Chunk, Step, WalkError, Want, Wrong,
    content::{Content, content},
};
use crate::{
    Block, MAX_BLOCK,
    cid::{Cid, Codec},
};
use std::collections::VecDeque;

/// Most levels below the root. Five of the usual width are more than a pebibyte.
const MAX_DEPTH: u8 = 32;
/// Most parts in mind, beyond those on the way to the next byte.
const MAX_PARTS: usize = 1 << 16;
/// Most bytes that wait for their turn.
const MAX_WAITING: usize = 64 * MAX_BLOCK;

#[derive(Debug)]
pub(super) struct File {
    size: u64,
    parts: VecDeque<Part>,
    /// Bytes in `parts`.
    waiting: usize,
}

#[derive(Debug)]
enum Part {
    /// Bytes that wait for their turn.
    Bytes(Chunk),
    /// A block that has not come.
    Link(Link),
}

#[derive(Debug)]
struct Link {
    cid: Cid,
    /// Where in the file it begins.
    start: u64,
    /// How much of the file it is.
    size: u64,
    /// Levels below the root.
    depth: u8,
}

impl File {
    /// Begins with a file's root.
    pub(super) fn open(root: &Block) -> Result<File, WalkError> {
        let failed = |wrong| WalkError { cid: root.cid().clone(), wrong };
        let content = content(root).map_err(failed)?;
        let mut file = File { size: content.size, parts: VecDeque::new(), waiting: 0 };
        file.expand(0, root, content, 0, 0);
        Ok(file)
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn wanted(&self, ahead: usize) -> Vec<Want> {
        let mut wants: Vec<Want> = Vec::new();
        for part in self.parts.iter().take(ahead.max(1)) {
            match part {
                Part::Link(link) if link.cid.inline().is_none() && wants.iter().all(|want| want.cid != link.cid) => {
                    wants.push(link.want());
                }
                _ => {}
            }
        }
        wants
    }

    /// The next bytes. What stands in a CID is read when it is its turn.
    pub(super) fn next(&mut self) -> Result<Step, WalkError> {
        loop {
            match self.parts.pop_front() {
                None => return Ok(Step::End),
                Some(Part::Bytes(chunk)) => {
                    self.waiting = self.waiting.saturating_sub(chunk.len());
                    return Ok(Step::Bytes(chunk));
                }
                Some(Part::Link(link)) => {
                    let inline = Block::inline(&link.cid);
                    self.parts.push_front(Part::Link(link));
                    match inline {
                        Some(block) => self.give(&block)?,
                        None => return Ok(Step::Wants),
                    }
                }
            }
        }
    }

    /// Puts a block into the places that wait for it: bytes into all of them, a node into the first, since its parts may
    /// multiply. As far as there is room; the first place always has it.
    pub(super) fn give(&mut self, block: &Block) -> Result<(), WalkError> {
        for at in 0..self.parts.len() {
            let Some(Part::Link(link)) = self.parts.get(at) else { continue };
            if link.cid != *block.cid() {
                continue;
            }
            let content = link.open(block).map_err(|wrong| WalkError { cid: link.cid.clone(), wrong })?;
            if at > 0 && !self.has_room(&content) {
                break;
            }
            if !content.parts.is_empty() {
                let (start, depth) = (link.start, link.depth);
                self.expand(at, block, content, start, depth);
                break;
            }
            self.waiting += content.bytes.len();
            if let Some(part) = self.parts.get_mut(at) {
                *part = Part::Bytes(Chunk { block: block.bytes().clone(), range: content.bytes });
            }
        }
        Ok(())
    }

    fn has_room(&self, content: &Content) -> bool {
        self.parts.len() + content.parts.len() <= MAX_PARTS && self.waiting + content.bytes.len() <= MAX_WAITING
    }

    /// Puts a node's bytes and its parts into its place.
    fn expand(&mut self, at: usize, block: &Block, content: Content, mut start: u64, depth: u8) {
        let mut after = self.parts.split_off(at);
        after.pop_front();
        if !content.bytes.is_empty() {
            start += content.bytes.len() as u64;
            self.waiting += content.bytes.len();
            self.parts.push_back(Part::Bytes(Chunk { block: block.bytes().clone(), range: content.bytes }));
        }
        for (cid, size) in content.parts {
            self.parts.push_back(Part::Link(Link { cid, start, size, depth: depth + 1 }));
            start += size;
        }
        self.parts.extend(after);
    }
}

impl Link {
    /// Reads its block, which must be as long as the block above it says.
    fn open(&self, block: &Block) -> Result<Content, Wrong> {
        if self.depth > MAX_DEPTH {
            return Err(Wrong::Deep);
        }
        match content(block)? {
            content if content.size == self.size => Ok(content),
            content => Err(Wrong::Size { declared: self.size, actual: content.size }),
        }
    }

    fn want(&self) -> Want {
        let bytes = (self.cid.codec() == Codec::Raw).then(|| self.start..self.start + self.size);
        Want { cid: self.cid.clone(), bytes }
    }
}
