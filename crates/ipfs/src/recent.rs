//! The blocks that came last, for when one of them is needed again, or was not needed yet.

use crate::{Block, Cid};
use std::collections::{HashMap, VecDeque};

/// Blocks, up to a bound in bytes: the oldest goes first.
#[derive(Debug)]
pub struct Recent {
    blocks: HashMap<Cid, Block>,
    order: VecDeque<Cid>,
    bytes: usize,
    bound: usize,
}

impl Recent {
    /// Empty, for so many bytes.
    pub fn new(bound: usize) -> Recent {
        Recent { blocks: HashMap::new(), order: VecDeque::new(), bytes: 0, bound }
    }

    /// Keeps a block, and lets go of the oldest for it.
    pub fn keep(&mut self, block: Block) {
        let (cid, length) = (block.cid().clone(), block.bytes().len());
        if length > self.bound || self.blocks.contains_key(&cid) {
            return;
        }
        while self.bytes + length > self.bound {
            let Some(oldest) = self.order.pop_front() else { break };
            self.bytes -= self.blocks.remove(&oldest).map_or(0, |block| block.bytes().len());
        }
        self.bytes += length;
        self.order.push_back(cid.clone());
        self.blocks.insert(cid, block);
    }

    /// A block, when it is still here.
    pub fn get(&self, cid: &Cid) -> Option<&Block> {
        self.blocks.get(cid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Codec, Multihash};

    fn block(byte: u8) -> Block {
        let bytes = vec![byte; 10];
        Block::verify(&Cid::new(Codec::Raw, Multihash::sha2_256(&bytes)), bytes).unwrap()
    }

    #[test]
    fn the_oldest_goes_when_there_is_no_room() {
        let mut recent = Recent::new(25);
        for byte in [1, 2, 2, 1, 3] {
            recent.keep(block(byte));
        }
        let here = |byte| recent.get(block(byte).cid()).is_some();
        assert_eq!([here(1), here(2), here(3)], [false, true, true]);
    }

    #[test]
    fn what_is_larger_than_the_bound_is_not_kept() {
        let mut recent = Recent::new(5);
        recent.keep(block(1));
        assert!(recent.get(block(1).cid()).is_none());
    }
}
