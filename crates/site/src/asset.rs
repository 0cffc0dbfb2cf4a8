//! `asset` blocks and the `assets` block: named content, where it comes from, how it is known to be right.

use crate::Place;
use firstlight_model::{Sha256, Sha512};
use serde::Serialize;
use std::{path::PathBuf, time::Duration};

/// An `asset` block: named content.
#[derive(Debug, Clone, Serialize)]
pub struct Asset {
    /// The block's label; also its name in URLs.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// Where the bytes come from.
    pub source: AssetSource,
    /// How it is known that the bytes are right, before they are served.
    pub pin: Pin,
}

/// Where an asset's bytes come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AssetSource {
    /// A local file, absolute or resolved against the site's folder. It existed when the site was checked.
    Path(PathBuf),
    /// URLs of the same bytes, at least one, in the order in which they are tried. Each has one of [`SCHEMES`].
    Urls(Vec<String>),
    /// One file inside an archive, a package or an image of a disc.
    Member {
        /// What it is in.
        archive: Archive,
        /// Its path in there, without a `/` at the beginning.
        path: String,
    },
    /// It is a file of this [`crate::System`], of which is not known yet which version is meant.
    Later(String),
}

/// What a member is taken out of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Archive {
    /// Another asset, by name. It is declared, and is not itself taken out of this one.
    Asset(String),
    /// A local file, as [`AssetSource::Path`].
    Path(PathBuf),
}

/// The schemes that an asset's URL may have.
pub const SCHEMES: [&str; 7] = ["http", "https", "ftp", "file", "ipfs", "oci", "firstlight"];

/// How it is known that an asset's bytes are right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Pin {
    /// By their SHA-256, in the site.
    Sha256(Sha256),
    /// By their SHA-512, in the site.
    Sha512(Sha512),
    /// By a signature, with the key in the site.
    Signed(Signed),
    /// Nothing is given. A local file is what it is, a member is what its archive is; for a URL `firstlight.lock` holds
    /// the hash, written at the first use.
    Lock,
}

/// A `signed` block: bytes, or a list of hashes, that somebody has signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Signed {
    /// Where it stands.
    pub place: Place,
    /// The URL of a list of hashes, as sha256sum writes it. `None`: the signature is of the asset itself.
    pub list: Option<String>,
    /// The URL of the signature. `None` only with a list, which then holds it (OpenPGP, clear-signed).
    pub signature: Option<String>,
    /// What the asset is called in the list: the last part of its URL where not set.
    pub name: Option<String>,
    /// Who may have signed, one at least.
    pub keys: Vec<SigningKey>,
}

/// A key that signatures are checked with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SigningKey {
    /// A file of OpenPGP public keys, armoured or not. It existed when the site was checked.
    OpenPgp(PathBuf),
    /// A public key of minisign, in its text form (`RW…`). Only its shape was checked.
    Minisign(String),
    /// OpenPGP public keys that the catalog brings along, by their name there.
    Catalog(String),
}

/// The `assets` block.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AssetSettings {
    /// A folder whose files override sources: one of an asset's name, or of the last part of its URL, is used instead.
    /// Resolved against the site's folder; it need not be there.
    pub local: Option<PathBuf>,
    /// IPFS gateways, `http` or `https` URLs without a `/` at their end, in the order in which they are tried.
    pub gateways: Vec<String>,
    /// Other Firstlights, `http` or `https` URLs without a `/` at their end, asked for a hash before the sources are.
    pub peers: Vec<String>,
    /// How often upstreams are asked for new versions; never where not set.
    #[serde(serialize_with = "maybe_as_written")]
    pub check: Option<Duration>,
    /// When `serve` fetches what is not here.
    pub fetch: When,
}

/// When content that is not here is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum When {
    /// When a machine first asks for it. The default.
    #[default]
    Demand,
    /// All of it, as soon as the site is served.
    Start,
}

impl When {
    /// The word in the site.
    pub fn word(self) -> &'static str {
        match self {
            When::Demand => "demand",
            When::Start => "start",
        }
    }
}

fn maybe_as_written<S: serde::Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    match duration {
        Some(duration) => crate::site::as_written(duration, serializer),
        None => serializer.serialize_none(),
    }
}

impl Asset {
    /// The URLs of its bytes; none for a local file and a member.
    pub fn urls(&self) -> &[String] {
        match &self.source {
            AssetSource::Urls(urls) => urls,
            AssetSource::Path(_) | AssetSource::Member { .. } | AssetSource::Later(_) => &[],
        }
    }
}
