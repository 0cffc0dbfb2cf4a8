//! Alpine's `latest-releases.yaml`, beside its releases: a list of flat maps, one for each flavour. Of YAML only that form
//! is read: `-` on a line of its own begins an entry, `key: value` follows, indented. Text in blocks (`desc: |`) is passed
//! over, for its lines have no key that is asked for at that depth.

use super::{MOST, Offer, Wanted, stated};
use std::collections::BTreeMap;

pub(super) fn offers(text: &str, wanted: &Wanted<'_>) -> Vec<Offer> {
    let offer = |entry: BTreeMap<&str, &str>| {
        let is_it = entry.get("flavor") == Some(&wanted.key) && entry.get("arch") == Some(&wanted.arch);
        let version = (*entry.get("version").filter(|_| is_it)?).to_owned();
        let files = entry.get("file").and_then(|name| stated(name, entry.get("sha256").copied()));
        Some(Offer { version, files: files.into_iter().collect() })
    };
    entries(text).into_iter().filter_map(offer).collect()
}

fn entries(text: &str) -> Vec<BTreeMap<&str, &str>> {
    let mut entries: Vec<BTreeMap<&str, &str>> = Vec::new();
    for line in text.lines() {
        if line.trim_end() == "-" && entries.len() < MOST {
            entries.push(BTreeMap::new());
        } else if let (Some(entry), Some((key, value))) = (entries.last_mut(), pair(line)) {
            entry.entry(key).or_insert(value);
        }
    }
    entries
}

/// `key: value` two spaces deep, where entries have their keys.
fn pair(line: &str) -> Option<(&str, &str)> {
    let line = line.strip_prefix("  ").filter(|line| !line.starts_with(' '))?;
    let (key, value) = line.split_once(':')?;
    Some((key, value.trim().trim_matches('"')))
}
