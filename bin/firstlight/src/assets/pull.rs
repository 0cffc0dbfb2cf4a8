//! `firstlight assets pull`: everything that a site needs, before anybody asks for it.

use super::{Asking, Common, moves, named, shown};
use crate::{Failure, Outcome, output, site, systems, words::count};
use firstlight_assets::{Error, Options, Store};
use firstlight_boot::Content;
use firstlight_model::Sha256;
use firstlight_site::{Asset, Moved};
use indicatif::HumanBytes;
use serde::Serialize;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only these assets
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Add nothing to firstlight.lock: what is not in it is an error
    #[arg(long)]
    locked: bool,
    #[command(flatten)]
    asking: Asking,
    #[command(flatten)]
    common: Common,
}

/// What became of an asset.
#[derive(Serialize)]
pub(super) struct Pulled {
    name: String,
    size: Option<u64>,
    sha256: Option<Sha256>,
    pub(super) error: Option<String>,
}

impl Pulled {
    pub(super) fn new(asset: &Asset, result: &Result<Content, Error>) -> Pulled {
        let (size, sha256) = match result {
            Ok(content @ Content::File { sha256, .. }) => (Some(content.size()), Some(*sha256)),
            Ok(content) => (Some(content.size()), None),
            Err(_) => (None, None),
        };
        let error = result.as_ref().err().map(|error| output::without_numbers(&error.to_string()));
        Pulled { name: asset.name.clone(), size, sha256, error }
    }

    /// Something that could not be had.
    pub(super) fn failed(name: &str, error: &Error) -> Pulled {
        let error = Some(output::without_numbers(&error.to_string()));
        Pulled { name: name.to_owned(), size: None, sha256: None, error }
    }
}

#[derive(Serialize)]
struct Report {
    assets: Vec<Pulled>,
    locked: Vec<Moved>,
}

pub(super) fn run(args: &Args) -> Outcome {
    let site = site::load(&args.common.site.site)?;
    let options = Options { locked: args.locked, patience: args.asking.patience(), ..args.common.options() };
    let site = systems::ready(site, &Store::open(&args.common.folder())?, &options, &systems::Lines)?;
    let assets = named(&site, &args.names)?;
    let fetcher = args.common.fetcher(&site, options)?;
    let shown = shown();
    let results = fetcher.fetch_all(assets, &|progress| shown.show(progress));
    let written = fetcher.write_lock()?;
    let pulled: Vec<Pulled> = results.iter().map(|(asset, result)| Pulled::new(asset, result)).collect();
    let failed = pulled.iter().filter(|pulled| pulled.error.is_some()).count();
    if args.common.json {
        output::json(&Report { assets: pulled, locked: written.moved })?;
    } else {
        complain(&pulled);
        let (here, bytes) = (pulled.len() - failed, pulled.iter().filter_map(|pulled| pulled.size).sum());
        output::print(&format!("{} here and verified, {}.\n", count(here, "asset", "assets"), HumanBytes(bytes)))?;
        if let Some(file) = &written.file {
            output::print(&format!("Locked in {}:\n{}", file.display(), moves(&written.moved)))?;
        }
    }
    if failed == 0 { Ok(()) } else { Err(Failure::Silent) }
}

/// Says what could not be had, on standard error.
pub(super) fn complain(pulled: &[Pulled]) {
    for (name, error) in pulled.iter().filter_map(|pulled| Some((&pulled.name, pulled.error.as_ref()?))) {
        output::complain(&format!("firstlight: {name}: {error}\n"));
    }
}
