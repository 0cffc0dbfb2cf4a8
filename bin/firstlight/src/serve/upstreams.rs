//! What is asked of upstreams while a site is served: the versions of systems that the lock still lacks, until they are known;
//! and whether there are newer ones, as often as the site says (`assets { check }`). What is newer is told once, and nothing is
//! moved: `firstlight assets update` does that.

use super::reload::Reloader;
use crate::systems::Tell;
use firstlight_assets::{Patience, systems};
use firstlight_serve::Stop;
use firstlight_site::{AssetSource, Site};
use std::{
    collections::BTreeMap,
    io,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

/// How often it is looked whether something is due.
const LOOK: Duration = Duration::from_secs(10);
/// How often upstreams are asked for what the lock lacks.
const AGAIN: Duration = Duration::from_secs(5 * 60);

/// At the start: nobody who waits for an address waits long for an upstream that is away. It is asked again later.
pub(super) fn at_start() -> Patience {
    Patience { stall: Duration::from_secs(5), tries: 1, ..Patience::default() }
}

/// Lines of the log.
pub(super) struct Log;

impl Tell for Log {
    fn found(&self, line: &str) {
        tracing::info!("{line}");
    }

    fn failed(&self, line: &str) {
        tracing::error!("{line}");
    }
}

/// Looks from now on. Nobody waits for this thread: it may be in the middle of a question when the server ends.
pub(super) fn spawn(reloader: Arc<Reloader>, stop: Stop) -> io::Result<()> {
    let mut asked = Asked { for_missing: Instant::now(), for_newer: None, told: BTreeMap::new() };
    let look = move || {
        while !stop.wait(LOOK) {
            asked.look(&reloader);
        }
    };
    thread::Builder::new().name("upstreams".to_owned()).spawn(look).map(drop)
}

/// When upstreams were asked last, and what was told.
struct Asked {
    for_missing: Instant,
    for_newer: Option<Instant>,
    told: BTreeMap<String, String>,
}

impl Asked {
    fn look(&mut self, reloader: &Reloader) {
        let boot = reloader.context.boot.load_full();
        if lacks_something(&boot.site) && !reloader.options.locked && self.for_missing.elapsed() >= AGAIN {
            self.for_missing = Instant::now();
            match systems::ready(boot.site.clone(), &reloader.store, &reloader.options) {
                Ok(ready) if !ready.moved.is_empty() => drop(reloader.reload()),
                Ok(_) => {}
                Err(error) => tracing::error!("what the lock lacks could not be found out: {error}"),
            }
        }
        let due = |every: Duration| self.for_newer.is_none_or(|asked| asked.elapsed() >= every);
        if boot.site.asset_settings.check.is_some_and(due) {
            self.for_newer = Some(Instant::now());
            self.newer(&boot.site, reloader);
        }
    }

    fn newer(&mut self, site: &Site, reloader: &Reloader) {
        let found = systems::newer(site, &reloader.options.patience);
        if let Err(error) = systems::keep(&reloader.store, &found) {
            tracing::error!("what is newer could not be kept: {error}");
        }
        for one in &found {
            match (&one.newest, one.is_newer()) {
                (Err(error), _) => tracing::warn!("whether {} has a newer version is not known: {error}", one.system),
                (_, Some(newest)) if self.told.get(&one.system).is_none_or(|told| told != newest) => {
                    let locked = one.locked.as_deref().unwrap_or("none");
                    let system = &one.system;
                    tracing::info!(
                        "{system} {newest} is there, {locked} is locked: `firstlight assets update {system}` moves to it"
                    );
                    self.told.insert(system.clone(), newest.to_owned());
                }
                _ => {}
            }
        }
    }
}

/// Whether a system's version is not known, or what its maker states of a file.
fn lacks_something(site: &Site) -> bool {
    site.assets.values().any(|asset| matches!(asset.source, AssetSource::Later(_)))
}
