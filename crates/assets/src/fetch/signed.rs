//! Signatures (crates/trust): of a list that holds an asset's hash, or of the asset itself.

use super::{Expected, Fetcher};
use crate::{Error, file::verify_pinned, sources::shown};
use firstlight_boot::Content;
use firstlight_model::Timestamp;
use firstlight_site::{Asset, Pin, Signed, SigningKey, Trust};
use firstlight_trust::{Verdict, lists, minisign, openpgp};
use std::{
    fs::{self, File},
    io::Cursor,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

/// A signature, and the keys that count for it.
#[derive(Debug, Default)]
pub(super) struct Proof {
    open_pgp: openpgp::Keys,
    minisign: Vec<minisign::Key>,
    /// Empty for a text that holds its own.
    signature: Vec<u8>,
}

/// The first line of a signature by minisign.
const MINISIGN: &[u8] = b"untrusted comment:";

impl Proof {
    fn new(keys: &[SigningKey]) -> Result<Proof, Error> {
        let mut proof = Proof::default();
        for key in keys {
            match key {
                SigningKey::OpenPgp(path) => {
                    let bytes = fs::read(path).map_err(Error::of(path))?;
                    let read = openpgp::Keys::read(&bytes);
                    proof.open_pgp.add(read.map_err(|why| Error::Signature(format!("{}: {why}", path.display())))?);
                }
                SigningKey::Catalog(name) => {
                    let known = firstlight_catalog::KEYS.iter().find(|(known, _)| known == name);
                    let (_, text) =
                        known.ok_or_else(|| Error::Signature(format!("the catalog has no key `{name}`")))?;
                    let read = openpgp::Keys::read(text.as_bytes());
                    proof.open_pgp.add(read.map_err(|why| Error::Signature(format!("catalog:{name}: {why}")))?);
                }
                SigningKey::Minisign(text) => {
                    let key = text.parse().map_err(|why: minisign::BadKey| Error::Signature(why.to_string()))?;
                    proof.minisign.push(key);
                }
            }
        }
        Ok(proof)
    }

    /// Checks the signature of what is in a file or in memory.
    pub(super) fn check(&self, data: impl std::io::Read + std::io::Seek) -> Result<Trust, Error> {
        let verdict = if self.signature.starts_with(MINISIGN) {
            minisign::verify(&self.minisign, data, &self.signature).map_err(|why| why.to_string())
        } else {
            self.open_pgp.verify(data, &self.signature, now()).map_err(|why| why.to_string())
        };
        verdict.map(trust).map_err(Error::Signature)
    }

    /// What of a list is signed.
    fn check_list(&self, list: Vec<u8>) -> Result<(Trust, Vec<u8>), Error> {
        if self.signature.is_empty() {
            let checked = self.open_pgp.verify_clear_signed(&list, now());
            let (verdict, text) = checked.map_err(|why| Error::Signature(why.to_string()))?;
            return Ok((trust(verdict), text.into_bytes()));
        }
        Ok((self.check(Cursor::new(&list))?, list))
    }
}

fn trust(verdict: Verdict) -> Trust {
    Trust::Signed(verdict.key)
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

impl Fetcher {
    /// What a signature says that the bytes must be, or what it is to be checked with once they are here.
    pub(super) fn signed(&self, asset: &Asset, signed: &Signed) -> Result<Expected, Error> {
        let mut proof = Proof::new(&signed.keys)?;
        let in_url = |url: &str, error: Error| match error {
            Error::Signature(why) => Error::Signature(format!("{}: {why}", shown(url))),
            other => Error::Signature(other.to_string()),
        };
        if let Some(url) = &signed.signature {
            proof.signature = self.small(url, openpgp::MAX_SIGNATURE).map_err(|error| in_url(url, error))?;
        }
        let Some(list) = &signed.list else { return Ok(Expected::proven(proof)) };
        let bytes = self.small(list, lists::MAX_LIST).map_err(|error| in_url(list, error))?;
        let (trust, text) = proof.check_list(bytes).map_err(|error| in_url(list, error))?;
        let wanted = signed.name.as_deref().or(asset.urls().first().map(|url| &**url)).unwrap_or(&asset.name);
        let found = lists::find(&text, wanted).map_err(|why| in_url(list, Error::Signature(why.to_string())))?;
        Ok(Expected::listed(found, trust))
    }

    /// A local file that is signed.
    pub(super) fn signed_file(&self, asset: &Asset, signed: &Signed, path: &Path) -> Result<Content, Error> {
        let named = Signed { name: signed.name.clone().or(Some(file_name(path))), ..signed.clone() };
        let expected = self.signed(asset, &named)?;
        if let Some(proof) = &expected.proof {
            proof.check(File::open(path).map_err(Error::of(path))?)?;
        }
        let pin = expected.sha256.map(Pin::Sha256).or(expected.sha512.map(Pin::Sha512)).unwrap_or(Pin::Lock);
        verify_pinned(path, &pin)
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
