//! Files that age has encrypted (<https://age-encryption.org/v1>), decrypted with the keys that `age-keygen` makes.
//!
//! The crate `age` does it; here stand what a server asks of it beyond that: bounds, and why a file is refused. No passphrases
//! (nobody could be asked for one, and a file says how much work trying it takes), no SSH keys, no plugins, no encryption.

use ::age::{DecryptError, Decryptor, armor::ArmoredReader, x25519};
use std::io::Read;
use zeroize::Zeroizing;

/// The secret keys of an identity file.
pub(crate) struct Identity(Vec<x25519::Identity>);

/// Why a file of keys cannot be used. Nothing of its content is in that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoIdentity {
    #[error("it holds no key: expected a line AGE-SECRET-KEY-1…")]
    Empty,
    #[error("it is encrypted itself")]
    Encrypted,
    #[error("it holds something else than keys of age-keygen in line {0}: expected AGE-SECRET-KEY-1…")]
    Line(usize),
    #[error("it is not text")]
    Binary,
}

/// Why a file could not be decrypted. Nothing of its content is in that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotDecrypted {
    #[error("it is no file that age has encrypted")]
    Foreign,
    #[error("it is in another version of age's format than v1")]
    Version,
    #[error("its armour is damaged")]
    Armour,
    #[error("its header has no end within {} KiB and {} lines", LONGEST_HEADER.0 >> 10, LONGEST_HEADER.1)]
    Long,
    #[error("its header is damaged")]
    Header,
    #[error("it is encrypted with a passphrase, and nobody can be asked for that")]
    Passphrase,
    #[error("it is encrypted for none of the keys of the identity")]
    Stranger,
    #[error("it was changed, or is not whole")]
    Changed,
}

/// How age's files begin, whatever their version.
const MAGIC: &[u8] = b"age-encryption.org/";
const V1: &[u8] = b"age-encryption.org/v1\n";
const ARMOUR: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";
/// The longest header, in bytes and lines; some 160 recipients fill it. The crate parses a header anew with each of its lines, so
/// that the time it takes grows with the square of the length, and a file of nothing else would stall a server.
const LONGEST_HEADER: (usize, usize) = (16 << 10, 400);

impl Identity {
    /// The keys in a file as `age-keygen` writes it: one in each line, `#` begins a comment.
    pub(crate) fn parse(file: &[u8]) -> Result<Identity, NoIdentity> {
        if file.starts_with(MAGIC) || file.starts_with(ARMOUR) {
            return Err(NoIdentity::Encrypted);
        }
        let text = std::str::from_utf8(file).map_err(|_| NoIdentity::Binary)?;
        let lines = text.lines().map(str::trim).enumerate();
        let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let keys = lines.map(|(at, line)| line.parse().map_err(|_| NoIdentity::Line(at + 1)));
        let keys: Vec<_> = keys.collect::<Result<_, _>>()?;
        if keys.is_empty() { Err(NoIdentity::Empty) } else { Ok(Identity(keys)) }
    }
}

/// The content of an encrypted file.
pub(crate) fn decrypt(file: &[u8], identity: &Identity) -> Result<Zeroizing<Vec<u8>>, NotDecrypted> {
    let bytes = unarmoured(file)?;
    let decryptor = opened(&bytes)?;
    if decryptor.is_scrypt() {
        return Err(NotDecrypted::Passphrase);
    }
    let keys = identity.0.iter().map(|key| key as &dyn ::age::Identity);
    let mut reader = decryptor.decrypt(keys).map_err(|error| match error {
        DecryptError::NoMatchingKeys => NotDecrypted::Stranger,
        _ => NotDecrypted::Header,
    })?;
    // What is encrypted is longer than what it holds: the content never moves, which would leave copies behind.
    let mut content = Zeroizing::new(Vec::with_capacity(bytes.len()));
    reader.read_to_end(&mut content).map_err(|_| NotDecrypted::Changed)?;
    Ok(content)
}

/// The file without its armour, if it has one.
fn unarmoured(file: &[u8]) -> Result<Vec<u8>, NotDecrypted> {
    if !file.starts_with(ARMOUR) {
        return Ok(file.to_vec());
    }
    let mut bytes = Vec::new();
    ArmoredReader::new(file).read_to_end(&mut bytes).map_err(|_| NotDecrypted::Armour)?;
    Ok(bytes)
}

/// Reads the header, where that is bounded: its last line is the only one to begin with hyphens.
fn opened(file: &[u8]) -> Result<Decryptor<&[u8]>, NotDecrypted> {
    if !file.starts_with(MAGIC) {
        return Err(NotDecrypted::Foreign);
    }
    let head = file.get(..LONGEST_HEADER.0).unwrap_or(file);
    if !head.split(|byte| *byte == b'\n').take(LONGEST_HEADER.1).any(|line| line.starts_with(b"---")) {
        return Err(NotDecrypted::Long);
    }
    Decryptor::new_buffered(file).map_err(|error| match error {
        DecryptError::Io(_) => NotDecrypted::Changed,
        // The crate takes a damaged header of v1 for one of an unknown version.
        _ if file.starts_with(V1) => NotDecrypted::Header,
        _ => NotDecrypted::Version,
    })
}

#[cfg(test)]
mod tests;
