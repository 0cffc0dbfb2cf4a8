//! Files that age has encrypted (<https://age-encryption.org/v1>), decrypted with an X25519 identity.
//!
//! Only what a server needs of it: decryption, with the keys that `age-keygen` makes, of files as they are and armoured ones. No
//! passphrases, no SSH keys, no plugins, no encryption. The primitives are ring's and curve25519-dalek's; the crate `age`
//! would bring a hundred others along, translations among them.

mod bech32;
mod header;
mod stream;

use base64::{Engine, engine::general_purpose::STANDARD};
use header::{Header, Stanza};
use ring::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, KeyType, Salt},
};
use x25519_dalek::{X25519_BASEPOINT_BYTES, x25519};
use zeroize::Zeroizing;

/// The secret keys of an identity file.
pub(crate) struct Identity(Vec<Zeroizing<[u8; 32]>>);

/// Why a file could not be decrypted. Nothing of its content is in that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotDecrypted(pub(crate) &'static str);

const ARMOUR: (&str, &str) = ("-----BEGIN AGE ENCRYPTED FILE-----", "-----END AGE ENCRYPTED FILE-----");
const X25519: &str = "age-encryption.org/v1/X25519";

impl Identity {
    /// The keys in a file as `age-keygen` writes it: one in each line, `#` begins a comment.
    pub(crate) fn parse(text: &str) -> Result<Identity, NotDecrypted> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let keys: Option<Vec<_>> = lines.map(|line| bech32::secret_key(line).map(Zeroizing::new)).collect();
        match keys {
            Some(keys) if !keys.is_empty() => Ok(Identity(keys)),
            Some(_) => Err(NotDecrypted("it holds no key: expected a line AGE-SECRET-KEY-1…")),
            None => {
                Err(NotDecrypted("it holds something else than keys of age-keygen: expected lines AGE-SECRET-KEY-1…"))
            }
        }
    }
}

/// The content of an encrypted file.
pub(crate) fn decrypt(file: &[u8], identity: &Identity) -> Result<Zeroizing<Vec<u8>>, NotDecrypted> {
    let bytes = unarmoured(file)?;
    let (header, payload) = Header::parse(&bytes).ok_or(NotDecrypted("it is no file that age has encrypted"))?;
    let unwrapped = identity.0.iter().find_map(|key| header.stanzas.iter().find_map(|stanza| file_key(stanza, key)));
    let file_key = unwrapped.ok_or(NotDecrypted("it is encrypted for none of the keys of the identity"))?;
    if !header.is_by(&file_key) {
        return Err(NotDecrypted("its header was changed"));
    }
    stream::open(&file_key, payload).ok_or(NotDecrypted("it was changed, or is not whole"))
}

/// RFC 7468's strict form, as age writes it.
fn unarmoured(file: &[u8]) -> Result<Vec<u8>, NotDecrypted> {
    if !file.starts_with(b"-----BEGIN") {
        return Ok(file.to_vec());
    }
    let wrong = NotDecrypted("its armour is damaged");
    let text = std::str::from_utf8(file).map_err(|_| wrong)?.trim();
    let inner = text.strip_prefix(ARMOUR.0).and_then(|text| text.strip_suffix(ARMOUR.1)).ok_or(wrong)?;
    STANDARD.decode(inner.split_whitespace().collect::<String>()).map_err(|_| wrong)
}

/// The file's key, where a stanza of the header has it for this identity.
fn file_key(stanza: &Stanza<'_>, key: &[u8; 32]) -> Option<Zeroizing<[u8; 16]>> {
    let [kind, share] = stanza.words[..] else { return None };
    if kind != "X25519" {
        return None;
    }
    let share: [u8; 32] = header::base64(share)?.try_into().ok()?;
    let shared = Zeroizing::new(x25519(*key, share));
    // All zeros: a share that makes the same secret with every key.
    if shared.iter().all(|byte| *byte == 0) {
        return None;
    }
    let salt = [share, x25519(*key, X25519_BASEPOINT_BYTES)].concat();
    let wrapping = derived::<32>(&salt, &shared[..], X25519)?;
    let mut body = Zeroizing::new(stanza.body.clone());
    opened(&wrapping, [0; 12], &mut body)?.try_into().ok().map(Zeroizing::new)
}

/// HKDF with SHA-256 (RFC 5869).
fn derived<const N: usize>(salt: &[u8], secret: &[u8], info: &str) -> Option<Zeroizing<[u8; N]>> {
    struct Length(usize);
    impl KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let mut key = Zeroizing::new([0; N]);
    let info = [info.as_bytes()];
    let derived = Salt::new(HKDF_SHA256, salt).extract(secret);
    derived.expand(&info, Length(N)).ok()?.fill(&mut key[..]).ok()?;
    Some(key)
}

/// ChaCha20-Poly1305 (RFC 8439), in place.
fn opened<'b>(key: &[u8; 32], nonce: [u8; 12], sealed: &'b mut [u8]) -> Option<&'b [u8]> {
    let key = LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, key).ok()?);
    key.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::empty(), sealed).ok().map(|opened| &*opened)
}

#[cfg(test)]
mod tests;
