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
    /// The assets that are not here and can be fetched when they are asked for: [`look`] leaves them for later.
    pub later: Vec<String>,
    /// What is not there or not right.
    pub missing: Vec<Missing>,
}

impl Resolved {
    fn take(&mut self, asset: &Asset, result: Result<Content, Error>) {
        match result {
            Ok(content) => {
                self.assets.insert(asset.name.clone(), content);
            }
            Err(error) => self.missing.push(missing(&asset.name, Some(&asset.place), error)),
        }
    }

    /// Fetches those of [`Resolved::later`] that must not wait until they are asked for.
    pub fn fetch_now(&mut self, site: &Site, fetcher: &Fetcher, is_one: impl Fn(&str) -> bool, told: Told<'_>) {
        let (now, later) = std::mem::take(&mut self.later).into_iter().partition(|name| is_one(name));
        self.later = later;
        let now: Vec<String> = now;
        let assets = now.iter().filter_map(|name| site.assets.get(name));
        fetcher.fetch_all(assets, told).into_iter().for_each(|(asset, result)| self.take(asset, result));
    }
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
    let fetched = fetcher.fetch_all(site.assets.values(), told);
    fetched.into_iter().for_each(|(asset, result)| resolved.take(asset, result));
    add_loaders(&mut resolved, site, fetcher);
    resolved
}

/// The same without a network: what is not here, and can be fetched, is left for later.
pub fn look(site: &Site, fetcher: &Fetcher, told: Told<'_>) -> Resolved {
    let mut resolved = Resolved::default();
    for asset in site.assets.values() {
        match fetcher.without_network(asset, told) {
            Ok(Some(content)) => resolved.take(asset, Ok(content)),
            Ok(None) => resolved.later.push(asset.name.clone()),
            Err(error) => resolved.take(asset, Err(error)),
        }
    }
    add_loaders(&mut resolved, site, fetcher);
    resolved
}

fn add_loaders(resolved: &mut Resolved, site: &Site, fetcher: &Fetcher) {
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
