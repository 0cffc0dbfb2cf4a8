//! `firstlight.lock`: what the assets and systems of a site were when they were first used, or last updated. It lies
//! beside the site and is committed with it, so that the same site boots the same bytes everywhere.
//!
//! It is HCL, read by the same reader as the site, and written by [`Lock`]'s `Display`, one entry after another in the
//! order of their names: what is written reads back as the same, and a change shows as few changed lines.
//! Nothing here does I/O: crates/assets writes the file.

mod read;
#[cfg(test)]
mod tests;
mod write;

use crate::Asset;
use firstlight_model::Sha256;
use serde::Serialize;
use std::{collections::BTreeMap, fmt, str::FromStr};

pub use read::parse_lock;
pub(crate) use read::read;

/// The file's name, in the site's folder.
pub const LOCK_FILE: &str = "firstlight.lock";

/// A whole lock file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Lock {
    /// The assets, by name.
    pub assets: BTreeMap<String, LockedAsset>,
    /// The operating systems, by what a profile calls them: `flatcar/stable`.
    pub os: BTreeMap<String, LockedOs>,
}

/// An asset as it was fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LockedAsset {
    /// The URL that it came from, as the site writes it.
    pub url: String,
    /// In bytes.
    pub size: u64,
    /// The hash that it has had since.
    pub sha256: Sha256,
    /// Why it was believed.
    pub trust: Trust,
}

/// An operating system as it was resolved.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LockedOs {
    /// The version that its channel meant.
    pub version: String,
    /// What its maker stated of its files' hashes, by the names of the assets.
    pub sha256: BTreeMap<String, Sha256>,
    /// Why that was believed; nothing where there are no hashes.
    pub trust: Option<Trust>,
}

/// Why bytes were believed when they were locked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub enum Trust {
    /// Nothing spoke for them: they were what the source gave.
    FirstUse,
    /// They are what their CID says (IPFS).
    Cid,
    /// Their hash stood in a list at this URL, which nobody signed.
    Stated(String),
    /// They, or a list with their hash, were signed with this key.
    Signed(String),
}

const SIGNED_BY: &str = "signed by ";
const STATED_BY: &str = "stated by ";

impl fmt::Display for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trust::FirstUse => f.write_str("first use"),
            Trust::Cid => f.write_str("cid"),
            Trust::Stated(url) => write!(f, "{STATED_BY}{url}"),
            Trust::Signed(key) => write!(f, "{SIGNED_BY}{key}"),
        }
    }
}

impl From<Trust> for String {
    fn from(trust: Trust) -> String {
        trust.to_string()
    }
}

impl FromStr for Trust {
    type Err = firstlight_model::Invalid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let after = |words| text.strip_prefix(words).filter(|rest| !rest.is_empty()).map(str::to_owned);
        match text {
            "first use" => return Ok(Trust::FirstUse),
            "cid" => return Ok(Trust::Cid),
            _ => {}
        }
        match (after(SIGNED_BY), after(STATED_BY)) {
            (Some(key), _) => Ok(Trust::Signed(key)),
            (None, Some(url)) => Ok(Trust::Stated(url)),
            (None, None) => Err(firstlight_model::Invalid(format!(
                "`{text}` is no reason for trust; expected \"first use\", \"cid\", \"{STATED_BY}…\" or \"{SIGNED_BY}…\""
            ))),
        }
    }
}

/// One difference between two lock files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Moved {
    /// An asset's entry is new, gone or another.
    Asset {
        /// Its name.
        name: String,
        /// What it was.
        from: Option<LockedAsset>,
        /// What it is.
        to: Option<LockedAsset>,
    },
    /// An operating system's entry is new, gone or another.
    Os {
        /// Its name.
        name: String,
        /// What it was.
        from: Option<LockedOs>,
        /// What it is.
        to: Option<LockedOs>,
    },
}

impl Lock {
    /// The entry of an asset. One counts only while the asset still has the URL that it was fetched from.
    pub fn asset(&self, asset: &Asset) -> Option<&LockedAsset> {
        self.assets.get(&asset.name).filter(|locked| asset.urls().contains(&locked.url))
    }

    /// Makes one change.
    pub fn change(&mut self, moved: Moved) {
        match moved {
            Moved::Asset { name, to: Some(to), .. } => drop(self.assets.insert(name, to)),
            Moved::Asset { name, to: None, .. } => drop(self.assets.remove(&name)),
            Moved::Os { name, to: Some(to), .. } => drop(self.os.insert(name, to)),
            Moved::Os { name, to: None, .. } => drop(self.os.remove(&name)),
        }
    }

    /// What is different in `new`: assets, then systems, each by name.
    pub fn diff(&self, new: &Lock) -> Vec<Moved> {
        let assets =
            changes(&self.assets, &new.assets).into_iter().map(|(name, from, to)| Moved::Asset { name, from, to });
        assets
            .chain(changes(&self.os, &new.os).into_iter().map(|(name, from, to)| Moved::Os { name, from, to }))
            .collect()
    }
}

type Change<T> = (String, Option<T>, Option<T>);

fn changes<T: Clone + PartialEq>(old: &BTreeMap<String, T>, new: &BTreeMap<String, T>) -> Vec<Change<T>> {
    let names: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let change = |name: &String| (name.clone(), old.get(name).cloned(), new.get(name).cloned());
    names.into_iter().map(change).filter(|(_, from, to)| from != to).collect()
}
