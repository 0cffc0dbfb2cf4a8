//! One signature of data: whether it counts, by which key, and if not, why.

use super::{
    KEYS, MAX_SIGNATURE, armor,
    certificate::{Certificate, Key, Signer, time},
    error::Error,
};
use crate::Verdict;
use firstlight_model::Timestamp;
use pgp::{
    composed::{Deserializable, DetachedSignature},
    crypto::hash::HashAlgorithm,
    packet::{Signature, SignatureType, SubpacketData},
};
use std::{io::Read, time::Duration};

/// So many signatures are looked at; `InRelease` has three.
const SIGNATURES: usize = 16;
/// How far a signer's clock may be ahead of ours, and ours behind.
const AHEAD: Duration = Duration::from_secs(24 * 3600);

/// Reads signatures, armoured or binary. There is at least one.
pub(super) fn signatures(bytes: &[u8]) -> Result<Vec<Signature>, Error> {
    if bytes.len() > MAX_SIGNATURE {
        return Err(Error::TooLong(bytes.len()));
    }
    let unreadable = |error: pgp::errors::Error| Error::NotASignature(error.to_string());
    let mut signatures = Vec::new();
    for block in armor::signatures(bytes)? {
        for signature in DetachedSignature::from_bytes_many(block.as_slice()).map_err(unreadable)?.take(SIGNATURES) {
            signatures.push(signature.map_err(unreadable)?.signature);
        }
    }
    signatures.truncate(SIGNATURES);
    match signatures.is_empty() {
        true => Err(Error::NotASignature("it holds no signature of a version that is known".to_owned())),
        false => Ok(signatures),
    }
}

/// What `verify` is called with: it reads the data to its end.
type OverData<'a> = &'a mut dyn FnMut(&mut dyn Read) -> Result<Verdict, Error>;

/// The first signature that counts; else why the first one by a known key does not. `over` calls its argument with the
/// data from its beginning.
pub(super) fn first_good(
    certificates: &[Certificate],
    signatures: &[Signature],
    now: Timestamp,
    mut over: impl FnMut(OverData<'_>) -> Result<Verdict, Error>,
) -> Result<Verdict, Error> {
    let mut first = None;
    for signature in signatures {
        for (certificate, signer) in makers(certificates, signature) {
            match over(&mut |data| check(certificate, signer, signature, data, now)) {
                Ok(verdict) => return Ok(verdict),
                Err(error @ Error::Read(_)) => return Err(error),
                Err(error) => first = first.or(Some(error)),
            }
        }
    }
    Err(first.unwrap_or_else(|| wrong_key(certificates, signatures)))
}

/// Those who say of themselves, and of whom the signature says, that they made it.
fn makers<'a>(
    certificates: &'a [Certificate],
    signature: &'a Signature,
) -> impl Iterator<Item = (&'a Certificate, &'a Signer)> {
    let signers = certificates.iter().flat_map(|owner| owner.signers.iter().map(move |signer| (owner, signer)));
    signers.filter(|(_, signer)| signer.key.made(signature)).take(KEYS)
}

fn wrong_key(certificates: &[Certificate], signatures: &[Signature]) -> Error {
    Error::WrongKey {
        made_by: signatures.iter().map(maker).collect(),
        accepted: certificates.iter().take(8).map(Certificate::name).collect(),
    }
}

/// Who made a signature, as it says.
fn maker(signature: &Signature) -> String {
    match (signature.issuer_fingerprint().first(), signature.issuer_key_id().first()) {
        (Some(fingerprint), _) => format!("{fingerprint:X}"),
        (None, Some(id)) => id.as_ref().iter().map(|byte| format!("{byte:02X}")).collect(),
        (None, None) => "a key that it does not name".to_owned(),
    }
}

/// Everything that can be known without the data comes first.
fn check(
    certificate: &Certificate,
    signer: &Signer,
    signature: &Signature,
    data: &mut dyn Read,
    now: Timestamp,
) -> Result<Verdict, Error> {
    let by = certificate.name();
    acceptable(signature, signer, &by)?;
    let made = in_time(signature, signer, &by, now)?;
    let verified = match &signer.key {
        Key::Primary(key) => signature.verify(key, data),
        Key::Sub(key) => signature.verify(key, data),
    };
    match verified {
        Ok(()) => Ok(Verdict {
            key: certificate.fingerprint.clone(),
            subkey: matches!(signer.key, Key::Sub(_)).then(|| signer.key.fingerprint()),
            says: certificate.user.clone(),
            made: Some(made),
            expired: signer.expires.filter(|expires| *expires <= now),
        }),
        Err(pgp::errors::Error::IO { source, .. }) => Err(Error::Read(source)),
        Err(_) => Err(Error::Bad { by }),
    }
}

/// Whether such a signature by such a key can count.
fn acceptable(signature: &Signature, signer: &Signer, by: &str) -> Result<(), Error> {
    let useless = |why| Err(Error::Useless { by: by.to_owned(), why });
    if let Some(why) = signer.useless {
        return useless(why);
    }
    let (Some(config), Some(hash)) = (signature.config(), signature.hash_alg()) else {
        return useless("it is of a version that is not known here");
    };
    if !matches!(config.typ(), SignatureType::Binary | SignatureType::Text) {
        return useless("it is a signature of a key, not of data");
    }
    if config.hashed_subpackets().any(|packet| packet.is_critical && !is_known(&packet.data)) {
        return useless("it has a part that must be understood (critical) and is not known here");
    }
    use HashAlgorithm::{Sha3_256, Sha3_512, Sha224, Sha256, Sha384, Sha512};
    match hash {
        Sha224 | Sha256 | Sha384 | Sha512 | Sha3_256 | Sha3_512 => Ok(()),
        weak => Err(Error::WeakHash { by: by.to_owned(), hash: weak.to_string() }),
    }
}

/// Of what may be critical: that which is looked at here, or changes nothing for a signature of data.
fn is_known(data: &SubpacketData) -> bool {
    !matches!(data, SubpacketData::Notation(_) | SubpacketData::Experimental(..) | SubpacketData::Other(..))
}

/// When it was made, if that and now are times at which it counts.
fn in_time(signature: &Signature, signer: &Signer, by: &str, now: Timestamp) -> Result<Timestamp, Error> {
    let by = || by.to_owned();
    let made = time(signature.created().map(|created| created.as_secs()).unwrap_or_default());
    if made < signer.created {
        return Err(Error::Time { by: by(), made, than: "is before its key was made".to_owned() });
    }
    if made.since(now) > AHEAD {
        return Err(Error::Time {
            by: by(),
            made,
            than: format!("is still to come: this computer's clock says {now}"),
        });
    }
    if let Some(at) = signer.expires.filter(|expires| *expires <= made) {
        return Err(Error::KeyExpired { by: by(), at, made });
    }
    let lifetime = signature.signature_expiration_time().map(|lifetime| lifetime.as_secs()).filter(|secs| *secs > 0);
    match lifetime.map(|secs| Timestamp(made.0 + u64::from(secs) * 1000)) {
        Some(at) if at <= now => Err(Error::Expired { by: by(), at }),
        _ => Ok(made),
    }
}
