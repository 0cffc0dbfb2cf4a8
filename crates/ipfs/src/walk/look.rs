//! Following a path from a CID to a file.

use super::{
    WalkError, Wrong,
    content::{data, target},
    error::Names,
};
use crate::{
    Address, Block,
    cid::{Cid, Codec},
    dag_pb::Node,
    hamt::{Slot, Trail},
    unixfs::{Data, Kind},
};
use std::collections::VecDeque;

/// A path that is being followed, one block after the other.
#[derive(Debug)]
pub(super) struct Look {
    cid: Cid,
    path: VecDeque<String>,
    /// Where the first name of the path is within a sharded directory.
    trail: Option<Trail>,
}

/// Where a block has led to.
#[derive(Debug)]
pub(super) enum Found {
    /// To another block, which [`Look::cid`] names now.
    Further,
    /// The block is the root of the file.
    File(Block),
}

impl Look {
    pub(super) fn new(address: &Address) -> Look {
        Look { cid: address.cid.clone(), path: address.path.iter().cloned().collect(), trail: None }
    }

    /// The block that is needed next.
    pub(super) fn cid(&self) -> &Cid {
        &self.cid
    }

    /// Goes on, with the block that is named by [`Look::cid`].
    pub(super) fn give(&mut self, block: &Block) -> Result<Found, WalkError> {
        self.step(block).map_err(|wrong| WalkError { cid: block.cid().clone(), wrong })
    }

    fn step(&mut self, block: &Block) -> Result<Found, Wrong> {
        let Some(name) = self.path.front() else { return end(block) };
        if block.codec() == Codec::Raw {
            return Err(Wrong::NotDirectory(name.clone()));
        }
        let node = node(block)?;
        let data = data(&node)?;
        match (data.kind, &mut self.trail) {
            (Kind::Directory, None) => self.enter(&node),
            (Kind::Shard, _) => self.shard(&node, &data),
            (Kind::Symlink, None) => Err(Wrong::Symlink(target(&data))),
            (_, None) => Err(Wrong::NotDirectory(name.clone())),
            (_, Some(_)) => Err(Wrong::Shard("a part of it is something else".to_owned())),
        }
    }

    fn enter(&mut self, node: &Node<'_>) -> Result<Found, Wrong> {
        let name = self.path.front().map(String::as_str).unwrap_or_default();
        match node.links.iter().find(|link| link.name == name.as_bytes()) {
            Some(link) => Ok(self.entered(link.cid.clone())),
            None => Err(Wrong::Absent { name: name.to_owned(), names: names(node) }),
        }
    }

    fn shard(&mut self, node: &Node<'_>, data: &Data<'_>) -> Result<Found, Wrong> {
        let name = self.path.front().map(String::as_str).unwrap_or_default();
        let trail = self.trail.get_or_insert_with(|| Trail::of(name));
        match trail.step(name, node, data)? {
            Slot::Entry(cid) => Ok(self.entered(cid)),
            Slot::Shard(cid) => {
                self.cid = cid;
                Ok(Found::Further)
            }
            Slot::Other => Err(Wrong::Absent { name: name.to_owned(), names: Names::default() }),
        }
    }

    fn entered(&mut self, cid: Cid) -> Found {
        self.cid = cid;
        self.path.pop_front();
        self.trail = None;
        Found::Further
    }
}

/// The end of the path: a file, or an error that says better what it is than a file's reader would.
fn end(block: &Block) -> Result<Found, Wrong> {
    if block.codec() == Codec::DagPb {
        let node = node(block)?;
        match data(&node)?.kind {
            Kind::Directory => return Err(Wrong::Directory(names(&node))),
            Kind::Shard => return Err(Wrong::Directory(Names::default())),
            Kind::Raw | Kind::File | Kind::Metadata | Kind::Symlink => {}
        }
    }
    Ok(Found::File(block.clone()))
}

fn node(block: &Block) -> Result<Node<'_>, Wrong> {
    match block.codec() {
        Codec::DagPb => Ok(Node::parse(block.bytes())?),
        codec => Err(Wrong::Codec(codec)),
    }
}

fn names(node: &Node<'_>) -> Names {
    Names::of(node.links.iter().map(|link| link.name))
}
