//! `firstlight assets import`: a bundle into the store.

use super::{Common, shown};
use crate::{Outcome, output, site};
use firstlight_assets::{Imported, Store, import};
use indicatif::HumanBytes;
use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::PathBuf,
};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The bundle; - is standard input
    file: PathBuf,
    #[command(flatten)]
    common: Common,
}

pub(super) fn run(args: &Args) -> Outcome {
    let root = &args.common.site.site;
    let site = site::load(root)?;
    let store = Store::open(&args.common.folder())?;
    let shown = shown();
    let take = |input: &mut dyn Read| import(input, &store, root, &site.lock, &|progress| shown.show(progress));
    let imported = match args.file.as_os_str() == "-" {
        true => take(&mut io::stdin().lock())?,
        false => take(&mut BufReader::new(File::open(&args.file).map_err(crate::tried("read", &args.file))?))?,
    };
    say(args, &imported)
}

fn say(args: &Args, imported: &Imported) -> Outcome {
    if args.common.json {
        return output::json(imported);
    }
    let Imported { site, here, new, bytes, locked, differ } = imported;
    let mut text = format!("From the site {site}: {new} new, {}; {here} here already\n", HumanBytes(*bytes));
    if !locked.is_empty() {
        text.push_str(&format!("Locked: {}\n", locked.join(", ")));
    }
    if !differ.is_empty() {
        let names = differ.join(", ");
        text.push_str(&format!(
            "The site's lock says something else of {names}, and holds: export from a site with the same lock\n"
        ));
    }
    output::print(&text)
}
