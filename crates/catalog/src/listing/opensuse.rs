//! openSUSE's <https://get.opensuse.org/api/v0/distributions.json>: for each distribution its versions and their states.
//! Only a `Stable` one counts, unless announcements do; a rolling distribution has no state.

use super::{Offer, Unread, Wanted, json};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Version {
    version: String,
    #[serde(default)]
    state: Option<String>,
}

pub(super) fn offers(text: &str, wanted: &Wanted<'_>) -> Result<Vec<Offer>, Unread> {
    let mut distributions: BTreeMap<String, serde_json::Value> = json(text)?;
    let Some(versions) = distributions.remove(wanted.key) else { return Ok(Vec::new()) };
    let versions: Vec<Version> =
        serde_json::from_value(versions).map_err(|error| Unread::Malformed(error.to_string()))?;
    let counts = |version: &Version| match version.state.as_deref() {
        None | Some("Stable") => true,
        Some("EOL") => false,
        Some(_) => wanted.announcements,
    };
    let offer = |version: Version| Offer { version: version.version, ..Offer::default() };
    Ok(versions.into_iter().filter(counts).map(offer).collect())
}
