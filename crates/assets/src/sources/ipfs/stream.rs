//! All blocks of a file in one stream (`?format=car`), from the only gateway that there is.
//!
//! The stream is ahead of its reader by a few blocks, which a thread of its own verifies. Where it ends too early, whatever
//! is missing is fetched block by block.

use super::gateways::{Gateways, Warning};
use crate::sources::SourceError;
use firstlight_ipfs::{Address, Block, Car, car::CarError};
use std::{
    io,
    sync::{
        Arc,
        mpsc::{Receiver, Sender, SyncSender, sync_channel},
    },
    thread,
};

/// Blocks that are read ahead.
const AHEAD: usize = 8;
/// The file's own blocks and those of the path to it, in the order in which they are read, each as often.
const ACCEPT: &str = "application/vnd.ipld.car; version=1; order=dfs; dups=y";

/// Begins the stream. Nothing comes out of it where the gateway does not do that.
pub(super) fn begin(
    gateways: &Arc<Gateways>,
    address: &Address,
    warn: &Sender<Warning>,
) -> io::Result<Receiver<Block>> {
    let (comes, came) = sync_channel(AHEAD);
    let (gateways, address, warn) = (gateways.clone(), address.clone(), warn.clone());
    let work = move || {
        let Some(gateway) = gateways.only() else { return };
        let Err(error) = copy(&gateways, &address, &comes) else { return };
        match &error {
            Failed::Car(CarError::Wrong(_)) => gateway.lied(),
            // It serves single blocks only, as it may.
            Failed::Source(SourceError::Status(400 | 404 | 406 | 415 | 501)) => return,
            _ => gateway.did_badly(8),
        }
        let _ = warn.send(Warning { url: gateway.shown(), why: format!("the stream of {}: {error}", address.cid) });
    };
    thread::Builder::new().name("ipfs stream".to_owned()).spawn(work)?;
    Ok(came)
}

#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("{0}")]
    Source(#[from] SourceError),
    #[error("{0}")]
    Car(#[from] CarError),
}

/// Ends when the stream does, or when nobody listens any more.
fn copy(gateways: &Gateways, address: &Address, comes: &SyncSender<Block>) -> Result<(), Failed> {
    let Some(gateway) = gateways.only() else { return Ok(()) };
    let url = address.to_string();
    let rest = format!("{}?format=car&dag-scope=entity", url.trim_start_matches("ipfs://"));
    let mut car = Car::open(gateways.get(gateway, &rest, ACCEPT, None)?)?;
    while let Some(block) = car.next_block()? {
        if comes.send(block).is_err() {
            break;
        }
    }
    Ok(())
}
