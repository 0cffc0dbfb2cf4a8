//! What a key says of itself: who it is, until when it is valid, which of its subkeys may sign. Only what it has signed
//! itself is believed, and of several such signatures the newest.

use super::KeyInfo;
use crate::verdict::printable;
use firstlight_model::Timestamp;
use pgp::{
    composed::{SignedPublicKey, SignedPublicSubKey},
    crypto::hash::HashAlgorithm,
    packet::{PublicKey, PublicSubkey, Signature, SignatureType, SubpacketData},
    ser::Serialize,
    types::{KeyDetails, PublicParams, SignedUser, Tag},
};

/// A shorter modulus of RSA can be factored, in bits.
const RSA_BITS: u16 = 2048;

/// A primary key, with those of its keys that signatures may be from.
#[derive(Debug, Clone)]
pub(super) struct Certificate {
    /// The fingerprint of the primary key, in capital hex digits.
    pub(super) fingerprint: String,
    /// The user ID.
    pub(super) user: String,
    /// The primary key and the subkeys that belong to it, also those that may not sign.
    pub(super) signers: Vec<Signer>,
}

/// A key that made a signature.
#[derive(Debug, Clone)]
pub(super) struct Signer {
    pub(super) key: Key,
    pub(super) created: Timestamp,
    /// Of the primary key's expiry and its own, the earlier.
    pub(super) expires: Option<Timestamp>,
    /// Why its signatures do not count.
    pub(super) useless: Option<&'static str>,
}

/// What verifies.
#[derive(Debug, Clone)]
pub(super) enum Key {
    Primary(PublicKey),
    Sub(PublicSubkey),
}

impl Certificate {
    /// Judges a key by what it says of itself.
    pub(super) fn new(key: &SignedPublicKey) -> Certificate {
        let primary = &key.primary_key;
        let users: Vec<(&SignedUser, &Signature)> =
            key.details.users.iter().filter_map(|user| named(primary, user)).collect();
        let itself = direct(key).chain(users.iter().map(|(_, signature)| *signature)).max_by_key(|s| s.created());
        let user = users.iter().find(|(_, signature)| signature.is_primary()).or(users.first());
        let created = time(primary.created_at().as_secs());
        let first = Signer {
            key: Key::Primary(primary.clone()),
            created,
            expires: itself.and_then(|signature| expiry(created, signature)),
            useless: useless(key, itself),
        };
        // Without a word of the primary key about itself, or once it is revoked, nothing that it says of others counts.
        let of_all = first.useless.filter(|_| itself.is_none() || is_revoked(key));
        let subkeys = key.public_subkeys.iter().filter_map(|sub| subkey(primary, sub)).map(|mut sub| {
            sub.useless = of_all.or(sub.useless);
            sub.expires = [sub.expires, first.expires].into_iter().flatten().min();
            sub
        });
        let subkeys: Vec<Signer> = subkeys.collect();
        Certificate {
            fingerprint: fingerprint(primary),
            user: user.map(|(user, _)| printable(user.id.id())).unwrap_or_default(),
            signers: std::iter::once(first).chain(subkeys).collect(),
        }
    }

    /// For people.
    pub(super) fn info(&self) -> KeyInfo {
        let useful = || self.signers.iter().filter(|signer| signer.useless.is_none());
        let forever = useful().any(|signer| signer.expires.is_none());
        let first = self.signers.first().and_then(|signer| signer.useless);
        KeyInfo {
            fingerprint: self.fingerprint.clone(),
            user: self.user.clone(),
            expires: useful().filter_map(|signer| signer.expires).max().filter(|_| !forever),
            useless: if useful().next().is_some() { None } else { first },
        }
    }

    /// The fingerprint and, where there is one, the user ID.
    pub(super) fn name(&self) -> String {
        match self.user.as_str() {
            "" => self.fingerprint.clone(),
            user => format!("{} ({user})", self.fingerprint),
        }
    }
}

impl Key {
    pub(super) fn fingerprint(&self) -> String {
        match self {
            Key::Primary(key) => fingerprint(key),
            Key::Sub(key) => fingerprint(key),
        }
    }

    /// Whether the signature says that this key made it.
    pub(super) fn made(&self, signature: &Signature) -> bool {
        let (fingerprint, id) = match self {
            Key::Primary(key) => (key.fingerprint(), key.legacy_key_id()),
            Key::Sub(key) => (key.fingerprint(), key.legacy_key_id()),
        };
        signature.issuer_fingerprint().contains(&&fingerprint) || signature.issuer_key_id().contains(&&id)
    }
}

pub(super) fn fingerprint(key: &impl KeyDetails) -> String {
    format!("{:X}", key.fingerprint())
}

