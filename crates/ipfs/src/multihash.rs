//! Hashes that say which function made them (<https://github.com/multiformats/multihash>).

use crate::varint::{self, VarintError};
use sha2::Digest;
use std::fmt;

/// Longest digest that is taken. For the function identity, whose digest is the content itself, other implementations
/// have the same bound.
pub const MAX_DIGEST: usize = 128;

/// The hash function: <https://github.com/multiformats/multicodec/blob/master/table.csv>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Function {
    /// The content itself.
    Identity,
    /// SHA-256.
    Sha2_256,
    /// SHA-512.
    Sha2_512,
    /// One that cannot be checked here, by its code.
    Other(u64),
}

impl Function {
    /// Its number in the multicodec table.
    pub fn code(self) -> u64 {
        match self {
            Function::Identity => 0x00,
            Function::Sha2_256 => 0x12,
            Function::Sha2_512 => 0x13,
            Function::Other(code) => code,
        }
    }

    fn from_code(code: u64) -> Function {
        match code {
            0x00 => Function::Identity,
            0x12 => Function::Sha2_256,
            0x13 => Function::Sha2_512,
            code => Function::Other(code),
        }
    }

    /// How long its digests are, in bytes.
    fn length(self) -> Option<usize> {
        match self {
            Function::Sha2_256 => Some(32),
            Function::Sha2_512 => Some(64),
            Function::Identity | Function::Other(_) => None,
        }
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Function::Identity => f.write_str("identity"),
            Function::Sha2_256 => f.write_str("sha2-256"),
            Function::Sha2_512 => f.write_str("sha2-512"),
            Function::Other(0x1e) => f.write_str("blake3"),
            Function::Other(0xb220) => f.write_str("blake2b-256"),
            Function::Other(0x1b) => f.write_str("keccak-256"),
            Function::Other(0x11) => f.write_str("sha1"),
            Function::Other(code) => write!(f, "hash function 0x{code:x}"),
        }
    }
}

/// A digest and the function that made it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Multihash {
    function: Function,
    digest: Box<[u8]>,
}

/// Why bytes are not a multihash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MultihashError {
    /// A number in it cannot be read.
    #[error("{0}")]
    Number(&'static str),
    /// It ends within its digest.
    #[error("the digest is cut off: {have} of {length} bytes")]
    Short {
        /// Bytes there.
        have: usize,
        /// Bytes that it says it has.
        length: u64,
    },
    /// A digest of a length that its function does not make, or that is over the bound.
    #[error("a digest of {length} bytes ({function}): {expected}")]
    Length {
        /// The function.
        function: Function,
        /// Bytes that it says it has.
        length: u64,
        /// What would be right.
        expected: &'static str,
    },
}

impl Multihash {
    /// The SHA-256 of some bytes.
    pub fn sha2_256(bytes: &[u8]) -> Multihash {
        Multihash { function: Function::Sha2_256, digest: sha2::Sha256::digest(bytes).as_slice().into() }
    }

    /// The SHA-512 of some bytes.
    pub fn sha2_512(bytes: &[u8]) -> Multihash {
        Multihash { function: Function::Sha2_512, digest: sha2::Sha512::digest(bytes).as_slice().into() }
    }

    /// The bytes themselves; `None` where they are longer than [`MAX_DIGEST`].
    pub fn identity(bytes: &[u8]) -> Option<Multihash> {
        (bytes.len() <= MAX_DIGEST).then(|| Multihash { function: Function::Identity, digest: bytes.into() })
    }

    /// The multihash at the front of `bytes`, and what follows it.
    pub fn take(bytes: &[u8]) -> Result<(Multihash, &[u8]), MultihashError> {
        let number = |error: VarintError| {
            MultihashError::Number(match error {
                VarintError::Short => "it is cut off",
                VarintError::Long => "a number in it is too large",
                VarintError::Padded => "a number in it is not in its shortest form",
            })
        };
        let (code, bytes) = varint::take(bytes).map_err(number)?;
        let (length, bytes) = varint::take(bytes).map_err(number)?;
        let function = Function::from_code(code);
        let wrong = |expected| MultihashError::Length { function, length, expected };
        match function.length() {
            Some(32) if length != 32 => return Err(wrong("it has 32")),
            Some(64) if length != 64 => return Err(wrong("it has 64")),
            _ if length > MAX_DIGEST as u64 => return Err(wrong("at most 128 are taken")),
            _ => {}
        }
        let short = MultihashError::Short { have: bytes.len(), length };
        let (digest, rest) = bytes.split_at_checked(length as usize).ok_or(short)?;
        Ok((Multihash { function, digest: digest.into() }, rest))
    }

    /// Which function made it.
    pub fn function(&self) -> Function {
        self.function
    }

    /// What the function made; for [`Function::Identity`] the content.
    pub fn digest(&self) -> &[u8] {
        &self.digest
    }

    /// Whether these bytes have this hash; `None` where the function is not known here.
    pub fn fits(&self, bytes: &[u8]) -> Option<bool> {
        match self.function {
            Function::Identity => Some(*self.digest == *bytes),
            Function::Sha2_256 => Some(*self.digest == *sha2::Sha256::digest(bytes)),
            Function::Sha2_512 => Some(*self.digest == *sha2::Sha512::digest(bytes)),
            Function::Other(_) => None,
        }
    }

    /// Appends it in its binary form.
    pub(crate) fn put(&self, to: &mut Vec<u8>) {
        varint::put(self.function.code(), to);
        varint::put(self.digest.len() as u64, to);
        to.extend_from_slice(&self.digest);
    }
}
