//! The `signed` block of an asset: a list of hashes that somebody has signed, or the asset itself.
//!
//! A list and its signature are fetched first, and then the asset by the hash that the list says. A signature of the asset
//! itself is fetched first as well, and compared with all of the asset's bytes before any of them is released.

use super::{Expected, Fetcher};
use crate::{
    Error, Told,
    error::Mismatch,
    file::verify_pinned,
    keys::{Signers, now},
};
use firstlight_boot::Content;
use firstlight_site::{Pin, Signed, Trust};
use firstlight_trust::{
    Verdict,
    lists::{self, Found},
    openpgp,
};
use std::{
    fs::File,
    io::{Cursor, Read, Seek},
    path::Path,
};

/// A signature of an asset itself, and those who may have made it.
#[derive(Debug)]
pub(super) struct Proof {
    signers: Signers,
    signature: Vec<u8>,
}

impl Proof {
    /// Compares it with bytes, all of them. Returns whose it is.
    pub(super) fn check(&self, data: impl Read + Seek) -> Result<Trust, String> {
        Ok(Trust::Signed(self.signers.verify(data, &self.signature, now())?.key))
    }
}

impl Fetcher {
    /// What is said of bytes that are called one of `names`, or what they are to be checked with once they are here.
    pub(super) fn signed(
        &self,
        asset: &str,
        signed: &Signed,
        names: &[&str],
        told: Told<'_>,
    ) -> Result<Expected, Error> {
        let signers = Signers::read(&signed.keys).map_err(Error::Signature)?;
        let fetch = |url: &str, limit| self.small(asset, url, limit, told);
        let signature = signed.signature.as_deref().map(|url| fetch(url, openpgp::MAX_SIGNATURE)).transpose();
        let signature = signature.map_err(|why| Error::Signature(format!("it cannot be had: {why}")))?;
        let Some(list) = &signed.list else {
            let none = || Error::Signature("the site names neither a list nor a signature".to_owned());
            return Ok(Expected::proven(Proof { signers, signature: signature.ok_or_else(none)? }));
        };
        let text = fetch(list, lists::MAX_LIST);
        let text = text.map_err(|why| Error::Signature(format!("the list of hashes cannot be had: {why}")))?;
        let of_list = |why: String| Error::Signature(format!("of the list {}: {why}", crate::shown(list)));
        let (verdict, text) = verify_list(&signers, text, signature.as_deref()).map_err(of_list)?;
        let named = signed.name.as_deref().map(|name| vec![name]);
        let found = look_up(&text, named.as_deref().unwrap_or(names)).map_err(|error| of_list(error.to_string()))?;
        Ok(Expected::listed(found, Trust::Signed(verdict.key)))
    }

    /// A file that is here already: a local one, or one that was taken out of an archive. `name` is what a list may call it.
    pub(super) fn signed_file(
        &self,
        asset: &str,
        signed: &Signed,
        (path, name): (&Path, &str),
        told: Told<'_>,
    ) -> Result<Content, Error> {
        let expected = self.signed(asset, signed, &[name], told)?;
        if let Some(proof) = &expected.proof {
            proof.check(File::open(path).map_err(Error::of(path))?).map_err(Error::Signature)?;
        }
        let pin = expected.sha256.map(Pin::Sha256).or(expected.sha512.map(Pin::Sha512)).unwrap_or(Pin::Lock);
        verify_pinned(path, &pin).map_err(|error| match error {
            Error::Mismatch(wrong) => Mismatch { by: expected.by, ..*wrong }.into(),
            other => other,
        })
    }
}

/// The list, once it is known who has signed it: of a clear-signed one only what was signed.
fn verify_list(signers: &Signers, text: Vec<u8>, signature: Option<&[u8]>) -> Result<(Verdict, Vec<u8>), String> {
    match signature {
        Some(signature) => Ok((signers.verify(Cursor::new(&text), signature, now())?, text)),
        None => {
            let (verdict, text) = signers.verify_clear_signed(&text, now())?;
            Ok((verdict, text.into_bytes()))
        }
    }
}

/// The first of the names that the list has.
fn look_up(list: &[u8], names: &[&str]) -> Result<Found, lists::Error> {
    let mut first = None;
    for name in names {
        match lists::find(list, name) {
            Ok(found) => return Ok(found),
            Err(error @ lists::Error::Absent { .. }) => first = first.or(Some(error)),
            Err(error) => return Err(error),
        }
    }
    Err(first.unwrap_or(lists::Error::NoHashes))
}
