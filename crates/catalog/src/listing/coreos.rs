//! Fedora CoreOS's metadata of a stream: <https://builds.coreos.fedoraproject.org/streams/stable.json>, its format in
//! <https://github.com/coreos/stream-metadata-go>. It names one release for each architecture, and the hash of each file.

use super::{MOST, Offer, Unread, json, stated};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Stream {
    architectures: BTreeMap<String, Architecture>,
}

#[derive(Deserialize)]
struct Architecture {
    artifacts: BTreeMap<String, Platform>,
}

#[derive(Deserialize)]
struct Platform {
    release: String,
    formats: BTreeMap<String, BTreeMap<String, Artifact>>,
}

#[derive(Deserialize)]
struct Artifact {
    location: String,
    sha256: Option<String>,
}

pub(super) fn offers(text: &str, arch: &str) -> Result<Vec<Offer>, Unread> {
    let mut stream: Stream = json(text)?;
    let metal = stream.architectures.remove(arch).and_then(|mut of| of.artifacts.remove("metal"));
    let offer = metal.map(|metal| {
        let files = metal.formats.values().flat_map(BTreeMap::values).take(MOST);
        let files = files.filter_map(|file| stated(&file.location, file.sha256.as_deref())).collect();
        Offer { version: metal.release, files }
    });
    Ok(offer.into_iter().collect())
}
