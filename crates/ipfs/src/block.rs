//! A block: bytes that have been compared with their name.

use crate::{
    cid::{Cid, Codec},
    multihash::Function,
};
use std::sync::Arc;

/// Longest block, in bytes: the 2 MiB that IPFS nodes hand on between each other, and room for the node around them.
pub const MAX_BLOCK: usize = (2 << 20) + (64 << 10);

/// Bytes that are what their CID says. There is no other way to one than [`Block::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    cid: Cid,
    bytes: Arc<[u8]>,
}

/// Why bytes are not the block that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongBlock {
    /// They have another hash.
    #[error("block {cid}: {length} bytes came that do not have its hash")]
    Hash {
        /// What was asked for.
        cid: Cid,
        /// How many bytes came.
        length: usize,
    },
    /// They are more than [`MAX_BLOCK`].
    #[error("block {cid} is longer than the {MAX_BLOCK} bytes that a block may have")]
    Long {
        /// What was asked for.
        cid: Cid,
    },
    /// The CID's hash cannot be checked here, so nothing can be it.
    #[error("block {cid} is named by a hash that Firstlight does not know: {function}")]
    Function {
        /// What was asked for.
        cid: Cid,
        /// Its hash function.
        function: Function,
    },
}

impl Block {
    /// Compares bytes with their name.
    pub fn verify(cid: &Cid, bytes: impl Into<Arc<[u8]>>) -> Result<Block, WrongBlock> {
        let (cid, bytes) = (cid.clone(), bytes.into());
        if bytes.len() > MAX_BLOCK {
            return Err(WrongBlock::Long { cid });
        }
        match cid.hash().fits(&bytes) {
            Some(true) => Ok(Block { cid, bytes }),
            Some(false) => Err(WrongBlock::Hash { cid, length: bytes.len() }),
            None => Err(WrongBlock::Function { function: cid.hash().function(), cid }),
        }
    }

    /// The block that stands in its own CID.
    pub(crate) fn inline(cid: &Cid) -> Option<Block> {
        Some(Block { cid: cid.clone(), bytes: cid.inline()?.into() })
    }

    /// Its name.
    pub fn cid(&self) -> &Cid {
        &self.cid
    }

    /// What its bytes mean.
    pub fn codec(&self) -> Codec {
        self.cid.codec()
    }

    /// What it holds.
    pub fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Multihash;

    #[test]
    fn only_the_bytes_that_have_the_hash_are_the_block() {
        for hash in
            [Multihash::sha2_256(b"hello"), Multihash::sha2_512(b"hello"), Multihash::identity(b"hello").unwrap()]
        {
            let cid = Cid::new(Codec::Raw, hash);
            assert_eq!(&**Block::verify(&cid, *b"hello").unwrap().bytes(), b"hello");
            let error = Block::verify(&cid, *b"hellO").unwrap_err();
            assert_eq!(error.to_string(), format!("block {cid}: 5 bytes came that do not have its hash"));
        }
    }

    #[test]
    fn a_hash_that_cannot_be_checked_lets_nothing_through() {
        // What `ipfs add --hash blake3` makes of "hello".
        let mut cid = vec![0x01, 0x55, 0x1e, 0x20];
        cid.extend([0; 32]);
        let cid = Cid::try_from(&cid[..]).unwrap();
        assert!(Block::verify(&cid, *b"hello").unwrap_err().to_string().ends_with("does not know: blake3"));
    }

    #[test]
    fn a_block_is_bounded() {
        let bytes = vec![0; MAX_BLOCK + 1];
        let cid = Cid::new(Codec::Raw, Multihash::sha2_256(&bytes));
        assert!(matches!(Block::verify(&cid, bytes), Err(WrongBlock::Long { .. })));
    }
}
