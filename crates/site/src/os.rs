//! Operating systems that profiles name instead of files: `os = "flatcar/stable"`. What one consists of is said in an `os`
//! block, of the catalog or of the site; here is what came of it.

use crate::{Place, SigningKey};
use firstlight_catalog::listing::Format;
use firstlight_model::Arch;
use serde::Serialize;
use std::collections::BTreeMap;

/// A system as profiles name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct System {
    /// What profiles call it: `flatcar/stable`, or `flatcar/stable/4230.2.1` where they say which version.
    pub name: String,
    /// Where the first profile names it.
    pub place: Place,
    /// What it is called in a menu.
    pub title: String,
    /// Which version it is. `None` where nothing says it yet: its listing has to be asked.
    pub version: Option<String>,
    /// What says it.
    pub known_by: KnownBy,
    /// Where its versions are listed. `None` for one that has no versions, or that lies on this computer.
    pub listing: Option<Listing>,
    /// Its files that are fetched, by the names of the assets.
    pub files: BTreeMap<String, SystemFile>,
}

/// What says which version of a system is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum KnownBy {
    /// The profile: it stays.
    Profile,
    /// `firstlight.lock`, or nothing yet: `firstlight assets update` moves it.
    Lock,
    /// The files on this computer, or there are no versions.
    Disk,
}

/// Where the versions of a system are listed, and what counts there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listing {
    /// How it is written.
    pub format: Format,
    /// What is looked for in it; empty where the format needs nothing.
    pub key: String,
    /// What the versions begin with that count.
    pub prefix: String,
    /// Whether announcements count: alphas, betas, release candidates.
    pub announcements: bool,
    /// Its URL for each architecture that profiles want, and the maker's word for it.
    pub at: BTreeMap<Arch, ListedAt>,
}

/// A listing for one architecture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedAt {
    /// The URL.
    pub url: String,
    /// The maker's word for the architecture.
    pub arch: String,
    /// As [`Listing::key`], for this architecture.
    pub key: String,
}

/// A file of a system: how the hash is found out that is its asset's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SystemFile {
    /// For which architecture.
    pub arch: Arch,
    /// Its URL.
    pub url: String,
    /// The lists of hashes that lead to it: each but the first stands in the one before, it stands in the last. Empty where
    /// no list names it.
    pub sums: Vec<Sums>,
    /// The signature of the first list. `None` where that is clear-signed, or not signed.
    pub signature: Option<String>,
    /// Who may have signed the first list. Empty: it is believed because it came over https.
    pub keys: Vec<SigningKey>,
    /// The fingerprints that the maker publishes; where there are any, a key of another one does not count.
    pub fingerprints: Vec<String>,
}

/// A list of hashes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sums {
    /// The listing of the versions states them too.
    Listing,
    /// The list at this URL.
    Url(String),
}
