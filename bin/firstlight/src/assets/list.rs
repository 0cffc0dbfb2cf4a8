//! `firstlight assets list`.

use super::{Common, source};
use crate::{Outcome, output, site};
use firstlight_assets::{Fetcher, Store, systems};
use firstlight_model::Sha256;
use firstlight_site::{Asset, AssetSource, Pin, Site, System};
use indicatif::HumanBytes;
use serde::Serialize;
use std::{fs, path::PathBuf};

/// An operating system that a profile names.
#[derive(Clone, Serialize)]
struct SystemRow {
    name: String,
    /// As the lock, the profile or the files on this computer say.
    version: Option<String>,
    /// What the listing offered when it was looked at last, where that is another.
    newer: Option<String>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    /// In a few words, and without a password.
    source: String,
    /// Whether it can be served now.
    here: bool,
    size: Option<u64>,
    sha256: Option<Sha256>,
    /// Why it is, or will be, believed.
    trust: String,
    overridden_by: Option<PathBuf>,
    /// The operating system that it is a file of.
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<SystemRow>,
}

pub(super) fn run(common: &Common) -> Outcome {
    let site = site::load(&common.site.site)?;
    let fetcher = common.looker(&site)?;
    let systems = system_rows(&site, fetcher.store());
    let mut rows: Vec<Row> = site.assets.values().map(|asset| row(&fetcher, asset, &site)).collect();
    for row in &mut rows {
        let of = site.systems.values().find(|system| system.files.contains_key(&row.name));
        row.system = of.and_then(|of| systems.iter().find(|system| system.name == of.name).cloned());
    }
    if common.json {
        return output::json(&rows);
    }
    let cells: Vec<Vec<String>> = rows.iter().map(cells).collect();
    output::print(&output::table(&["NAME", "HERE", "SIZE", "SHA256", "TRUST", "SOURCE"], &cells))?;
    if systems.is_empty() {
        return Ok(());
    }
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    let cells: Vec<Vec<String>> =
        systems.iter().map(|row| vec![row.name.clone(), text(&row.version), text(&row.newer)]).collect();
    output::print(&format!("\n{}", output::table(&["SYSTEM", "VERSION", "NEWER"], &cells)))
}

fn system_rows(site: &Site, store: &Store) -> Vec<SystemRow> {
    let newest = systems::kept(store);
    let row = |system: &System| {
        let newer = newest.get(&system.name).filter(|newest| Some(*newest) != system.version.as_ref());
        SystemRow { name: system.name.clone(), version: system.version.clone(), newer: newer.cloned() }
    };
    site.systems.values().map(row).collect()
}

fn row(fetcher: &Fetcher, asset: &Asset, site: &Site) -> Row {
    let overridden_by = fetcher.overridden(asset);
    let sha256 = fetcher.hash_of(asset);
    let local = match (&overridden_by, &asset.source) {
        (Some(path), _) | (None, AssetSource::Path(path)) => Some(path),
        _ => None,
    };
    let here = match local {
        Some(path) => fs::metadata(path).ok().map(|found| found.len()),
        None => sha256.and_then(|hash| fetcher.store().size_of(hash)),
    };
    let size = here.or_else(|| Some(fetcher.locked(asset)?.size));
    let (source, trust) = (source(asset, site), trust(fetcher, asset));
    Row { name: asset.name.clone(), source, here: here.is_some(), size, sha256, trust, overridden_by, system: None }
}

/// Why it is believed.
fn trust(fetcher: &Fetcher, asset: &Asset) -> String {
    match (&asset.pin, &asset.source) {
        (Pin::Sha256(_), _) => "pinned sha256".to_owned(),
        (Pin::Sha512(_), _) => "pinned sha512".to_owned(),
        (Pin::Lock, AssetSource::Path(_)) => "local file".to_owned(),
        (Pin::Lock, AssetSource::Member { .. }) => "as its archive".to_owned(),
        (pin, _) => match (fetcher.locked(asset), pin) {
            (Some(locked), _) => locked.trust.to_string(),
            (None, Pin::Signed(_)) => "to be signed".to_owned(),
            (None, _) => "not locked yet".to_owned(),
        },
    }
}

fn cells(row: &Row) -> Vec<String> {
    let source = match &row.overridden_by {
        Some(path) => format!("overridden by {}", path.display()),
        None => row.source.clone(),
    };
    vec![
        row.name.clone(),
        if row.here { "yes" } else { "no" }.to_owned(),
        row.size.map_or("-".to_owned(), |size| HumanBytes(size).to_string()),
        row.sha256.map_or("-".to_owned(), |hash| hash.short()),
        row.trust.clone(),
        source,
    ]
}
