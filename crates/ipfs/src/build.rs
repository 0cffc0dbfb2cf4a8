//! Files and directories made into blocks, as `ipfs add` makes them: for tests and benches. Nothing that boots a machine
//! goes through here.

use crate::{
    Cid, Codec, MAX_BLOCK, Multihash,
    dag_pb::Node,
    hamt::murmur3,
    protobuf::{put_bytes, put_number},
    varint,
};
use std::collections::{BTreeMap, HashMap};

/// How a file is cut.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Bytes in a leaf.
    pub chunk: usize,
    /// Most links of a node, at least 2.
    pub width: usize,
    /// Leaves are bare bytes, and not nodes.
    pub raw_leaves: bool,
}

impl Default for Shape {
    /// As `ipfs add --cid-version 1` does.
    fn default() -> Shape {
        Shape { chunk: 256 << 10, width: 174, raw_leaves: true }
    }
}

/// Some blocks, and which one is their root.
#[derive(Debug, Clone)]
pub struct Blocks {
    root: Cid,
    size: u64,
    blocks: HashMap<Cid, Vec<u8>>,
}

/// The type numbers of UnixFS.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub enum Type {
    Raw = 0,
    Directory = 1,
    File = 2,
    Metadata = 3,
    Symlink = 4,
    Shard = 5,
}

impl Blocks {
    /// One block and nothing else.
    pub fn one(codec: Codec, bytes: Vec<u8>) -> Blocks {
        let root = Cid::new(codec, Multihash::sha2_256(&bytes));
        Blocks { size: bytes.len() as u64, blocks: [(root.clone(), bytes)].into(), root }
    }

    /// A node of dag-pb with links, and all that is below them. The data is given as it is, right or wrong.
    pub fn node(links: &[(&str, &Blocks)], data: &[u8]) -> Blocks {
        let mut bytes = Vec::new();
        for (name, to) in links {
            let mut link = Vec::new();
            put_bytes(1, &to.root.to_bytes(), &mut link);
            put_bytes(2, name.as_bytes(), &mut link);
            put_number(3, to.size, &mut link);
            put_bytes(2, &link, &mut bytes);
        }
        put_bytes(1, data, &mut bytes);
        let mut all = Blocks::one(Codec::DagPb, bytes);
        for (_, to) in links {
            all.size += to.size;
            all.blocks.extend(to.blocks.clone());
        }
        all
    }

    /// The root's name.
    pub fn root(&self) -> &Cid {
        &self.root
    }

    /// A block by its name.
    pub fn get(&self, cid: &Cid) -> Option<&[u8]> {
        self.blocks.get(cid).map(Vec::as_slice)
    }

    /// Every block.
    pub fn iter(&self) -> impl Iterator<Item = (&Cid, &[u8])> {
        self.blocks.iter().map(|(cid, bytes)| (cid, bytes.as_slice()))
    }

    /// Another root over the same blocks: a CID that holds its content, or names it otherwise.
    pub fn with_root(self, root: Cid) -> Blocks {
        Blocks { root, ..self }
    }

    /// With another size in the links to it, which grows without bound where blocks repeat.
    pub fn with_size(self, size: u64) -> Blocks {
        Blocks { size, ..self }
    }

    /// The names of the blocks in the order in which a reader needs them, repeated as often as it does.
    pub fn in_order(&self) -> Vec<Cid> {
        let (mut order, mut next) = (Vec::new(), vec![self.root.clone()]);
        while let Some(cid) = next.pop() {
            if let Some(Ok(node)) = self.get(&cid).filter(|_| cid.codec() == Codec::DagPb).map(Node::parse) {
                next.extend(node.links.into_iter().rev().map(|link| link.cid));
            }
            order.push(cid);
        }
        order
    }
}

