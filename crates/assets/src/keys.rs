//! The OpenPGP keys that a site or the catalog gives.

use crate::Error;
use firstlight_site::SigningKey;
use firstlight_trust::openpgp::Keys;
use std::fs;

/// The keys of OpenPGP among these.
pub(crate) fn open_pgp(keys: &[SigningKey]) -> Result<Keys, Error> {
    let mut ring = Keys::default();
    for key in keys {
        let (name, bytes) = match key {
            SigningKey::OpenPgp(path) => (path.display().to_string(), fs::read(path).map_err(Error::of(path))?),
            SigningKey::Catalog(name) => (name.clone(), of_catalog(name).into()),
            SigningKey::Minisign(_) => continue,
        };
        ring.add(Keys::read(&bytes).map_err(|why| Error::Signature(format!("{name}: {why}")))?);
    }
    Ok(ring)
}

/// Keys that the catalog brings along. The site was checked to name only such as there are.
pub(crate) fn of_catalog(name: &str) -> &'static str {
    firstlight_catalog::KEYS.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text)
}
