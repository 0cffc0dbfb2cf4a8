//! The site's assets and loaders, verified, for a generation of the BootSet.

use crate::Failure;
use firstlight_assets::{Known, Missing, Resolved, Store};
use firstlight_boot::Content;
use firstlight_site::Site;
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use std::{
    cell::RefCell,
    io,
    path::Path,
    time::{Duration, Instant},
};

/// Verifies and fetches what the site names. What cannot be had is told and left out: the rest can be served, so that
/// one mirror that is down does not take the network's addresses with it. What is `known` and has not changed since is
/// not read again.
pub(super) fn resolve(site: &Site, state: &Path, known: &Known) -> Result<Resolved, Failure> {
    let store = Store::open(&state.join("assets"))?;
    let shown = Fetching::default();
    let resolved = firstlight_assets::resolve(site, &store, known, &|progress| shown.show(progress));
    let bytes: u64 = resolved.assets.values().map(Content::size).sum();
    tracing::info!("{} assets verified, {}", resolved.assets.len(), HumanBytes(bytes));
    Ok(resolved)
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

/// A bar for each fetch on a terminal; without one, a line every ten seconds.
#[derive(Default)]
struct Fetching(RefCell<Option<(String, ProgressBar, Instant)>>);

impl Fetching {
    fn show(&self, progress: firstlight_assets::Progress<'_>) {
        let mut current = self.0.borrow_mut();
        if current.as_ref().is_none_or(|(name, ..)| name != progress.name) {
            let style = ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}");
            let bar = ProgressBar::new(progress.total.unwrap_or(0)).with_message(format!("fetching {}", progress.name));
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            tracing::info!("fetching {}", progress.name);
            *current = Some((progress.name.to_owned(), bar, Instant::now()));
        }
        if let Some((name, bar, told)) = current.as_mut() {
            bar.set_position(progress.done);
            if bar.is_hidden() && told.elapsed() > Duration::from_secs(10) {
                *told = Instant::now();
                tracing::info!("fetching {name}: {} so far", HumanBytes(progress.done));
            }
        }
    }
}
