//! `firstlight assets verify`: everything is read again.

use super::Common;
use crate::{Failure, Outcome, output, site, words::count};
use firstlight_assets::{Checked, Store};
use indicatif::HumanBytes;
use serde::Serialize;

#[derive(Serialize)]
struct Report {
    objects: Vec<Checked>,
    local: Vec<Local>,
}

/// A local file of the site that is not what it is pinned to be.
#[derive(Serialize)]
struct Local {
    name: String,
    wrong: String,
}

pub(super) fn run(common: &Common) -> Outcome {
    let site = site::load(&common.site.site)?;
    let objects = Store::open(&common.folder())?.check(say)?;
    let missing = firstlight_assets::check_local(&site).into_iter();
    let local: Vec<Local> = missing
        .map(|missing| Local { name: missing.name, wrong: output::without_numbers(&missing.error.to_string()) })
        .collect();
    let bad = objects.iter().filter(|checked| checked.wrong.is_some()).count();
    let good = bad == 0 && local.is_empty();
    let summary = summary(&objects, bad);
    if common.json {
        output::json(&Report { objects, local })?;
    } else {
        local.iter().for_each(|local| output::complain(&format!("firstlight: {}: {}\n", local.name, local.wrong)));
        output::print(&summary)?;
    }
    if good { Ok(()) } else { Err(Failure::Silent) }
}

fn say(checked: &Checked) {
    if let Some(wrong) = &checked.wrong {
        let kept = checked.kept.as_ref().map(|path| format!("; they are kept in {}", path.display()));
        output::complain(&format!("firstlight: {}: {wrong}{}\n", checked.sha256, kept.unwrap_or_default()));
    }
}

fn summary(objects: &[Checked], bad: usize) -> String {
    let bytes: u64 = objects.iter().map(|checked| checked.size).sum();
    let all = count(objects.len(), "object", "objects");
    match bad {
        0 => format!("{all} in the store, {}: each is what its name says.\n", HumanBytes(bytes)),
        bad => format!("{all} in the store, {bad} bad: what an asset needs is fetched again when it is used.\n"),
    }
}
