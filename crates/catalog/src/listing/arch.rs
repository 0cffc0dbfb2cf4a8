//! Arch Linux's <https://archlinux.org/releng/releases/json/>: the monthly images, and whether they still lie on the
//! mirrors. The hash is that of the ISO.

use super::{Offer, Unread, json, stated};
use serde::Deserialize;

#[derive(Deserialize)]
struct Listing {
    releases: Vec<Release>,
}

#[derive(Deserialize)]
struct Release {
    version: String,
    available: bool,
    #[serde(default)]
    iso_url: Option<String>,
    #[serde(default)]
    sha256_sum: Option<String>,
}

pub(super) fn offers(text: &str) -> Result<Vec<Offer>, Unread> {
    let listing: Listing = json(text)?;
    let offer = |release: Release| {
        let file = stated(release.iso_url.as_deref().unwrap_or_default(), release.sha256_sum.as_deref());
        Offer { version: release.version, files: file.into_iter().collect() }
    };
    Ok(listing.releases.into_iter().filter(|release| release.available).map(offer).collect())
}
