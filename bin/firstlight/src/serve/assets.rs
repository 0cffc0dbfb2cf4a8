//! The site's assets and loaders, verified, for a generation of the BootSet.

use crate::{Failure, fetching::Fetching};
use firstlight_assets::{Fetcher, Known, Missing, Options, Resolved, Store};
use firstlight_boot::Content;
use firstlight_site::{Moved, Site};
use indicatif::HumanBytes;
use std::{io, path::Path};

/// Verifies and fetches what the site names. What cannot be had is told and left out: the rest can be served, so that
/// one mirror that is down does not take the network's addresses with it. What is `known` and has not changed since is
/// not read again.
pub(super) fn resolve(site: &Site, store: &Store, known: Known, options: &Options) -> Result<Resolved, Failure> {
    let shown = Fetching::new(|line| tracing::info!("{line}"));
    let fetcher = Fetcher::new(site, store.clone(), known, options.clone())?;
    let resolved = firstlight_assets::resolve(site, &fetcher, &|progress| shown.show(progress));
    let bytes: u64 = resolved.assets.values().map(Content::size).sum();
    tracing::info!("{} assets verified, {}", resolved.assets.len(), HumanBytes(bytes));
    match fetcher.write_lock() {
        Ok(written) => written.file.iter().for_each(|file| tracing::info!("{}", locked(&written.moved, file))),
        Err(error) => tracing::error!("what was used for the first time could not be locked: {error}"),
    }
    Ok(resolved)
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
