//! What an asset's bytes must be, as far as that is known before they are asked for.

use super::{Fetcher, Hashes, signed::Proof};
use crate::{Error, Told, sources::scheme};
use firstlight_model::{Sha256, Sha512};
use firstlight_site::{Asset, Pin, Trust};
use firstlight_trust::lists;
use sha2::Digest;

/// What bytes must be.
#[derive(Debug, Default)]
pub(super) struct Expected {
    pub(super) sha256: Option<Sha256>,
    pub(super) sha512: Option<Sha512>,
    pub(super) size: Option<u64>,
    /// Who says it.
    pub(super) by: &'static str,
    /// How the whole is to be checked once it is here.
    pub(super) proof: Option<Proof>,
    /// Whether what comes is to be locked, and why it is believed, where that is known already.
    locks: bool,
    trust: Option<Trust>,
}

impl Fetcher {
    /// True where nothing says what the asset must be, and nothing new may be believed.
    pub(super) fn lacks_lock(&self, asset: &Asset) -> bool {
        let by_lock = matches!(asset.pin, Pin::Signed(_) | Pin::Lock);
        self.options.locked && by_lock && (self.options.anew || self.locked(asset).is_none())
    }

    pub(super) fn expected(&self, asset: &Asset, told: Told<'_>) -> Result<Expected, Error> {
        let site = Expected { by: "the site", ..Expected::default() };
        let locked = self.locked(asset).filter(|_| !self.options.anew);
        Ok(match (&asset.pin, locked) {
            (Pin::Sha256(pin), _) => Expected { sha256: Some(*pin), ..site },
            (Pin::Sha512(pin), _) => {
                Expected { sha512: Some(*pin), sha256: self.store.alias("sha512", &pin.to_string()), ..site }
            }
            (Pin::Signed(_) | Pin::Lock, Some(entry)) => Expected {
                sha256: Some(entry.sha256),
                size: Some(entry.size),
                by: "firstlight.lock",
                ..Expected::default()
            },
            _ if self.lacks_lock(asset) => return Err(Error::NotLocked),
            (Pin::Signed(signed), None) => {
                let names: Vec<&str> = asset.urls().iter().map(String::as_str).collect();
                let expected = self.signed(&asset.name, signed, &names, told)?;
                // With the SHA-256 at hand, peers can be asked, and the store.
                let sha256 = |hash: Sha512| self.store.alias("sha512", &hash.to_string());
                Expected { sha256: expected.sha256.or_else(|| sha256(expected.sha512?)), ..expected }
            }
            (Pin::Lock, None) => Expected { locks: true, ..Expected::default() },
        })
    }
}

impl Expected {
    /// Bytes whose signature is checked once they are here.
    pub(super) fn proven(proof: Proof) -> Expected {
        Expected { proof: Some(proof), locks: true, ..Expected::default() }
    }

    /// What a signed list says.
    pub(super) fn listed(found: lists::Found, trust: Trust) -> Expected {
        let (sha256, sha512) = match found.hash {
            lists::Hash::Sha256(hash) => (Some(hash), None),
            lists::Hash::Sha512(hash) => (None, Some(hash)),
        };
        let (by, trust) = ("the signed list", Some(trust));
        Expected { sha256, sha512, size: found.size, by, proof: None, locks: true, trust }
    }

    /// True where something says what the bytes must be.
    pub(super) fn is_known(&self) -> bool {
        self.sha256.is_some() || self.sha512.is_some()
    }

    /// The name of the object, before it is there: of its part, and of its flight.
    pub(super) fn key(&self, urls: &[String]) -> String {
        match (self.sha256, self.sha512) {
            (_, Some(hash)) => format!("sha512-{hash}"),
            (Some(hash), None) => format!("sha256-{hash}"),
            (None, None) => format!("url-{}", Sha256(sha2::Sha256::digest(urls.join("\n")).into())),
        }
    }

    /// Which hash is wrong: its kind, what was expected, what is there.
    pub(super) fn wrong(&self, hashes: &Hashes) -> Option<(&'static str, String, String)> {
        let wrong_sha256 = self.sha256.filter(|hash| *hash != hashes.sha256());
        if let (Some(expected), got) = (self.sha512, hashes.sha512())
            && got != Some(expected)
        {
            return Some(("sha512", expected.to_string(), got.map(|got| got.to_string()).unwrap_or_default()));
        }
        wrong_sha256.map(|expected| ("sha256", expected.to_string(), hashes.sha256().to_string()))
    }

    /// Why what came from this URL is believed, where it is to be locked. `proven`: what its own signature says.
    pub(super) fn trust(&self, url: &str, proven: Option<Trust>) -> Option<Trust> {
        let by_source = || if scheme(url) == "ipfs" { Trust::Cid } else { Trust::FirstUse };
        self.locks.then(|| proven.or_else(|| self.trust.clone()).unwrap_or_else(by_source))
    }
}
