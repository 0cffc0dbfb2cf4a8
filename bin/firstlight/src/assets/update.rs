//! `firstlight assets update`: the lock moves to what the sources hold now.

use super::{
    Asking, Common, moves, named,
    pull::{Pulled, complain},
    shown,
};
use crate::{Failure, Outcome, output, site};
use firstlight_assets::Options;
use firstlight_site::{Asset, AssetSource, Moved, Pin};
use serde::Serialize;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only these assets
    #[arg(value_name = "NAME")]
    names: Vec<String>,
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

pub(super) fn run(args: &Args) -> Outcome {
    let site = site::load(&args.common.site.site)?;
    let assets = named(&site, &args.names)?;
    let (locked, pinned): (Vec<&Asset>, Vec<&Asset>) = assets.into_iter().partition(|asset| is_locked(asset));
    if let (false, Some(asset)) = (args.names.is_empty(), pinned.first()) {
        let why = "the site itself says what it is: change it there";
        return Err(Failure::Failed(format!("{} is not in the lock; {why}", asset.name)));
    }
    let options = Options { anew: true, patience: args.asking.patience(), ..args.common.options() };
    let fetcher = args.common.fetcher(&site, options)?;
    let shown = shown();
    let results = fetcher.fetch_all(locked, &|progress| shown.show(progress));
    let written = fetcher.write_lock()?;
    let pulled = results.iter().map(|(asset, result)| Pulled::new(asset, result));
    let failed: Vec<Pulled> = pulled.filter(|pulled| pulled.error.is_some()).collect();
    let outcome = if failed.is_empty() { Ok(()) } else { Err(Failure::Silent) };
    if args.common.json {
        output::json(&Report { moved: written.moved, failed })?;
    } else {
        complain(&failed);
        match &written.file {
            Some(file) => {
                output::print(&format!("Moved in {}:\n{}", file.display(), moves(&written.moved)))?;
            }
            None => output::print("Nothing has changed.\n")?,
        }
    }
    outcome
}

/// True for what the lock speaks of.
fn is_locked(asset: &Asset) -> bool {
    matches!((&asset.source, &asset.pin), (AssetSource::Urls(_), Pin::Lock | Pin::Signed(_)))
}
