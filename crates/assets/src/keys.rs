//! The keys of `signed` blocks: of the site's files, and of the catalog.

use crate::{Error, Missing};
use firstlight_model::Timestamp;
use firstlight_site::{Pin, SigningKey, Site};
use firstlight_trust::{
    Verdict, minisign,
    openpgp::{self, Keys},
};
use std::{
    fs::File,
    io::{self, Read, Seek},
    path::Path,
    time::SystemTime,
};

/// Who may have signed.
#[derive(Debug, Default)]
pub(crate) struct Signers {
    open_pgp: Keys,
    minisign: Vec<minisign::Key>,
}

impl Signers {
    pub(crate) fn read(keys: &[SigningKey]) -> Result<Signers, String> {
        let mut signers = Signers::default();
        for key in keys {
            match key {
                SigningKey::Minisign(text) => {
                    signers.minisign.push(text.parse().map_err(|error| format!("{text}: {error}"))?);
                }
                key => signers.open_pgp.add(ring(key)?),
            }
        }
        Ok(signers)
    }

    /// Verifies a detached signature of either kind.
    pub(crate) fn verify(&self, data: impl Read + Seek, signature: &[u8], now: Timestamp) -> Result<Verdict, String> {
        let by_minisign = signature.starts_with(b"untrusted comment:");
        match (by_minisign, self.minisign.is_empty(), self.open_pgp.list().is_empty()) {
            (true, true, _) => Err("it is by minisign, and the site gives OpenPGP keys only".to_owned()),
            (true, false, _) => minisign::verify(&self.minisign, data, signature).map_err(|error| error.to_string()),
            (false, false, true) => {
                minisign::verify(&self.minisign, data, signature).map_err(|error| error.to_string())
            }
            (false, ..) => self.open_pgp.verify(data, signature, now).map_err(|error| error.to_string()),
        }
    }

    /// Verifies a clear-signed text and returns what of it is signed.
    pub(crate) fn verify_clear_signed(&self, text: &[u8], now: Timestamp) -> Result<(Verdict, String), String> {
        if !openpgp::is_clear_signed(text) {
            return Err(
                "it holds no signature itself (it is not clear-signed): name its signature with `signature`".to_owned()
            );
        }
        self.open_pgp.verify_clear_signed(text, now).map_err(|error| error.to_string())
    }
}

/// The keys of OpenPGP among these.
pub(crate) fn open_pgp(keys: &[SigningKey]) -> Result<Keys, Error> {
    Ok(Signers::read(keys).map_err(Error::Signature)?.open_pgp)
}

/// Keys that the catalog brings along. The site was checked to name only such as there are.
fn of_catalog(name: &str) -> &'static str {
    firstlight_catalog::KEYS.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text)
}

/// The OpenPGP keys of one file; none for a key of minisign.
fn ring(key: &SigningKey) -> Result<Keys, String> {
    let (name, bytes) = match key {
        SigningKey::OpenPgp(path) => (path.display().to_string(), read_file(path).map_err(|error| error.to_string())),
        SigningKey::Catalog(name) => (name.clone(), Ok(of_catalog(name).into())),
        SigningKey::Minisign(_) => return Ok(Keys::default()),
    };
    let read = bytes.and_then(|bytes| Keys::read(&bytes).map_err(|error| error.to_string()));
    read.map_err(|why| format!("the key {name}: {why}"))
}

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(openpgp::MAX_KEYS as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// By the computer's clock.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// What is wrong with a key of the site, or will be.
#[derive(Debug)]
pub struct KeyProblem {
    /// The asset whose `signed` block names it, and where.
    pub missing: Missing,
    /// Whether signatures by it may count nevertheless.
    pub warning: bool,
}

/// The keys of a site's `signed` blocks that cannot be read, or by which no new signature will count. Each is named once,
/// at the first block that names it.
pub fn check_keys(site: &Site, now: Timestamp) -> Vec<KeyProblem> {
    let mut seen = Vec::new();
    let signed = site.assets.values().filter_map(|asset| match &asset.pin {
        Pin::Signed(signed) => Some((asset, signed)),
        _ => None,
    });
    let mut problems = Vec::new();
    for (asset, signed) in signed {
        for key in &signed.keys {
            if seen.contains(&key) {
                continue;
            }
            seen.push(key);
            problems.extend(problem(key, now).map(|(why, warning)| KeyProblem {
                missing: Missing::because(asset, signed.place.clone(), why),
                warning,
            }));
        }
    }
    problems
}

fn problem(key: &SigningKey, now: Timestamp) -> Option<(String, bool)> {
    let (name, keys) = match key {
        SigningKey::Minisign(_) => return Signers::read(std::slice::from_ref(key)).err().map(|why| (why, false)),
        SigningKey::OpenPgp(path) => (path.display().to_string(), ring(key)),
        SigningKey::Catalog(name) => (name.clone(), ring(key)),
    };
    let keys = match keys {
        Ok(keys) => keys.list(),
        Err(why) => return Some((why, false)),
    };
    let why_not = |key: &openpgp::KeyInfo| match (key.useless, key.expires) {
        (Some(why), _) => Some(why.to_owned()),
        (None, Some(expires)) if expires <= now => {
            Some(format!("it expired on {expires}: later signatures do not count"))
        }
        (None, _) => None,
    };
    let reasons: Vec<Option<String>> = keys.iter().map(why_not).collect();
    let useless = keys.iter().all(|key| key.useless.is_some());
    // Of many keys, the others will do.
    let why = reasons.iter().all(Option::is_some).then(|| reasons.into_iter().flatten().next()).flatten()?;
    Some((format!("the key {name}: {why}"), !useless))
}
