//! Signatures by minisign (<https://jedisct1.github.io/minisign/>): Ed25519 over the BLAKE2b-512 of the data, and over
//! that signature together with its trusted comment. The cryptography is minisign-verify's, by the same author.
//!
//! Signatures from before the hash (`-l`, the default until minisign 0.10) are refused: checking one takes the whole file in
//! memory. Keys and signatures of OpenBSD's signify are of that kind.

use crate::{Verdict, verdict::printable};
use base64::Engine;
use firstlight_model::Timestamp;
use minisign_verify::{PublicKey, Signature};
use std::{
    io::{Read, Seek, SeekFrom},
    str::FromStr,
};

/// Key and signature files that are longer are not read, in bytes.
pub const MAX_FILE: usize = 64 << 10;

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    id: Id,
    key: PublicKey,
}

/// Why a text is not a public key of minisign.
#[derive(Debug, thiserror::Error)]
#[error(
    "not a minisign public key; expected the line that begins with `RW`, of 56 letters and digits, or the file that holds it"
)]
pub struct BadKey;

/// Why a signature does not count.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There are other bytes where the signature should be.
    #[error("not a signature by minisign; expected its four lines, the first of them an `untrusted comment:`")]
    NotASignature,
    /// It is of the kind without a hash.
    #[error(
        "the signature by minisign key {0} is of the old kind, without a hash; newer ones are made by minisign 0.10 and later"
    )]
    Legacy(String),
    /// None of the keys made it.
    #[error("signed by minisign key {made_by}, which is none of those that the site gives: {}", accepted.join(", "))]
    WrongKey {
        /// Who made it.
        made_by: String,
        /// Who is accepted.
        accepted: Vec<String>,
    },
    /// The data, or the trusted comment, is not what was signed.
    #[error("the signature by minisign key {0} is not one of these bytes: they or its trusted comment were changed")]
    Bad(String),
    /// The data could not be read.
    #[error("cannot be read: {0}")]
    Read(std::io::Error),
}

/// The eight bytes that minisign tells keys apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Id([u8; 8]);

impl Id {
    /// From a line in base64: two bytes for the algorithm come before it.
    fn of(line: &str) -> Option<Id> {
        let bytes = base64::engine::general_purpose::STANDARD.decode(line.trim()).ok()?;
        Some(Id(bytes.get(2..10)?.try_into().ok()?))
    }
}

impl std::fmt::Display for Id {
    /// As minisign shows it: a number, least significant byte first.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016X}", u64::from_le_bytes(self.0))
    }
}

impl FromStr for Key {
    type Err = BadKey;

    /// Reads the line `RW…`, or a file of it and the comment above it.
    fn from_str(text: &str) -> Result<Key, BadKey> {
        if text.len() > MAX_FILE {
            return Err(BadKey);
        }
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let mut keys = lines.filter(|line| !line.starts_with("untrusted comment:"));
        let (Some(line), None) = (keys.next(), keys.next()) else { return Err(BadKey) };
        let key = PublicKey::from_base64(line).map_err(|_| BadKey)?;
        Ok(Key { id: Id::of(line).ok_or(BadKey)?, key })
    }
}

impl Key {
    /// The identifier, as minisign shows it.
    pub fn id(&self) -> String {
        self.id.to_string()
    }
}

/// Verifies a signature of `data`, which is read once, by one of the keys.
pub fn verify(keys: &[Key], mut data: impl Read + Seek, signature: &[u8]) -> Result<Verdict, Error> {
    let text = std::str::from_utf8(signature).ok().filter(|text| text.len() <= MAX_FILE).ok_or(Error::NotASignature)?;
    let signature = Signature::decode(text).map_err(|_| Error::NotASignature)?;
    let id = text.lines().nth(1).and_then(Id::of).ok_or(Error::NotASignature)?;
    let key = keys
        .iter()
        .find(|key| key.id == id)
        .ok_or_else(|| Error::WrongKey { made_by: id.to_string(), accepted: keys.iter().map(Key::id).collect() })?;
    let mut verifier = key.key.verify_stream(&signature).map_err(|_| Error::Legacy(id.to_string()))?;
    data.seek(SeekFrom::Start(0)).map_err(Error::Read)?;
    let mut buffer = vec![0; 256 << 10];
    loop {
        match data.read(&mut buffer).map_err(Error::Read)? {
            0 => break,
            n => verifier.update(&buffer[..n]),
        }
    }
    verifier.finalize().map_err(|_| Error::Bad(id.to_string()))?;
    let comment = signature.trusted_comment();
    Ok(Verdict {
        key: format!("minisign {id}"),
        subkey: None,
        says: printable(comment.as_bytes()),
        made: made(comment),
        expired: None,
    })
}

/// minisign begins its trusted comment with the time, unless it is told another comment.
fn made(comment: &str) -> Option<Timestamp> {
    let seconds = comment.split_ascii_whitespace().find_map(|word| word.strip_prefix("timestamp:"))?;
    seconds.parse::<u32>().ok().map(|seconds| Timestamp(u64::from(seconds) * 1000))
}
