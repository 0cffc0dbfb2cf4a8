//! The fetch engine: an asset's content, verified, from wherever it can be had.
//!
//! In this order: a local override; what is in the store already; its sources, with mirrors, retries and resuming
//! (`download`). What the bytes must be is known before they are asked for, wherever anything says it (`expect`).

mod download;
mod expect;
mod flight;
mod hashes;
mod member;
mod signed;
mod small;
mod tries;

use crate::{
    Error, Known, Progress, Step, Store, Told,
    file::verify_pinned,
    lock_file::{self, Written},
    sources::{Patience, Sources, last_part},
};
use download::Got;
use expect::Expected;
use firstlight_boot::Content;
use firstlight_model::Sha256;
use firstlight_site::{Archive, Asset, AssetSource, Lock, LockedAsset, Pin, Site};
use flight::Flights;
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

pub(crate) use hashes::Hashes;

/// How a [`Fetcher`] behaves.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// How long is waited for sources.
    pub patience: Patience,
    /// Nothing is added to the lock: an asset that is not in it is an error.
    pub locked: bool,
    /// What the lock says does not count: everything that is not pinned in the site is fetched anew.
    pub anew: bool,
    /// A folder of overrides, before the one of the site's `assets` block.
    pub local: Option<PathBuf>,
}

/// Fetches a site's assets. Shared by threads: who wants what is fetched already waits for that fetch.
#[derive(Debug)]
pub struct Fetcher {
    store: Store,
    known: Known,
    sources: Sources,
    options: Options,
    root: PathBuf,
    assets: BTreeMap<String, Asset>,
    /// The site's lock as it was read, and as it has become.
    lock: Mutex<(Lock, Lock)>,
    flights: Flights,
}

impl Fetcher {
    /// A fetcher for a site. What is `known` and unchanged is not read again.
    pub fn new(site: &Site, store: Store, known: Known, options: Options) -> Result<Fetcher, Error> {
        let local = options.local.clone().or_else(|| site.asset_settings.local.clone());
        let sources = Sources::new(site, &options.patience);
        let lock = lock_file::that_counts(&store, site)?;
        Ok(Fetcher {
            store,
            known,
            sources,
            options: Options { local, ..options },
            root: site.root.clone(),
            assets: site.assets.clone(),
            lock: Mutex::new((site.lock.clone(), lock)),
            flights: Flights::default(),
        })
    }

    /// The store that it fetches into.
    pub fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn known(&self) -> &Known {
        &self.known
    }

    /// The content of an asset, verified: fetched where it is not here yet. Blocks until it is there or cannot be had;
    /// joins a fetch of the same object that is under way. `told` hears how far it is.
    pub fn fetch(&self, asset: &Asset, told: Told<'_>) -> Result<Content, Error> {
        if let Some(path) = self.overridden(asset) {
            told(Progress { name: &asset.name, step: Step::Overridden(&path) });
            return self.known.verify(&path, None);
        }
        match &asset.source {
            AssetSource::Path(path) => match &asset.pin {
                Pin::Lock => self.known.verify(path, None),
                Pin::Sha256(pin) => self.known.verify(path, Some(*pin)),
                Pin::Sha512(_) => verify_pinned(path, &asset.pin),
                Pin::Signed(signed) => self.signed_file(&asset.name, signed, (path, &path.to_string_lossy()), told),
            },
            AssetSource::Urls(urls) => self.by_url(asset, urls, told),
            AssetSource::Member { archive, path } => self.member(asset, archive, path, told),
            AssetSource::Later(system) => Err(Error::Later(system.clone())),
        }
    }

    /// The content of an asset, where it is here: nothing is fetched. It is verified.
    pub fn here(&self, asset: &Asset) -> Option<Content> {
        match &asset.source {
            AssetSource::Path(_) => self.fetch(asset, &|_| {}).ok(),
            _ if self.overridden(asset).is_some() => self.fetch(asset, &|_| {}).ok(),
            _ => self.store.find(self.hash_of(asset)?, &self.known),
        }
    }