/// The data of a node of UnixFS.
pub fn data(kind: Type, bytes: &[u8], size: Option<u64>, parts: &[u64]) -> Vec<u8> {
    let mut data = Vec::new();
    put_number(1, kind as u64, &mut data);
    if !bytes.is_empty() {
        put_bytes(2, bytes, &mut data);
    }
    if let Some(size) = size {
        put_number(3, size, &mut data);
    }
    for part in parts {
        put_number(4, *part, &mut data);
    }
    data
}

/// A file.
pub fn file(bytes: &[u8], shape: Shape) -> Blocks {
    let leaf = |bytes: &[u8]| {
        let blocks = match shape.raw_leaves {
            true => Blocks::one(Codec::Raw, bytes.to_vec()),
            false => Blocks::node(&[], &data(Type::File, bytes, Some(bytes.len() as u64), &[])),
        };
        (blocks, bytes.len() as u64)
    };
    let mut level: Vec<(Blocks, u64)> = match bytes {
        [] => vec![leaf(bytes)],
        _ => bytes.chunks(shape.chunk.clamp(1, MAX_BLOCK)).map(leaf).collect(),
    };
    while level.len() > 1 {
        level = level.chunks(shape.width.max(2)).map(parent).collect();
    }
    level.swap_remove(0).0
}

fn parent(parts: &[(Blocks, u64)]) -> (Blocks, u64) {
    let links: Vec<(&str, &Blocks)> = parts.iter().map(|(part, _)| ("", part)).collect();
    let sizes: Vec<u64> = parts.iter().map(|(_, size)| *size).collect();
    let size = sizes.iter().sum();
    (Blocks::node(&links, &data(Type::File, &[], Some(size), &sizes)), size)
}

/// A directory.
pub fn directory(entries: &[(&str, &Blocks)]) -> Blocks {
    Blocks::node(entries, &data(Type::Directory, &[], None, &[]))
}

/// A directory in shards of 256 slots.
pub fn sharded(entries: &[(&str, &Blocks)]) -> Blocks {
    shard(entries, 0)
}

fn shard(entries: &[(&str, &Blocks)], level: u32) -> Blocks {
    let mut slots: BTreeMap<u64, Vec<(&str, &Blocks)>> = BTreeMap::new();
    for entry in entries {
        let slot = murmur3(entry.0.as_bytes()).rotate_left(8 * (level + 1)) & 255;
        slots.entry(slot).or_default().push(*entry);
    }
    let mut filled = vec![0_u8; 32];
    let mut links: Vec<(String, Blocks)> = Vec::new();
    for (slot, entries) in slots {
        filled[31 - slot as usize / 8] |= 1 << (slot % 8);
        match &entries[..] {
            [(name, entry)] => links.push((format!("{slot:02X}{name}"), (*entry).clone())),
            _ => links.push((format!("{slot:02X}"), shard(&entries, level + 1))),
        }
    }
    let mut data = data(Type::Shard, &filled, None, &[]);
    put_number(5, 0x22, &mut data);
    put_number(6, 256, &mut data);
    let links: Vec<(&str, &Blocks)> = links.iter().map(|(name, to)| (name.as_str(), to)).collect();
    Blocks::node(&links, &data)
}

/// A CARv1 of these blocks in this order; those that are not there are left out.
pub fn car(blocks: &Blocks, order: &[Cid]) -> Vec<u8> {
    let mut root = vec![0];
    root.extend(blocks.root.to_bytes());
    let mut header = b"\xa2\x65roots\x81\xd8\x2a\x58".to_vec();
    header.push(root.len() as u8);
    header.extend(root);
    header.extend(b"\x67version\x01");
    let mut car = Vec::new();
    varint::put(header.len() as u64, &mut car);
    car.extend(header);
    for (cid, bytes) in order.iter().filter_map(|cid| Some((cid, blocks.get(cid)?))) {
        let cid = cid.to_bytes();
        varint::put((cid.len() + bytes.len()) as u64, &mut car);
        car.extend(cid);
        car.extend(bytes);
    }
    car
}
