//! Why a signature does not count, and why a file of keys is none.

use super::{MAX_KEYS, MAX_SIGNATURE};
use crate::verdict::day;
use firstlight_model::Timestamp;

/// Why a file of public keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadKeys {
    /// It is longer than any key ring of a site.
    #[error("it is {0} bytes long; at most {MAX_KEYS} bytes of keys are read")]
    TooLong(usize),
    /// It holds private keys.
    #[error("it holds a private key, which has no place in a site: export the public one with `gpg --armor --export`")]
    Private,
    /// It is a database of gpg's.
    #[error("it is gpg's own database (keybox): export the keys from it with `gpg --armor --export`")]
    Keybox,
    /// It holds something else.
    #[error("it holds no OpenPGP public key; expected what `gpg --armor --export` writes")]
    None,
    /// It looks like keys, but cannot be read.
    #[error("its OpenPGP packets cannot be read: {0}")]
    Unreadable(String),
}

impl BadKeys {
    pub(super) fn unreadable(error: pgp::errors::Error) -> BadKeys {
        BadKeys::Unreadable(error.to_string())
    }
}

/// Why a signature does not count. A key is named by its fingerprint or, where the signature tells no more, its key ID.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is longer than signatures are.
    #[error("the signature is {0} bytes long; at most {MAX_SIGNATURE} are read: is it a signature?")]
    TooLong(usize),
    /// There are other bytes where the signature should be.
    #[error("not an OpenPGP signature: {0}")]
    NotASignature(String),
    /// There are other bytes where a clear-signed text should be.
    #[error("not a clear-signed text: {0}")]
    NotClearSigned(&'static str),
    /// None of the keys made it.
    #[error("signed by {}, which is none of the keys that the site gives: {}", made_by.join(", "), accepted.join(", "))]
    WrongKey {
        /// Who made the signatures.
        made_by: Vec<String>,
        /// Fingerprint and user ID of those who are accepted.
        accepted: Vec<String>,
    },
    /// The data is not what was signed.
    #[error(
        "the signature by {by} is not one of these bytes: they were changed, or the signature is of something else"
    )]
    Bad {
        /// Who should have signed.
        by: String,
    },
    /// The hash in it is too weak.
    #[error("the signature by {by} is over a hash by {hash}, which can be forged")]
    WeakHash {
        /// Who signed.
        by: String,
        /// The algorithm.
        hash: String,
    },
    /// The signature is no longer valid.
    #[error("the signature by {by} expired on {}", day(*at))]
    Expired {
        /// Who signed.
        by: String,
        /// Since when.
        at: Timestamp,
    },
    /// It was made after the key had expired.
    #[error("the key {by} expired on {}, and signed on {}: is there a newer copy of the key?", day(*at), day(*made))]
    KeyExpired {
        /// Who signed.
        by: String,
        /// Since when the key is expired.
        at: Timestamp,
        /// When it was signed.
        made: Timestamp,
    },
    /// It was made before the key was, or later than now.
    #[error("the signature by {by} says that it was made on {}, which {than}", day(*made))]
    Time {
        /// Who signed.
        by: String,
        /// When, as it says.
        made: Timestamp,
        /// What is wrong about that.
        than: String,
    },
    /// The key may not do this: it is revoked, weak, or not for signing.
    #[error("signed by {by}, which does not count: {why}")]
    Useless {
        /// Who signed.
        by: String,
        /// Why that does not count.
        why: &'static str,
    },
    /// The data could not be read.
    #[error("cannot be read: {0}")]
    Read(std::io::Error),
}
