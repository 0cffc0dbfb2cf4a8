//! The package cache, where the site has one.

use crate::Failure;
use arc_swap::ArcSwap;
use firstlight_boot::BootSet;
use firstlight_model::ByteSize;
use firstlight_packages::{Cache, CurrentRules, Rules, serve};
use firstlight_serve::Stop;
use std::{
    net::TcpListener,
    path::Path,
    sync::Arc,
    thread::{self, JoinHandle},
};

/// Serves packages on these sockets, by the rules of the site of the moment.
///
/// # Errors
/// The folder cannot be used, or there is no room for another thread.
pub(super) fn spawn(
    listeners: Vec<TcpListener>,
    state: &Path,
    boot: &Arc<ArcSwap<BootSet>>,
    stop: &Stop,
) -> Result<Vec<JoinHandle<()>>, Failure> {
    if listeners.is_empty() {
        return Ok(Vec::new());
    }
    let cache = Cache::open(&state.join("packages"))?;
    let counts = cache.counts();
    tracing::info!("the package cache has {} files, {}", counts.files, ByteSize(counts.bytes));
    let boot = boot.clone();
    let rules: CurrentRules = Arc::new(move || Rules::of(&boot.load().site).map(Arc::new));
    let one = |listener: TcpListener| {
        let (cache, rules, stop) = (cache.clone(), rules.clone(), stop.clone());
        let pulse = stop.pulse("packages");
        let goes_on = move || {
            pulse.beat();
            !stop.is_stopped()
        };
        Ok(thread::Builder::new().name("packages".to_owned()).spawn(move || {
            if let Err(error) = serve(&listener, &cache, &rules, goes_on) {
                tracing::error!("the package cache has ended: {error}");
            }
        })?)
    };
    listeners.into_iter().map(one).collect()
}
