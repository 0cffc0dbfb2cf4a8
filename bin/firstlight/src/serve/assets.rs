//! The site's assets and loaders, verified, for a generation of the BootSet. What is not here yet is fetched when a machine
//! asks for it (`on_demand`).

use crate::{Failure, fetching::Fetching};
use firstlight_assets::{Fetcher, Known, Missing, Options, Resolved, Store, Written, look};
use firstlight_boot::{BootSet, Content};
use firstlight_site::{Moved, Site};
use indicatif::HumanBytes;
use std::{io, path::Path, sync::Arc};

/// What a site's machines can be served, and who fetches the rest.
pub(super) struct Supplies {
    pub(super) resolved: Resolved,
    pub(super) fetcher: Arc<Fetcher>,
}

/// Verifies what the site names, as far as it is here. What cannot be had is told and left out: the rest can be served, so
/// that one mirror that is down does not take the network's addresses with it. What is `known` and has not changed since is
/// not read again.
///
/// What `old`, the generation before, could serve has to be here at once: a site that is read anew never takes from machines
/// what they had.
pub(super) fn supplies(
    site: &Site,
    store: &Store,
    old: Option<&BootSet>,
    options: &Options,
) -> Result<Supplies, Failure> {
    let shown = Fetching::new(|line| tracing::info!("{line}"));
    let known: Known = old.iter().flat_map(|old| old.contents()).collect();
    let fetcher = Fetcher::new(site, store.clone(), known, options.clone())?;
    let mut resolved = look(site, &fetcher, &|progress| shown.show(progress));
    let had = |name: &str| old.is_some_and(|old| old.asset(name).is_some());
    resolved.fetch_now(site, &fetcher, had, &|progress| shown.show(progress));
    let bytes: u64 = resolved.assets.values().map(Content::size).sum();
    tracing::info!("{} assets verified, {}", resolved.assets.len(), HumanBytes(bytes));
    if !resolved.later.is_empty() {
        tracing::info!("fetched when they are asked for: {}", resolved.later.join(", "));
    }
    say_locked(fetcher.write_lock());
    Ok(Supplies { resolved, fetcher: Arc::new(fetcher) })
}

/// Tells what was locked, if anything was.
pub(super) fn say_locked(written: Result<Written, firstlight_assets::Error>) {
    match written {
        Ok(written) => written.file.iter().for_each(|file| tracing::info!("{}", locked(&written.moved, file))),
        Err(error) => tracing::error!("what was used for the first time could not be locked: {error}"),
    }
}

fn locked(moved: &[Moved], file: &Path) -> String {
    let names: Vec<&str> = moved
        .iter()
        .map(|moved| match moved {
            Moved::Asset { name, .. } | Moved::Os { name, .. } => &**name,
        })
        .collect();
    format!("locked in {}: {}", file.display(), names.join(", "))
}

/// What cannot be served, and why, in a line.
pub(super) fn say_missing(missing: &Missing) -> String {
    let next = match &missing.error {
        firstlight_assets::Error::File { path, source } if source.kind() == io::ErrorKind::PermissionDenied => {
            let path = path.display();
            format!("; it is read as the user that serves: chmod o+r {path}, and o+x for the folders above it")
        }
        _ => String::new(),
    };
    format!("{} cannot be served: {}{next}", missing.name, missing.error)
}
