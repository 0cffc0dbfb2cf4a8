//! `firstlight assets gc`: what nothing uses goes.

use super::Common;
use crate::{Failure, Outcome, output, site, words::count};
use firstlight_assets::Store;
use firstlight_model::Sha256;
use indicatif::HumanBytes;
use std::{collections::BTreeSet, time::SystemTime};

pub(super) fn run(common: &Common, dry_run: bool) -> Outcome {
    let site = site::load(&common.site.site)?;
    let fetcher = common.looker(&site)?;
    // What the lock holds stays, also where the site has moved on: it may go back.
    let of_lock = site.lock.assets.values().map(|locked| locked.sha256);
    let keep: BTreeSet<Sha256> =
        site.assets.values().filter_map(|asset| fetcher.hash_of(asset)).chain(of_lock).collect();
    let store = Store::open(&common.folder()).map_err(|error| Failure::Failed(error.to_string()))?;
    let collected = store.collect(&keep, dry_run, SystemTime::now())?;
    if common.json {
        return output::json(&collected);
    }
    let lines: String =
        collected.removed.iter().map(|file| format!("{}  {}\n", file.path.display(), HumanBytes(file.size))).collect();
    let bytes: u64 = collected.removed.iter().map(|file| file.size).sum();
    let word = if dry_run { "would be removed" } else { "removed" };
    let (removed, kept) = (count(collected.removed.len(), "file", "files"), count(collected.kept, "object", "objects"));
    output::print(&format!(
        "{lines}{removed} {word}, {}; {kept} kept, {}.\n",
        HumanBytes(bytes),
        HumanBytes(collected.kept_bytes)
    ))
}
