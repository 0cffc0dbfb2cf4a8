//! OpenPGP signatures: RFC 9580, which RFC 4880 is part of. The packets and the cryptography are rPGP's; what is
//! decided here is which signatures count:
//!
//! - made by a key of the ring, or by a subkey that the key bound to itself for signing and that bound itself to the key;
//! - while that key was neither expired nor revoked. A key that has expired since is told ([`Verdict::expired`]); one
//!   that was revoked counts for nothing, whenever the signature was made, as with `gpg`;
//! - over a hash that still is one: MD5, SHA-1 and RIPEMD-160 are refused for data. SHA-1 is taken in what a key says
//!   of itself, since the key is the site's own;
//! - not expired and not from the future by more than a day; with RSA of 2048 bits or more, EdDSA or ECDSA.
//!
//! Where there are several signatures, one that is good is enough: any of the others could as well have been left out.
//! Not here: encryption, signed messages that are not clear-signed, trust in keys by other keys, key servers, revocation
//! by a third party.

mod armor;
mod certificate;
mod check;
mod clear;
mod error;

use crate::Verdict;
use certificate::Certificate;
use firstlight_model::Timestamp;
use pgp::composed::{Deserializable, SignedPublicKey};
use std::io::{Read, Seek, SeekFrom};

pub use error::{BadKeys, Error};

/// Key files that are longer are not read, in bytes.
pub const MAX_KEYS: usize = 4 << 20;
/// Signatures that are longer are not read, in bytes.
pub const MAX_SIGNATURE: usize = 64 << 10;
/// So many keys of one ring are read.
const KEYS: usize = 1000;

/// The keys that signatures are accepted from.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    certificates: Vec<Certificate>,
}

/// A key of the ring, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyInfo {
    /// The fingerprint of the primary key, in capital hex digits.
    pub fingerprint: String,
    /// Its user ID; empty when it has none.
    pub user: String,
    /// When the last of its keys that can sign expires.
    pub expires: Option<Timestamp>,
    /// Why nothing that it signs can be accepted, whenever it was signed.
    pub useless: Option<&'static str>,
}

impl Keys {
    /// Reads a file of public keys: armoured or binary, one key or many.
    pub fn read(bytes: &[u8]) -> Result<Keys, BadKeys> {
        if bytes.len() > MAX_KEYS {
            return Err(BadKeys::TooLong(bytes.len()));
        }
        let mut certificates = Vec::new();
        let mut broken = None;
        for block in armor::keys(bytes)? {
            let keys = SignedPublicKey::from_bytes_many(block.as_slice()).map_err(BadKeys::unreadable)?;
            for key in keys.take(KEYS) {
                match key {
                    Ok(key) => certificates.push(Certificate::new(&key)),
                    Err(error) => broken = Some(error),
                }
            }
        }
        match broken {
            Some(error) if certificates.is_empty() => Err(BadKeys::unreadable(error)),
            _ if certificates.is_empty() => Err(BadKeys::None),
            _ => Ok(Keys { certificates }),
        }
    }

    /// Takes the keys of another ring, too.
    pub fn add(&mut self, others: Keys) {
        self.certificates.extend(others.certificates);
    }

    /// What the ring holds.
    pub fn list(&self) -> Vec<KeyInfo> {
        self.certificates.iter().map(Certificate::info).collect()
    }

    /// Verifies a detached signature (`.asc`, `.gpg`, `.sig`) of `data`, which is read once for each signature that one
    /// of these keys says it made.
    pub fn verify(&self, mut data: impl Read + Seek, signature: &[u8], now: Timestamp) -> Result<Verdict, Error> {
        let signatures = check::signatures(signature)?;
        check::first_good(&self.certificates, &signatures, now, |check| {
            data.seek(SeekFrom::Start(0)).map_err(Error::Read)?;
            check(&mut data)
        })
    }

    /// Verifies a clear-signed text (`InRelease`, a `CHECKSUM` of Fedora) and returns what of it was signed: whatever
    /// stands before or after that is no part of it.
    pub fn verify_clear_signed(&self, text: &[u8], now: Timestamp) -> Result<(Verdict, String), Error> {
        let clear = clear::split(text)?;
        let signatures = check::signatures(clear.signature.as_bytes())?;
        let verdict =
            check::first_good(&self.certificates, &signatures, now, |check| check(&mut clear.signed.as_bytes()))?;
        Ok((verdict, clear.signed.replace("\r\n", "\n")))
    }
}

/// Whether this is the beginning of a clear-signed text.
pub fn is_clear_signed(text: &[u8]) -> bool {
    text.trim_ascii_start().starts_with(clear::HEADER.as_bytes())
}