pub(super) fn time(secs: u32) -> Timestamp {
    Timestamp(u64::from(secs) * 1000)
}

/// What the primary key says of itself directly.
fn direct(key: &SignedPublicKey) -> impl Iterator<Item = &Signature> {
    let signatures = key.details.direct_signatures.iter().filter(|s| s.typ() == Some(SignatureType::Key));
    signatures.filter(|signature| is_strong_enough(signature) && signature.verify_key(&key.primary_key).is_ok())
}

/// A user ID with the newest signature that gives it to the key, unless it was taken back after that.
fn named<'a>(primary: &PublicKey, user: &'a SignedUser) -> Option<(&'a SignedUser, &'a Signature)> {
    let by_itself = user.signatures.iter().filter(|signature| {
        is_strong_enough(signature) && signature.verify_certification(primary, Tag::UserId, &user.id).is_ok()
    });
    let newest = by_itself.max_by_key(|signature| signature.created())?;
    newest.is_certification().then_some((user, newest))
}

/// A subkey that the primary key has bound to itself.
fn subkey(primary: &PublicKey, sub: &SignedPublicSubKey) -> Option<Signer> {
    let of_primary = |signature: &&Signature| {
        is_strong_enough(signature) && signature.verify_subkey_binding(primary, &sub.key).is_ok()
    };
    let of_type =
        |kind| sub.signatures.iter().filter(move |signature| signature.typ() == Some(kind)).filter(of_primary);
    let binding = of_type(SignatureType::SubkeyBinding).max_by_key(|signature| signature.created())?;
    let created = time(sub.key.created_at().as_secs());
    let bound_back = || {
        let back = binding.embedded_signature();
        back.is_some_and(|back| is_strong_enough(back) && back.verify_primary_key_binding(&sub.key, primary).is_ok())
    };
    let useless = match () {
        () if of_type(SignatureType::SubkeyRevocation).next().is_some() => Some("the subkey was revoked"),
        () if !binding.key_flags().sign() => Some("the subkey is not for signing"),
        () if !bound_back() => Some("the subkey has not confirmed that it belongs to its primary key"),
        () => weakness(sub.key.public_params()),
    };
    Some(Signer { key: Key::Sub(sub.key.clone()), created, expires: expiry(created, binding), useless })
}

fn useless(key: &SignedPublicKey, itself: Option<&Signature>) -> Option<&'static str> {
    let Some(itself) = itself else {
        return Some("the key has no user ID that it has signed and not taken back");
    };
    if is_revoked(key) {
        return Some("the key was revoked");
    }
    // A key that says nothing about what it is for is for everything.
    let flags = itself.config().map(|config| config.hashed_subpackets());
    let has_flags = flags.is_some_and(|mut packets| packets.any(|p| matches!(p.data, SubpacketData::KeyFlags(_))));
    if has_flags && !itself.key_flags().sign() {
        return Some("the primary key is for certifying only, not for signing data");
    }
    weakness(key.primary_key.public_params())
}

fn is_revoked(key: &SignedPublicKey) -> bool {
    key.details.revocation_signatures.iter().any(|signature| signature.verify_key(&key.primary_key).is_ok())
}

/// A revocation counts whatever its hash; see the places where this is asked.
fn is_strong_enough(signature: &Signature) -> bool {
    !matches!(signature.hash_alg(), None | Some(HashAlgorithm::None | HashAlgorithm::Md5 | HashAlgorithm::Ripemd160))
}

fn expiry(created: Timestamp, signature: &Signature) -> Option<Timestamp> {
    let seconds = signature.key_expiration_time().map(|lifetime| lifetime.as_secs()).filter(|seconds| *seconds > 0)?;
    Some(Timestamp(created.0 + u64::from(seconds) * 1000))
}

fn weakness(parameters: &PublicParams) -> Option<&'static str> {
    match parameters {
        PublicParams::RSA(rsa) if bits(rsa) < RSA_BITS => Some("its RSA key is shorter than 2048 bits"),
        PublicParams::RSA(_) | PublicParams::ECDSA(_) => None,
        PublicParams::EdDSALegacy(_) | PublicParams::Ed25519(_) | PublicParams::Ed448(_) => None,
        PublicParams::DSA(_) => Some("DSA is not accepted"),
        _ => Some("its algorithm is not one for signing that is known here"),
    }
}

/// The length of the first number of the parameters, which stands before it; of RSA, the modulus.
fn bits(parameters: &impl Serialize) -> u16 {
    let mut bytes = Vec::new();
    let written = parameters.to_writer(&mut bytes);
    match (written, bytes.first_chunk()) {
        (Ok(()), Some(length)) => u16::from_be_bytes(*length),
        _ => 0,
    }
}
