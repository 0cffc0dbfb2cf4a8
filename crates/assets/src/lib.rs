//! Content that is what it says: every asset of a site is hashed, checked against its pin, and only then served.
//!
//! - [`resolve`] turns a site's assets and loaders into [`Content`], fetching what is not here yet.
//! - [`Store`] keeps what was fetched, by hash: written aside, verified, made durable, renamed into place.
//!
//! Not here yet: signatures, lock files, mirrors, IPFS, archives.

mod fetch;
mod file;
mod known;
mod store;

use firstlight_boot::{Content, loaders};
use firstlight_model::Sha256;
use firstlight_site::{Asset, AssetSource, Pin, Place, Site};
use std::{collections::BTreeMap, path::PathBuf};

pub use file::verify;
pub use known::Known;
pub use store::Store;

/// Why an asset cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The URL could not be fetched.
    #[error("{url}: {message}")]
    Fetch {
        /// Which URL.
        url: String,
        /// What went wrong.
        message: String,
    },
    /// The bytes are not the ones that were pinned.
    #[error("{what} is not what the site pins: expected sha256 {expected}, got {got}{}", kept.as_ref().map(|path| format!("; the bytes are kept in {}", path.display())).unwrap_or_default())]
    Mismatch {
        /// The file or URL.
        what: String,
        /// The pin.
        expected: Sha256,
        /// The hash of what was found.
        got: Sha256,
        /// Where the bad bytes were put for a look, when they were fetched.
        kept: Option<PathBuf>,
    },
}

/// An asset or loader that cannot be served.
#[derive(Debug)]
pub struct Missing {
    /// Its name.
    pub name: String,
    /// Where the site names it; `None` for a usual loader.
    pub place: Option<Place>,
    /// Why.
    pub error: Error,
}

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

/// How far a long action has come.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    /// The asset's name.
    pub name: &'a str,
    /// Bytes so far.
    pub done: u64,
    /// Bytes in all, where the source told.
    pub total: Option<u64>,
}

/// Verifies every asset and loader of a site, fetching into `store` what is not there yet. What is `known` and unchanged
/// is not read again. What fails is told in [`Resolved::missing`]; the rest can be served.
pub fn resolve(site: &Site, store: &Store, known: &Known, progress: &dyn Fn(Progress<'_>)) -> Resolved {
    let mut resolved = Resolved::default();
    for asset in site.assets.values() {
        match resolve_asset(asset, store, known, progress) {
            Ok(content) => {
                resolved.assets.insert(asset.name.clone(), content);
            }
            Err(error) => {
                let place = Some(asset.place.clone());
                resolved.missing.push(Missing { name: asset.name.clone(), place, error });
            }
        }
    }
    for loader in loaders(site) {
        for file in loader.files {
            match known.verify(&file.path, None) {
                Ok(content) => {
                    resolved.loaders.insert(file.name, content);
                }
                Err(_) if !loader.expected => {}
                Err(error) => {
                    resolved.missing.push(Missing { name: file.name, place: loader.place.clone(), error });
                }
            }
        }
    }
    resolved
}

/// The local assets that are not what the site pins them to be, or cannot be read. Fetches nothing.
pub fn check_local(site: &Site) -> Vec<Missing> {
    let wrong = |asset: &Asset| match (&asset.source, &asset.pin) {
        (AssetSource::Path(path), Pin::Sha256(pin)) => {
            let error = verify(path, Some(*pin)).err()?;
            Some(Missing { name: asset.name.clone(), place: Some(asset.place.clone()), error })
        }
        _ => None,
    };
    site.assets.values().filter_map(wrong).collect()
}

fn resolve_asset(
    asset: &Asset,
    store: &Store,
    known: &Known,
    progress: &dyn Fn(Progress<'_>),
) -> Result<Content, Error> {
    let not_yet =
        |url: &str, what: &str| Error::Fetch { url: url.to_owned(), message: format!("{what} not known yet") };
    match (&asset.source, &asset.pin) {
        (AssetSource::Path(path), Pin::Sha256(pin)) => known.verify(path, Some(*pin)),
        (AssetSource::Path(path), Pin::Lock) => known.verify(path, None),
        (AssetSource::Urls(urls), Pin::Sha256(pin)) => match store.find(*pin, known) {
            Some(content) => Ok(content),
            None => {
                let http = urls.iter().find(|url| url.starts_with("http:") || url.starts_with("https:"));
                let url = http.ok_or_else(|| not_yet(urls.first().map_or("", |url| url), "how to fetch this is"))?;
                store.fetch(url, *pin, |done, total| progress(Progress { name: &asset.name, done, total }))
            }
        },
        (AssetSource::Member { path, .. }, _) => Err(not_yet(path, "how to take files out of archives is")),
        (_, Pin::Sha512(_) | Pin::Signed(_) | Pin::Lock) => {
            Err(not_yet(asset.urls().first().unwrap_or(&asset.name), "what is pinned by no sha256 is"))
        }
    }
}
