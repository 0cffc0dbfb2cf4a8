//! `firstlight assets update`: the lock moves to what the sources hold now, and to the newest versions of systems.

use super::{
    Asking, Common, moves, named,
    pull::{Pulled, complain},
    shown,
};
use crate::{
    Failure, Outcome, output, site,
    systems::{Lines, Tell, unknown},
};
use firstlight_assets::{Options, Store, systems};
use firstlight_site::{Asset, AssetSource, KnownBy, Moved, Pin, Site};
use serde::Serialize;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only these assets, and systems as profiles name them (flatcar/stable)
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Only say which systems have a newer version; exit code 1 when one has, 2 when a listing cannot be asked
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    asking: Asking,
    #[command(flatten)]
    common: Common,
}

#[derive(Serialize)]
struct Report {
    moved: Vec<Moved>,
    failed: Vec<Pulled>,
}

/// A system beside its listing.
#[derive(Serialize)]
struct Newest {
    system: String,
    locked: Option<String>,
    newest: Option<String>,
    newer: bool,
    error: Option<String>,
}

pub(super) fn run(args: &Args) -> Outcome {
    let site = site::load(&args.common.site.site)?;
    let (of_systems, of_assets) = sorted(&site, &args.names)?;
    let options = Options { patience: args.asking.patience(), ..args.common.options() };
    if args.check {
        return check(args, &site, &options, &of_systems);
    }
    let (site, mut moved, unknown) = move_systems(args, site, &options, &of_systems)?;
    let mut assets =
        if args.names.is_empty() || !of_assets.is_empty() { named(&site, &of_assets)? } else { Vec::new() };
    if !args.names.is_empty() {
        let files = of_systems.iter().filter_map(|name| site.systems.get(name)).flat_map(|system| system.files.keys());
        assets.extend(files.filter_map(|name| site.assets.get(name)));
    }
    let (locked, pinned): (Vec<&Asset>, Vec<&Asset>) = assets.into_iter().partition(|asset| is_locked(asset));
    let asked_for = |asset: &&&Asset| of_assets.contains(&asset.name);
    if let Some(asset) = pinned.iter().find(asked_for) {
        let why = "the site itself says what it is: change it there";
        return Err(Failure::Failed(format!("{} is not in the lock; {why}", asset.name)));
    }
    let fetcher = args.common.fetcher(&site, Options { anew: true, ..options })?;
    let shown = shown();
    let results = fetcher.fetch_all(locked, &|progress| shown.show(progress));
    let written = fetcher.write_lock()?;
    let pulled = results.iter().map(|(asset, result)| Pulled::new(asset, result));
    let failed: Vec<Pulled> = unknown.into_iter().chain(pulled.filter(|pulled| pulled.error.is_some())).collect();
    let outcome = if failed.is_empty() { Ok(()) } else { Err(Failure::Silent) };
    moved.extend(written.moved);
    if args.common.json {
        output::json(&Report { moved, failed })?;
    } else {
        complain(&failed);
        match moved.is_empty() {
            true => output::print("Nothing has changed.\n")?,
            false => output::print(&format!("Moved in firstlight.lock:\n{}", moves(&moved)))?,
        }
    }
    outcome
}

/// The names of systems, and those of assets; without any, all systems.
fn sorted(site: &Site, names: &[String]) -> Result<(Vec<String>, Vec<String>), Failure> {
    let (systems, assets): (Vec<String>, _) = names.iter().cloned().partition(|name| site.systems.contains_key(name));
    let pinned = |name: &&String| site.systems.get(*name).is_some_and(|system| system.known_by == KnownBy::Profile);
    if let Some(name) = systems.iter().find(pinned) {
        return Err(Failure::Failed(format!("which version {name} is, a profile says: change it there")));
    }
    if names.is_empty() { Ok((site.systems.keys().cloned().collect(), assets)) } else { Ok((systems, assets)) }
}

/// Moves the versions of systems; what could not be found out stays as it is.
fn move_systems(
    args: &Args,
    site: Site,
    options: &Options,
    names: &[String],
) -> Result<(Site, Vec<Moved>, Vec<Pulled>), Failure> {
    if names.is_empty() {
        return Ok((site, Vec::new(), Vec::new()));
    }
    let store = Store::open(&args.common.folder())?;
    let systems::Ready { site, moved, missing } = systems::update(site, &store, options, names)?;
    let failed = missing.iter().map(|missing| Pulled::failed(&missing.name, &missing.error)).collect();
    Ok((site, moved, failed))
}

/// `--check`: asks, and changes nothing but what `assets list` shows of it.
fn check(args: &Args, site: &Site, options: &Options, names: &[String]) -> Outcome {
    let found = systems::newer(site, &options.patience);
    let found: Vec<_> = found.into_iter().filter(|one| names.contains(&one.system)).collect();
    if let Err(error) = systems::keep(&Store::open(&args.common.folder())?, &found) {
        Lines.failed(&format!("what is newer could not be kept: {error}"));
    }
    let rows: Vec<Newest> = found
        .iter()
        .map(|one| Newest {
            system: one.system.clone(),
            locked: one.locked.clone(),
            newest: one.newest.as_ref().ok().cloned(),
            newer: one.is_newer().is_some(),
            error: one.newest.as_ref().err().map(|error| output::without_numbers(&error.to_string())),
        })
        .collect();
    if args.common.json {
        output::json(&rows)?;
    } else {
        for one in &found {
            if let Err(error) = &one.newest {
                Lines.failed(&unknown(&one.system, error));
            }
        }
        output::print(&rows.iter().map(line).collect::<String>())?;
    }
    match (rows.iter().any(|row| row.error.is_some()), rows.iter().any(|row| row.newer)) {
        (true, _) => Err(Failure::Trouble("not every listing could be asked".to_owned())),
        (false, true) => Err(Failure::Silent),
        (false, false) => Ok(()),
    }
}

fn line(row: &Newest) -> String {
    let locked = row.locked.as_deref().unwrap_or("nothing");
    match (&row.newest, row.newer) {
        (None, _) => String::new(),
        (Some(newest), true) => format!("{}: {locked} → {newest}\n", row.system),
        (Some(newest), false) => format!("{}: {newest} is the newest\n", row.system),
    }
}

/// True for what the lock speaks of.
fn is_locked(asset: &Asset) -> bool {
    matches!((&asset.source, &asset.pin), (AssetSource::Urls(_), Pin::Lock | Pin::Signed(_)))
}
