//! Where a name stands in a directory of very many entries: <https://specs.ipfs.tech/unixfs/#hamt-sharded-directories>.
//!
//! The hash of a name, taken a few bits at a time, says which slot to go through at each level. The hash function is the
//! first half of MurmurHash3 x64 128, by Austin Appleby, in the public domain
//! (<https://github.com/aappleby/smhasher/wiki/MurmurHash3>). It proves nothing: that a shard is the right one is proven
//! by its CID.

use crate::{cid::Cid, dag_pb::Node, unixfs::Data};

/// MurmurHash3's number in the multicodec table, the only one that UnixFS allows.
const MURMUR3: u64 = 0x22;
/// Most slots that other implementations allow.
const MAX_FANOUT: u64 = 1024;

/// A name's hash, of which some bits are used up already.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trail {
    hash: u64,
    used: u32,
}

/// What stands in the slot of a name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// The entry itself.
    Entry(Cid),
    /// A shard that may have it.
    Shard(Cid),
    /// Nothing, or another name.
    Other,
}

/// Why a shard cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ShardError {
    #[error("its hash function is {0:#x}, and UnixFS allows only murmur3 (0x22)")]
    Function(u64),
    #[error("it has {0} slots: a power of two from 8 to 1024 is allowed")]
    Fanout(u64),
    #[error("it has {links} entries in {fanout} slots")]
    Links { links: usize, fanout: u64 },
    #[error("its shards are nested deeper than a name's hash has bits")]
    Deep,
}

impl Trail {
    /// At the root of a sharded directory.
    pub(crate) fn of(name: &str) -> Trail {
        Trail { hash: murmur3(name.as_bytes()), used: 0 }
    }

    fn take(&mut self, bits: u32) -> Option<u64> {
        self.used += bits;
        let shift = 64_u32.checked_sub(self.used)?;
        Some(self.hash >> shift & ((1 << bits) - 1))
    }

    /// Looks a name up in one shard.
    pub(crate) fn step(&mut self, name: &str, node: &Node<'_>, data: &Data<'_>) -> Result<Slot, ShardError> {
        let fanout = fanout(node, data)?;
        let index = self.take(fanout.ilog2()).ok_or(ShardError::Deep)?;
        let width = format!("{:X}", fanout - 1).len();
        let prefix = format!("{index:0width$X}");
        for link in &node.links {
            match link.name.strip_prefix(prefix.as_bytes()) {
                Some([]) => return Ok(Slot::Shard(link.cid.clone())),
                Some(rest) if rest == name.as_bytes() => return Ok(Slot::Entry(link.cid.clone())),
                Some(_) | None => {}
            }
        }
        Ok(Slot::Other)
    }
}

fn fanout(node: &Node<'_>, data: &Data<'_>) -> Result<u64, ShardError> {
    match data.hash {
        Some(MURMUR3) => {}
        other => return Err(ShardError::Function(other.unwrap_or_default())),
    }
    let fanout = data.fanout.unwrap_or_default();
    if !fanout.is_power_of_two() || !(8..=MAX_FANOUT).contains(&fanout) {
        return Err(ShardError::Fanout(fanout));
    }
    match node.links.len() {
        links if links as u64 > fanout => Err(ShardError::Links { links, fanout }),
        _ => Ok(fanout),
    }
}

const C1: u64 = 0x87c3_7b91_1142_53d5;
const C2: u64 = 0x4cf5_ad43_2745_937f;

/// The first 64 bits of MurmurHash3 x64 128, with seed 0.
pub(crate) fn murmur3(bytes: &[u8]) -> u64 {
    let (mut h1, mut h2) = (0_u64, 0_u64);
    let mut blocks = bytes.chunks_exact(16);
    for block in blocks.by_ref() {
        h1 ^= scramble_low(word(block, 0));
        h1 = h1.rotate_left(27).wrapping_add(h2).wrapping_mul(5).wrapping_add(0x52dc_e729);
        h2 ^= scramble_high(word(block, 8));
        h2 = h2.rotate_left(31).wrapping_add(h1).wrapping_mul(5).wrapping_add(0x3849_5ab5);
    }
    let tail = blocks.remainder();
    h1 ^= scramble_low(word(tail, 0));
    h2 ^= scramble_high(word(tail, 8));
    h1 ^= bytes.len() as u64;
    h2 ^= bytes.len() as u64;
    h1 = h1.wrapping_add(h2);
    h2 = h2.wrapping_add(h1);
    finish(h1).wrapping_add(finish(h2))
}

/// Eight bytes, the lowest first; what is not there is zero.
fn word(bytes: &[u8], from: usize) -> u64 {
    let bytes = bytes.iter().skip(from).take(8);
    bytes.enumerate().fold(0, |word, (index, byte)| word | u64::from(*byte) << (8 * index))
}

fn scramble_low(word: u64) -> u64 {
    word.wrapping_mul(C1).rotate_left(31).wrapping_mul(C2)
}

fn scramble_high(word: u64) -> u64 {
    word.wrapping_mul(C2).rotate_left(33).wrapping_mul(C1)
}

fn finish(mut hash: u64) -> u64 {
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ hash >> 33
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed by `@multiformats/murmur3` (`murmur3-x64-64`).
    #[test]
    fn the_hash_is_that_of_other_implementations() {
        for (text, hash) in [
            ("", 0),
            ("a", 0x8555_5565_f659_7889),
            ("vmlinuz", 0x5fe8_712b_0cf9_0900),
            ("0123456789abcdef", 0x4be0_6d94_cf4a_d1a7),
            ("0123456789abcdef0", 0xeb24_ae87_85a5_c075),
            ("file-0042-with-a-name-longer-than-two-blocks", 0x9a2f_a069_b1b0_a8d6),
        ] {
            assert_eq!(murmur3(text.as_bytes()), hash, "{text}");
        }
    }
}
