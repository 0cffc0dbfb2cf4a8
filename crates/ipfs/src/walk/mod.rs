//! Reading one file: which blocks it needs, and its bytes in their order.
//!
//! ```
//! use firstlight_ipfs::{Address, Block, Step, Walk, build};
//! # let blocks = build::file(b"hello, world", build::Shape { chunk: 5, width: 2, raw_leaves: true });
//! let address = Address { cid: blocks.root().clone(), path: vec![] };
//! let (mut walk, mut text) = (Walk::new(&address), Vec::new());
//! loop {
//!     match walk.next()? {
//!         Step::Wants => {
//!             for want in walk.wanted(8) {
//!                 let bytes = blocks.get(&want.cid).expect("a gateway has it");
//!                 walk.give(&Block::verify(&want.cid, bytes)?)?;
//!             }
//!         }
//!         Step::Bytes(chunk) => text.extend_from_slice(&chunk),
//!         Step::End => break,
//!     }
//! }
//! assert_eq!(text, b"hello, world");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod content;
mod error;
mod file;
mod look;
#[cfg(test)]
mod tests;

use crate::{Address, Block, Cid};
use file::File;
use look::{Found, Look};
use std::{
    ops::{Deref, Range},
    sync::Arc,
};

pub use error::{WalkError, Wrong};

/// Reads one file.
#[derive(Debug)]
pub struct Walk(State);

#[derive(Debug)]
enum State {
    /// It follows the path.
    Looking(Look),
    /// It has found the file.
    Reading(File),
}

/// What comes next.
#[derive(Debug)]
pub enum Step {
    /// The file's next bytes.
    Bytes(Chunk),
    /// Nothing, before a block comes: the first of [`Walk::wanted`].
    Wants,
    /// All of the file has been read.
    End,
}

/// A block that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Want {
    /// Its name.
    pub cid: Cid,
    /// Where in the file its bytes are, in bytes, when it is nothing but these: who has a part of the file already can
    /// make the block from it.
    pub bytes: Option<Range<u64>>,
}

/// Some bytes of a file.
#[derive(Debug, Clone)]
pub struct Chunk {
    block: Arc<[u8]>,
    range: Range<usize>,
}

impl Deref for Chunk {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.block.get(self.range.clone()).unwrap_or_default()
    }
}

impl Walk {
    /// Begins at the address's CID.
    pub fn new(address: &Address) -> Walk {
        Walk(State::Looking(Look::new(address)))
    }

    /// The file's length in bytes, from when the file itself has been found.
    pub fn size(&self) -> Option<u64> {
        match &self.0 {
            State::Looking(_) => None,
            State::Reading(file) => Some(file.size()),
        }
    }

    /// The blocks that are wanted among the next `ahead` parts of the file, each once, the most urgent first. More than
    /// the first are known only within a file.
    pub fn wanted(&self, ahead: usize) -> Vec<Want> {
        match &self.0 {
            State::Looking(look) => vec![Want { cid: look.cid().clone(), bytes: None }],
            State::Reading(file) => file.wanted(ahead),
        }
    }

    /// Takes a block. One that is not wanted, or for which there is no room yet, is left.
    pub fn give(&mut self, block: &Block) -> Result<(), WalkError> {
        match &mut self.0 {
            State::Looking(look) if look.cid() != block.cid() => Ok(()),
            State::Looking(look) => {
                let found = look.give(block)?;
                self.found(found)
            }
            State::Reading(file) => file.give(block),
        }
    }

    /// What comes next.
    #[allow(clippy::should_implement_trait)] // it can fail, and waits for blocks
    pub fn next(&mut self) -> Result<Step, WalkError> {
        while let State::Looking(look) = &mut self.0 {
            let Some(block) = Block::inline(look.cid()) else { return Ok(Step::Wants) };
            let found = look.give(&block)?;
            self.found(found)?;
        }
        match &mut self.0 {
            State::Looking(_) => Ok(Step::Wants),
            State::Reading(file) => file.next(),
        }
    }

    fn found(&mut self, found: Found) -> Result<(), WalkError> {
        if let Found::File(block) = found {
            self.0 = State::Reading(File::open(&block)?);
        }
        Ok(())
    }
}
