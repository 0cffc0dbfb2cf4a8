//! Bundles: everything that a site has to fetch, in one file, for places without a network.
//!
//! A bundle is a plain tar, so that people can look inside:
//!
//! ```text
//! firstlight-bundle.json     what is in it: each object's SHA-256 and size, and what it is to the site
//! firstlight.lock            the lock's entries for the site's assets
//! sha256/abcdef…             the objects, each once, by their hashes in order
//! ```
//!
//! The same site makes the same bytes. Every object is hashed when it comes in; what is there already is passed over, so
//! that an import that was cut off goes on where it was. What stands in the site's own folder is not in it: that is
//! carried over as it is.

mod export;
mod import;
mod tar;

pub use export::{Exported, export};
pub use import::{Imported, import};

use firstlight_model::{Sha256, Sha512};
use serde::{Deserialize, Serialize};
use sha2::Digest;

/// The first member.
const MANIFEST: &str = "firstlight-bundle.json";
const FORMAT: &str = "firstlight bundle 1";
/// The longest manifest and lock that are read.
const LONGEST: u64 = 64 << 20;
/// Under which kind the store keeps loaders, each by the hash of its name.
pub(crate) const LOADER: &str = "loader";

/// What a bundle holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Manifest {
    format: String,
    /// The site's name, for people.
    site: String,
    /// Ordered by hash, each once.
    objects: Vec<Object>,
}

/// One object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Object {
    sha256: Sha256,
    /// Where the site pins it so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    sha512: Option<Sha512>,
    size: u64,
    /// The assets that it is.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    assets: Vec<String>,
    /// The network boot programs that it is.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    loaders: Vec<String>,
}

impl Object {
    fn name(&self) -> String {
        format!("sha256/{}", self.sha256)
    }

    /// What people call it.
    fn called(&self) -> String {
        let names: Vec<&str> = self.assets.iter().chain(&self.loaders).map(String::as_str).collect();
        if names.is_empty() { self.sha256.short() } else { names.join(", ") }
    }
}

/// What a loader's name is to the store.
pub(crate) fn loader_alias(name: &str) -> (&'static str, String) {
    (LOADER, Sha256(sha2::Sha256::digest(name).into()).to_string())
}

#[cfg(test)]
mod tests;
