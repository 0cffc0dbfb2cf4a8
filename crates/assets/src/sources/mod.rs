//! Where bytes come from. A source is a small module behind [`Sources::open`]: it gives a stream of a URL's bytes, from an
//! offset where it can, and says plainly what went wrong. Retries, mirrors, resuming, hashing and the store are the
//! engine's (`crate::fetch`), once for all of them: a source never writes to disk and trusts nothing that it cannot check.

mod error;
mod file;
mod ftp;
mod http;
mod ipfs;
mod oci;
mod url;

use firstlight_model::Sha256;
use firstlight_site::Site;
use std::{
    fs::File,
    io::{self, Read},
    path::PathBuf,
    sync::{Arc, mpsc::Receiver},
    time::Duration,
};

pub use error::SourceError;
pub(crate) use ipfs::Warning;
pub use url::shown;
pub(crate) use url::{last_part, scheme};

/// How long is waited for a source, and how often it is asked again.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// A source that sends no byte for so long is given up.
    pub stall: Duration,
    /// How often a source is asked in a row without a single byte more.
    pub tries: u32,
    /// The wait before the sources are asked again; doubled each time, up to [`Patience::longest_wait`].
    pub first_wait: Duration,
    /// The longest such wait.
    pub longest_wait: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            stall: Duration::from_secs(30),
            tries: 4,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(20),
        }
    }
}

/// What is asked of a source.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask<'a> {
    /// As the site writes it.
    pub(crate) url: &'a str,
    /// How many bytes of it are here already. A source that cannot go on from there begins anew.
    pub(crate) from: u64,
    /// What [`Stream::validator`] was when those came from this same URL: the source begins anew where it has changed.
    pub(crate) validator: Option<&'a str>,
    /// Those bytes. A source that knows what they must be compares them, and begins anew where they are not.
    pub(crate) have: Option<&'a File>,
}

/// The bytes of a URL.
pub(crate) struct Stream {
    /// The bytes. A failure in the middle is a [`SourceError`] inside of the `io::Error` where more than the system's word
    /// is known.
    pub(crate) body: Box<dyn Read>,
    /// How many bytes there are in all, counted from the beginning and not from `starts_at`, where the source says.
    pub(crate) total: Option<u64>,
    /// Where `body` begins: [`Ask::from`] or 0, nothing else.
    pub(crate) starts_at: u64,
    /// What tells this version of the bytes from others (a strong ETag, a time of change), where the source says.
    pub(crate) validator: Option<String>,
    /// What the whole must be, as the source knows from what it was asked for (OCI).
    pub(crate) sha256: Option<Sha256>,
    /// Whether every byte was verified before it came out of `body` (IPFS): then it may be used before the whole is here.
    pub(crate) verified: bool,
    /// What goes wrong on the way without harm, as it happens.
    pub(crate) warnings: Option<Receiver<Warning>>,
}

impl Default for Stream {
    /// No bytes, of which nothing is known.
    fn default() -> Self {
        let body = Box::new(io::empty());
        Stream { body, total: None, starts_at: 0, validator: None, sha256: None, verified: false, warnings: None }
    }
}

/// Every source, with what they are set up with.
#[derive(Debug)]
pub(crate) struct Sources {
    http: Arc<http::Http>,
    ipfs: ipfs::Ipfs,
    peers: Vec<String>,
    patience: Patience,
    /// The site's folder, which paths in URLs are relative to.
    root: PathBuf,
}

impl Sources {
    pub(crate) fn new(site: &Site, patience: &Patience) -> Sources {
        let http = Arc::new(http::Http::new(patience));
        let ipfs = ipfs::Ipfs::new(&http, &site.asset_settings.gateways, patience);
        let peers = site.asset_settings.peers.clone();
        Sources { http, ipfs, peers, patience: *patience, root: site.root.clone() }
    }

    /// The URLs to ask for an object: the site's peers by its hash, then its own.
    pub(crate) fn in_order(&self, urls: &[String], hash: Option<Sha256>) -> Vec<String> {
        let by_hash =
            hash.into_iter().flat_map(|hash| self.peers.iter().map(move |peer| format!("{peer}/sha256/{hash}")));
        by_hash.chain(urls.iter().cloned()).collect()
    }

    /// Opens a URL at an offset.
    pub(crate) fn open(&self, ask: &Ask<'_>) -> Result<Stream, SourceError> {
        match &*scheme(ask.url) {
            "http" | "https" => self.http.open(ask),
            "file" => file::open(ask),
            "ftp" => ftp::open(ask, &self.patience),
            "oci" => oci::open(ask, &self.http, &self.root),
            // An asset is at the root of a server's URLs.
            "firstlight" => match ask.url.split_once(':') {
                Some((_, rest)) => self.http.open(&Ask { url: &format!("http:{rest}"), ..*ask }),
                None => Err(SourceError::Unsupported(ask.url.to_owned())),
            },
            "ipfs" => self.ipfs.open(ask),
            other => Err(SourceError::Unsupported(other.to_owned())),
        }
    }
}
