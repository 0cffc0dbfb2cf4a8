//! Many blocks in one stream: CARv1 (<https://ipld.io/specs/transport/car/carv1/>), and what is CARv1 in a CARv2
//! (<https://ipld.io/specs/transport/car/carv2/>), whose index is not read.
//!
//! Blocks are verified as they come. They may come in any order, and some of them twice: a reader keeps the latest in a
//! [`Recent`](crate::Recent).

mod cbor;
#[cfg(test)]
mod tests;

use crate::{
    Block, Cid, CidError, MAX_BLOCK, WrongBlock,
    varint::{self, VarintError},
};
use std::io::{self, BufReader, ErrorKind, Read};

/// Longest header. Ours have one root.
const MAX_HEADER: u64 = 64 << 10;
/// Longest entry: a block, and its CID before it.
const MAX_ENTRY: u64 = MAX_BLOCK as u64 + 256;
/// What follows the first 11 bytes of a CARv2, before anything else.
const V2_HEADER: usize = 40;
/// Where the data of a CARv2 can begin at the earliest: behind both.
const V2_FIRST: u64 = 51;

/// A stream of blocks.
#[derive(Debug)]
pub struct Car<R> {
    reader: BufReader<R>,
    /// Bytes to its end, as far as it says.
    left: u64,
    roots: Vec<Cid>,
    blocks: u64,
}

/// Why a stream is not a CAR, or not all of one.
#[derive(Debug, thiserror::Error)]
pub enum CarError {
    /// The stream failed.
    #[error("after {blocks} blocks: {source}")]
    Read {
        /// Blocks that came before.
        blocks: u64,
        /// What the stream said.
        source: io::Error,
    },
    /// It ends within an entry.
    #[error("it is cut off after {blocks} blocks")]
    Short {
        /// Blocks that came before.
        blocks: u64,
    },
    /// It begins with something else.
    #[error("it is not a CAR: {0}")]
    Header(&'static str),
    /// Neither version 1 nor 2.
    #[error("it is a CAR of version {0}, and only 1 and 2 are known")]
    Version(u64),
    /// An entry says that it is longer than any block, or shorter than any CID.
    #[error("after {blocks} blocks comes one of {length} bytes")]
    Length {
        /// Blocks that came before.
        blocks: u64,
        /// What it says, with its CID, in bytes.
        length: u64,
    },
    /// The name of a block cannot be read.
    #[error("after {blocks} blocks comes something that is not a CID: {error}")]
    Cid {
        /// Blocks that came before.
        blocks: u64,
        /// Why not.
        error: CidError,
    },
    /// A block is not what its name says.
    #[error(transparent)]
    Wrong(#[from] WrongBlock),
}

impl<R: Read> Car<R> {
    /// Reads the header.
    pub fn open(reader: R) -> Result<Car<R>, CarError> {
        let mut car = Car { reader: BufReader::new(reader), left: u64::MAX, roots: Vec::new(), blocks: 0 };
        let mut header = car.header()?;
        if header.version == 2 {
            car.enter_v2()?;
            header = car.header()?;
            if header.version == 2 {
                return Err(CarError::Header("a CARv2 inside a CARv2"));
            }
        }
        match header.version {
            1 => Ok(Car { roots: header.roots, ..car }),
            version => Err(CarError::Version(version)),
        }
    }

    /// What the stream says it is about. Nobody vouches for it.
    pub fn roots(&self) -> &[Cid] {
        &self.roots
    }

    /// The next block; `None` at the end.
    pub fn next_block(&mut self) -> Result<Option<Block>, CarError> {
        let Some(length) = self.number()? else { return Ok(None) };
        let blocks = self.blocks;
        if length == 0 || length > MAX_ENTRY {
            return Err(CarError::Length { blocks, length });
        }
        let entry = self.exactly(length as usize)?;
        let (cid, bytes) = Cid::take(&entry).map_err(|error| CarError::Cid { blocks, error })?;
        let block = Block::verify(&cid, bytes)?;
        self.blocks += 1;
        Ok(Some(block))
    }

    fn header(&mut self) -> Result<cbor::Header, CarError> {
        let length = self.number()?.ok_or(CarError::Short { blocks: 0 })?;
        if length == 0 || length > MAX_HEADER {
            return Err(CarError::Header("it does not begin with a header"));
        }
        let header = self.exactly(length as usize)?;
        cbor::header(&header).ok_or(CarError::Header("its header cannot be read"))
    }

    /// Goes to the CARv1 that is inside.
    fn enter_v2(&mut self) -> Result<(), CarError> {
        let header = self.exactly(V2_HEADER)?;
        let number = |from| header.iter().skip(from).take(8).rev().fold(0, |n: u64, byte| n << 8 | u64::from(*byte));
        let (offset, size) = (number(16), number(24));
        let padding = offset.checked_sub(V2_FIRST).filter(|padding| *padding <= MAX_HEADER);
        let padding = padding.ok_or(CarError::Header("the data of the CARv2 is out of place"))?;
        self.exactly(padding as usize)?;
        self.left = size;
        Ok(())
    }

    /// A number, byte by byte; `None` at the end of the stream.
    fn number(&mut self) -> Result<Option<u64>, CarError> {
        let blocks = self.blocks;
        let mut bytes = Vec::new();
        loop {
            let mut byte = [0];
            match self.reader.by_ref().take(self.left).read(&mut byte) {
                Ok(0) if bytes.is_empty() => return Ok(None),
                Ok(0) => return Err(CarError::Short { blocks }),
                Ok(_) => {
                    self.left -= 1;
                    bytes.extend(byte);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(source) => return Err(CarError::Read { blocks, source }),
            }
            match varint::take(&bytes) {
                Ok((number, _)) => return Ok(Some(number)),
                Err(VarintError::Short) => {}
                Err(_) => return Err(CarError::Length { blocks, length: u64::MAX }),
            }
        }
    }

    fn exactly(&mut self, length: usize) -> Result<Vec<u8>, CarError> {
        let blocks = self.blocks;
        self.left = self.left.checked_sub(length as u64).ok_or(CarError::Short { blocks })?;
        let mut bytes = vec![0; length];
        self.reader.read_exact(&mut bytes).map_err(|source| match source.kind() {
            ErrorKind::UnexpectedEof => CarError::Short { blocks },
            _ => CarError::Read { blocks, source },
        })?;
        Ok(bytes)
    }
}
