//! Files from IPFS, whose names are their hashes: nobody who hands them on needs to be trusted.
//!
//! A file is a tree of blocks, each named by a [`Cid`], which is a hash of its bytes. [`Block::verify`] is the only way
//! to a [`Block`], so what the rest works on is what its name says. A [`Walk`] reads one file from front to back: it
//! says which blocks it wants, now and soon, takes them in any order, and yields the file's bytes in theirs.
//!
//! ```text
//! "ipfs://bafy…/boot/vmlinuz" ─▶ Address ─▶ Walk ── wanted ──▶ whoever fetches (crates/assets)
//!                                            ▲  │                     │ bytes
//!                                       give │  └─▶ the file's bytes  ▼
//!                                            └───────── Block ◀── verify
//! ```
//!
//! - [`cid`], [`multihash`]: the names (<https://github.com/multiformats/cid>), CIDv0 and CIDv1.
//! - [`walk`]: UnixFS (<https://specs.ipfs.tech/unixfs/>): files of any depth, directories, sharded directories.
//! - [`car`]: many blocks in one stream (<https://ipld.io/specs/transport/car/>).
//! - [`build`]: files and directories made into blocks, for tests and benches.
//!
//! No sockets and no clock: who is asked for a block, and how often, is the business of `crates/assets`. Absent: IPNS and
//! DNSLink (names that change), bitswap (the peers' own protocol), codecs other than raw and dag-pb, and the hash
//! functions blake2b and blake3, which are named in the error.

mod address;
mod base;
mod block;
pub mod build;
pub mod car;
pub mod cid;
mod dag_pb;
mod hamt;
pub mod multihash;
mod protobuf;
mod recent;
mod unixfs;
mod varint;
pub mod walk;

pub use address::{Address, AddressError};
pub use block::{Block, MAX_BLOCK, WrongBlock};
pub use car::Car;
pub use cid::{Cid, CidError, Codec};
pub use multihash::Multihash;
pub use recent::Recent;
pub use walk::{Step, Walk, WalkError, Want};
