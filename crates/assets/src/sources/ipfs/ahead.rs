//! Blocks on their way: some at once, each in a thread of its own that ends with it.

use super::gateways::{Gateways, Warning};
use crate::sources::SourceError;
use firstlight_ipfs::{Block, Cid};
use std::{
    collections::HashSet,
    io,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::Duration,
};

/// Most blocks on their way at once.
pub(super) const AT_ONCE: usize = 8;

/// Blocks on their way.
#[derive(Debug)]
pub(super) struct Ahead {
    gateways: Arc<Gateways>,
    warn: Sender<Warning>,
    under_way: HashSet<Cid>,
    came: Receiver<(Cid, Result<Block, SourceError>)>,
    comes: Sender<(Cid, Result<Block, SourceError>)>,
}

impl Ahead {
    pub(super) fn new(gateways: Arc<Gateways>, warn: Sender<Warning>) -> Ahead {
        let (comes, came) = channel();
        Ahead { gateways, warn, under_way: HashSet::new(), came, comes }
    }

    /// Has a block fetched, unless it is on its way or there are enough that are.
    pub(super) fn fetch(&mut self, cid: &Cid) -> io::Result<()> {
        if self.under_way.len() < AT_ONCE && self.under_way.insert(cid.clone()) {
            self.begin(cid)?;
        }
        Ok(())
    }

    fn begin(&self, cid: &Cid) -> io::Result<()> {
        let (gateways, warn, comes, cid) = (self.gateways.clone(), self.warn.clone(), self.comes.clone(), cid.clone());
        let work = move || {
            let came = gateways.block(&cid, &warn);
            let _ = comes.send((cid, came));
        };
        thread::Builder::new().name("ipfs block".to_owned()).spawn(work).map(drop)
    }

    /// The next block that comes, or the failure to get `urgent`; that of another one is not told before it is urgent too.
    /// `urgent` is asked for a second time, of whoever has less to do, where it takes suspiciously long.
    pub(super) fn next(&mut self, urgent: &Cid) -> io::Result<Block> {
        let mut patience = self.gateways.stall() / 6;
        loop {
            let (cid, came) = match self.came.recv_timeout(patience) {
                Ok(came) => came,
                Err(RecvTimeoutError::Timeout) => {
                    self.begin(urgent)?;
                    patience = Duration::MAX;
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => return Err(io::Error::other("no thread is left")),
            };
            self.under_way.remove(&cid);
            match came {
                Ok(block) => return Ok(block),
                Err(error) if cid == *urgent => return Err(io::Error::other(error)),
                Err(_) => {}
            }
            if !self.under_way.contains(urgent) {
                self.under_way.insert(urgent.clone());
                self.begin(urgent)?;
            }
        }
    }
}