    /// The content of an asset, where no network is needed for it; `None` where one is.
    ///
    /// # Errors
    /// It cannot be had with one either: a local file that is gone or not right, an asset that is not locked and may not be.
    pub(crate) fn without_network(&self, asset: &Asset, told: Told<'_>) -> Result<Option<Content>, Error> {
        if self.overridden(asset).is_some() {
            return self.fetch(asset, told).map(Some);
        }
        match &asset.source {
            AssetSource::Path(_) | AssetSource::Later(_) | AssetSource::Member { archive: Archive::Path(_), .. } => {
                self.fetch(asset, told).map(Some)
            }
            AssetSource::Member { archive: Archive::Asset(_), .. } => Ok(self.here(asset)),
            AssetSource::Urls(_) if self.lacks_lock(asset) => Err(Error::NotLocked),
            AssetSource::Urls(_) => Ok(self.here(asset)),
        }
    }

    /// The hash of an asset with URLs or of a member, as far as it is known without fetching anything.
    pub fn hash_of(&self, asset: &Asset) -> Option<Sha256> {
        match (&asset.pin, &asset.source) {
            (Pin::Sha256(pin), _) => Some(*pin),
            (Pin::Sha512(pin), _) => self.store.alias("sha512", &pin.to_string()),
            (Pin::Signed(_) | Pin::Lock, AssetSource::Urls(_)) => Some(self.locked(asset)?.sha256),
            (_, AssetSource::Member { archive, path }) => self.member_hash(archive, path),
            (_, AssetSource::Path(_) | AssetSource::Later(_)) => None,
        }
    }

    /// What overrides an asset's source: a file of its name, or of the last part of one of its URLs.
    pub fn overridden(&self, asset: &Asset) -> Option<PathBuf> {
        let folder = self.options.local.as_ref()?;
        let of_url = asset.urls().iter().filter_map(|url| last_part(url));
        let plain = |name: &&str| !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\0']);
        let names = std::iter::once(&*asset.name).chain(of_url).filter(plain);
        names.map(|name| folder.join(name)).find(|path| path.is_file())
    }

    /// The entry of an asset in the lock.
    pub fn locked(&self, asset: &Asset) -> Option<LockedAsset> {
        let lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        lock.1.asset(asset).cloned()
    }

    /// Writes what has been added to the lock since it was read: into the site's folder, or, where that cannot be
    /// written to, into the store.
    pub fn write_lock(&self) -> Result<Written, Error> {
        let (moved, as_written) = {
            let lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
            (lock.0.diff(&lock.1), lock.1.clone())
        };
        let written = lock_file::write(&self.root, &self.store, moved)?;
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).0 = as_written;
        Ok(written)
    }

    fn by_url(&self, asset: &Asset, urls: &[String], told: Told<'_>) -> Result<Content, Error> {
        let expected = self.expected(asset, told)?;
        if let Some((hash, content)) =
            expected.sha256.and_then(|hash| Some((hash, self.store.find(hash, &self.known)?)))
        {
            let url = urls.first().cloned().unwrap_or_default();
            self.believe(asset, &expected, Got { content: content.clone(), sha256: hash, url, trust: None }, told);
            return Ok(content);
        }
        self.flights.join(&expected.key(urls), &asset.name, told, |told| self.new_content(asset, urls, &expected, told))
    }

    fn new_content(
        &self,
        asset: &Asset,
        urls: &[String],
        expected: &Expected,
        told: Told<'_>,
    ) -> Result<Content, Error> {
        let got = self.download(&asset.name, urls, expected, told)?;
        if let Some(sha512) = expected.sha512 {
            self.store.set_alias("sha512", &sha512.to_string(), got.sha256)?;
        }
        let content = got.content.clone();
        self.believe(asset, expected, got, told);
        Ok(content)
    }

    /// Locks what has come, where it is to be locked.
    fn believe(&self, asset: &Asset, expected: &Expected, got: Got, told: Told<'_>) {
        let Some(trust) = expected.trust(&got.url, got.trust) else { return };
        told(Progress { name: &asset.name, step: Step::Locked { sha256: got.sha256, trust: &trust } });
        // A peer that it came from is no source of the site's.
        let Some(url) = Some(got.url).filter(|url| asset.urls().contains(url)).or(asset.urls().first().cloned()) else {
            return;
        };
        let (size, sha256) = (got.content.size(), got.sha256);
        let locked = LockedAsset { url, size, sha256, trust };
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).1.assets.insert(asset.name.clone(), locked);
    }
}
