//! Content that is not here yet: it is fetched when somebody first asks for it, and everybody who asks meanwhile waits
//! for the same fetch.
//!
//! Whether bytes may leave before the last one is here depends on how they are known to be right. Of content with one hash
//! for the whole, nothing leaves before all of it was verified. Of content that is verified block by block (IPFS), what was
//! verified may go on at once.

use firstlight_boot::{Awaited, BootSet, Content, HowFar};
use firstlight_model::Mac;
use firstlight_site::Asset;
use std::{fs::File, sync::Arc, time::Duration};
use tokio::sync::watch;

/// How often somebody who waits looks again.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Fetches what a site names and what is not here.
pub trait Fetch: Send + Sync {
    /// Begins to fetch the asset, where nobody does already, and tells how far it is. Returns at once. `by` is who asks,
    /// for the record.
    fn want(&self, asset: &Asset, by: Option<Mac>) -> Found;
}

/// Where an asset's content is.
#[derive(Debug, Clone)]
pub enum Found {
    /// Here, and verified.
    Here(Content),
    /// On its way.
    Coming {
        /// Bytes so far.
        done: u64,
        /// Bytes in all, where the source told.
        total: Option<u64>,
        /// What of it may be read already, where it is verified block by block.
        growing: Option<Growing>,
    },
    /// It could not be fetched. It is tried again after a while.
    Failed(String),
}

/// A file that grows while it is verified.
#[derive(Debug, Clone)]
pub struct Growing {
    /// The file.
    pub file: Arc<File>,
    /// How long it will be.
    pub size: u64,
    /// How much of it is here and verified. The other end goes when the fetch is over; short of `size`, it has failed.
    pub verified: watch::Receiver<u64>,
}

/// Fetches nothing: what is not here cannot be had.
#[derive(Debug, Clone, Copy)]
pub struct NoFetch;

impl Fetch for NoFetch {
    fn want(&self, _: &Asset, _: Option<Mac>) -> Found {
        Found::Failed("nothing is fetched here".to_owned())
    }
}

impl Found {
    /// What a machine has to wait for; `None` for what it can be sent.
    pub(crate) fn awaited(&self, name: &str) -> Option<Awaited> {
        let how_far = match self {
            Found::Here(_) | Found::Coming { growing: Some(_), .. } => return None,
            Found::Coming { done, total, growing: None } => HowFar::Fetching { done: *done, total: *total },
            Found::Failed(why) => HowFar::Failed(why.clone()),
        };
        Some(Awaited { name: name.to_owned(), how_far })
    }
}

/// An asset by its name, wherever it is. `None` for one that the site does not have.
pub(crate) fn find(fetch: &dyn Fetch, set: &BootSet, name: &str, by: Option<Mac>) -> Option<Found> {
    match set.asset(name) {
        Some(content) => Some(Found::Here(content.clone())),
        None => Some(fetch.want(set.site.assets.get(name)?, by)),
    }
}
