//! Releases of a repository on GitHub: as the API lists them
//! (<https://docs.github.com/en/rest/releases/releases#list-releases>; files have a `digest` since June 2025), or as the
//! feed does (`…/releases.atom`, RFC 4287), which asks for no account and states no hashes.

use super::{MOST, Offer, Unread, json, last_part, stated};
use serde::Deserialize;

#[derive(Deserialize)]
struct Release {
    tag_name: String,
    #[serde(default)]
    draft: bool,
    #[serde(default)]
    prerelease: bool,
    #[serde(default)]
    assets: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    name: String,
    #[serde(default)]
    digest: Option<String>,
}

pub(super) fn of_api(text: &str, announcements: bool) -> Result<Vec<Offer>, Unread> {
    let releases: Vec<Release> = json(text)?;
    let counts = |release: &Release| !release.draft && (announcements || !release.prerelease);
    let offer = |release: Release| Offer {
        version: of_tag(&release.tag_name).to_owned(),
        files: release.assets.iter().filter_map(|file| stated(&file.name, file.digest.as_deref())).collect(),
    };
    Ok(releases.into_iter().filter(counts).map(offer).collect())
}

/// The tags are the last parts of the entries' identifiers: `<id>tag:github.com,2008:Repository/1/v1.11.5</id>`.
pub(super) fn of_feed(text: &str) -> Vec<Offer> {
    let ids = text.split("<id>").skip(1).filter_map(|rest| rest.split_once("</id>")).map(|(id, _)| id);
    let tags = ids.filter(|id| id.contains(":Repository/")).map(last_part).map(of_tag).take(MOST);
    tags.map(|version| Offer { version: version.to_owned(), ..Offer::default() }).collect()
}

/// `v1.11.5` is version `1.11.5`.
fn of_tag(tag: &str) -> &str {
    tag.strip_prefix('v').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())).unwrap_or(tag)
}
