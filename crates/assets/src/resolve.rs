//! A site's assets and loaders, all of them, for a generation of the BootSet.

use crate::{Error, Fetcher, Missing, Told};
use firstlight_boot::{Content, loaders};
use firstlight_site::{Asset, AssetSource, Pin, Place, Site};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, PoisonError},
    thread,
};

/// How many assets are fetched at the same time.
const AT_ONCE: usize = 4;

/// What a site's machines can be served, by name.
#[derive(Debug, Default)]
pub struct Resolved {
    /// The site's assets.
    pub assets: BTreeMap<String, Content>,
    /// The network boot programs and what they fetch from beside themselves.
    pub loaders: BTreeMap<String, Content>,
    /// What is not there or not right.
    pub missing: Vec<Missing>,
}

impl Fetcher {
    /// Fetches several assets, some of them at the same time. The results are in the order of the assets.
    pub fn fetch_all<'a>(
        &self,
        assets: impl IntoIterator<Item = &'a Asset>,
        told: Told<'_>,
    ) -> Vec<(&'a Asset, Result<Content, Error>)> {
        let waiting: Mutex<VecDeque<_>> = Mutex::new(assets.into_iter().enumerate().collect());
        let done = Mutex::new(Vec::new());
        let work = || {
            while let Some((at, asset)) = waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front() {
                let result = self.fetch(asset, told);
                done.lock().unwrap_or_else(PoisonError::into_inner).push((at, asset, result));
            }
        };
        thread::scope(|scope| (0..AT_ONCE).for_each(|_| drop(scope.spawn(work))));
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_by_key(|(at, ..)| *at);
        done.into_iter().map(|(_, asset, result)| (asset, result)).collect()
    }
}

/// Verifies every asset and loader of a site, fetching what is not there yet. What fails is told in
/// [`Resolved::missing`]; the rest can be served.
pub fn resolve(site: &Site, fetcher: &Fetcher, told: Told<'_>) -> Resolved {
    let mut resolved = Resolved::default();
    for (asset, result) in fetcher.fetch_all(site.assets.values(), told) {
        match result {
            Ok(content) => {
                resolved.assets.insert(asset.name.clone(), content);
            }
            Err(error) => resolved.missing.push(missing(&asset.name, Some(&asset.place), error)),
        }
    }
    for loader in loaders(site) {
        for file in loader.files {
            match fetcher
                .known()
                .verify(&file.path, None)
                .or_else(|error| from_bundle(fetcher, &file.name).ok_or(error))
            {
                Ok(content) => {
                    resolved.loaders.insert(file.name, content);
                }
                Err(_) if !loader.expected => {}
                Err(error) => resolved.missing.push(missing(&file.name, loader.place.as_ref(), error)),
            }
        }
    }
    resolved
}

/// A network boot program that is not on this computer, but came with a bundle.
fn from_bundle(fetcher: &Fetcher, name: &str) -> Option<Content> {
    let (kind, alias) = crate::bundle::loader_alias(name);
    fetcher.store().find(fetcher.store().alias(kind, &alias)?, fetcher.known())
}

fn missing(name: &str, place: Option<&Place>, error: Error) -> Missing {
    Missing { name: name.to_owned(), place: place.cloned(), error }
}

/// The local assets that are not what the site pins them to be, or cannot be read. Fetches nothing.
pub fn check_local(site: &Site) -> Vec<Missing> {
    let wrong = |asset: &Asset| match (&asset.source, &asset.pin) {
        (AssetSource::Path(path), Pin::Sha256(_) | Pin::Sha512(_)) => {
            let error = crate::file::verify_pinned(path, &asset.pin).err()?;
            Some(missing(&asset.name, Some(&asset.place), error))
        }
        _ => None,
    };
    site.assets.values().filter_map(wrong).collect()
}
