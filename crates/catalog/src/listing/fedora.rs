//! Fedora's <https://fedoraproject.org/releases.json>: a list of images, each with its version, architecture and variant.
//! Of images that are no network boot's the versions count, and the hashes are kept.

use super::{Offer, Unread, Wanted, json, stated};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Image {
    version: String,
    arch: String,
    variant: String,
    #[serde(default)]
    link: String,
    sha256: Option<String>,
}

pub(super) fn offers(text: &str, wanted: &Wanted<'_>) -> Result<Vec<Offer>, Unread> {
    let images: Vec<Image> = json(text)?;
    let mut offers: BTreeMap<String, Offer> = BTreeMap::new();
    for image in images.into_iter().filter(|image| image.arch == wanted.arch && image.variant == wanted.key) {
        // Its folder on the mirrors: `44 Beta` lies in `44_Beta`.
        let version = image.version.replace(' ', "_");
        let offer = offers.entry(version.clone()).or_insert_with(|| Offer { version, ..Offer::default() });
        offer.files.extend(stated(&image.link, image.sha256.as_deref()));
    }
    Ok(offers.into_values().collect())
}
