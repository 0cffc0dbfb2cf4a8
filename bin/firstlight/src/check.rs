//! `firstlight check`: every mistake in a site, at once.

use crate::{Failure, Outcome, output, site, words::count};
use firstlight_boot::LOADERS;
use firstlight_site::{FoundLater, Site};
use serde::Serialize;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The site's folder
    #[arg(default_value = ".", env = "FIRSTLIGHT_SITE")]
    site: PathBuf,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Checked<'a> {
    valid: bool,
    errors: usize,
    warnings: usize,
    problems: &'a [firstlight_site::Problem],
}

pub(crate) fn run(args: Args) -> Outcome {
    let (site, mut report) = site::examine(&args.site);
    if let Some(site) = &site {
        for message in missing_loaders(site) {
            let help = "install the package `ipxe` (apt-get install ipxe), or set `ipxe_dir` in the `site` block";
            report.add(FoundLater {
                place: site.set_at.ipxe_dir.clone(),
                message,
                help: Some(help.to_owned()),
                related: None,
            });
        }
        for missing in firstlight_assets::check_local(site) {
            let help = "put the right file there, or correct `sha256` if the new content is what you want";
            let message = missing.error.to_string();
            report.add(FoundLater { place: missing.place, message, help: Some(help.to_owned()), related: None });
        }
    }
    let errors = report.errors();
    let warnings = report.problems.len() - errors;
    if args.json {
        output::json(&Checked { valid: errors == 0, errors, warnings, problems: &report.problems })?;
    } else {
        site::complain(&report);
        match &site {
            Some(site) if errors == 0 => output::print(&summary(site))?,
            _ => {}
        }
    }
    if errors == 0 { Ok(()) } else { Err(Failure::Silent) }
}

/// The network boot programs that the site's machines may need and that are not there.
fn missing_loaders(site: &Site) -> Vec<String> {
    let missing = LOADERS.iter().filter(|loader| !site.ipxe_dir.join(loader.file).is_file());
    missing
        .map(|loader| {
            format!(
                "the network boot program {} for {} is missing",
                site.ipxe_dir.join(loader.file).display(),
                loader.firmware
            )
        })
        .collect()
}

fn summary(site: &Site) -> String {
    format!(
        "{} is valid: {}, {}, {}, {}, {}.\n",
        site.name,
        count(site.networks.len(), "network", "networks"),
        count(site.machines.len(), "machine", "machines"),
        count(site.classes.len(), "class", "classes"),
        count(site.profiles.len(), "profile", "profiles"),
        count(site.assets.len(), "asset", "assets"),
    )
}
