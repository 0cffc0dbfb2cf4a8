//! What a system's maker states of its files' hashes: in the listing itself, or in lists beside the files, the first of which may
//! be signed. Each further list is checked by the one before.

use super::Upstream;
use crate::{Error, keys, sources::shown};
use firstlight_model::Sha256;
use firstlight_site::{Lock, LockedOs, Sums, System, SystemFile, Trust};
use firstlight_trust::lists::{self, Hash};
use sha2::Digest;
use std::{io::Cursor, sync::Arc};

/// A hash, and why it is believed.
struct Stated {
    sha256: Sha256,
    trust: Trust,
}

impl Upstream {
    /// Adds the hashes of these files of a system, whose version is known, to its entry in the lock. Fails with the first
    /// that cannot be found out; the others are added.
    pub(super) fn hashes(&self, system: &System, names: &[&String], lock: &mut Lock) -> Result<(), Error> {
        let Some(version) = &system.version else { return Ok(()) };
        let entry = LockedOs { version: version.clone(), ..LockedOs::default() };
        let files: Vec<_> = names.iter().filter_map(|name| Some((*name, system.files.get(*name)?))).collect();
        let mut failed = Ok(());
        for (name, file) in files.into_iter().filter(|(_, file)| !file.sums.is_empty()) {
            let locked = lock.os.entry(system.name.clone()).or_insert_with(|| entry.clone());
            match self.stated(system, version, file) {
                Ok(Some(stated)) => {
                    locked.sha256.insert(name.clone(), stated.sha256);
                    locked.trust = Some(weaker(locked.trust.take(), stated.trust));
                }
                // A listing that does not state it: the first use counts.
                Ok(None) => {}
                Err(error) => failed = failed.and(Err(error)),
            }
        }
        failed
    }

    fn stated(&self, system: &System, version: &str, file: &SystemFile) -> Result<Option<Stated>, Error> {
        let mut list: Option<(Arc<[u8]>, Trust)> = None;
        for sums in &file.sums {
            let Sums::Url(url) = sums else { return self.in_listing(system, version, file) };
            list = Some(match list {
                None => self.first_list(file, url)?,
                Some((before, trust)) => {
                    let (text, expected) = (self.get(url)?, find(&before, url)?);
                    let got = Sha256(sha2::Sha256::digest(&text).into());
                    if got != expected {
                        return Err(wrong(
                            url,
                            &format!("its sha256 is {got}, and the list before it says {expected}"),
                        ));
                    }
                    (text, trust)
                }
            });
        }
        let Some((text, trust)) = list else { return Ok(None) };
        Ok(Some(Stated { sha256: find(&text, &file.url)?, trust }))
    }

    /// The first list: as much of it as is signed, where keys are there to check that.
    fn first_list(&self, file: &SystemFile, url: &str) -> Result<(Arc<[u8]>, Trust), Error> {
        let text = self.get(url)?;
        if file.keys.is_empty() {
            return Ok((text, Trust::Stated(shown(url))));
        }
        let keys = keys::open_pgp(&file.keys)?;
        let (verdict, text) = match &file.signature {
            Some(signature) => {
                let verdict = keys.verify(Cursor::new(&text), &self.get(signature)?, keys::now());
                verdict.map(|verdict| (verdict, text))
            }
            None => {
                keys.verify_clear_signed(&text, keys::now()).map(|(verdict, text)| (verdict, text.into_bytes().into()))
            }
        }
        .map_err(|error| wrong(url, &format!("its signature: {error}")))?;
        if !file.fingerprints.is_empty() && !file.fingerprints.contains(&verdict.key) {
            let known = file.fingerprints.join(", ");
            return Err(wrong(url, &format!("it is signed by {}, and the maker's key is {known}", verdict.key)));
        }
        Ok((text, Trust::Signed(verdict.key)))
    }

    fn in_listing(&self, system: &System, version: &str, file: &SystemFile) -> Result<Option<Stated>, Error> {
        let Some((listing, at)) = system.listing.as_ref().and_then(|l| Some((l, l.at.get(&file.arch)?))) else {
            return Ok(None);
        };
        let name = file.url.rsplit('/').next().unwrap_or_default();
        let offers = self.offers(system, listing, at)?;
        let hash = offers.iter().filter(|offer| offer.version == version).find_map(|offer| offer.files.get(name));
        Ok(hash.map(|hash| Stated { sha256: *hash, trust: Trust::Stated(shown(&at.url)) }))
    }
}

/// The hash of what lies at a URL, by a list.
fn find(list: &[u8], url: &str) -> Result<Sha256, Error> {
    match lists::find(list, url).map_err(|why| wrong(url, &why.to_string()))?.hash {
        Hash::Sha256(hash) => Ok(hash),
        Hash::Sha512(_) => Err(wrong(url, "the list has its SHA-512 only, and a SHA-256 is wanted")),
    }
}

fn wrong(url: &str, why: &str) -> Error {
    Error::Sums { url: shown(url), why: why.to_owned() }
}

/// Of two reasons the one that is worth less: an entry says one for all its hashes.
fn weaker(one: Option<Trust>, other: Trust) -> Trust {
    match one {
        Some(stated @ Trust::Stated(_)) => stated,
        Some(Trust::Signed(_)) | None => other,
        Some(first) => first,
    }
}
