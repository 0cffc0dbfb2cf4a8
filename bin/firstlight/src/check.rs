//! `firstlight check`: every mistake in a site, at once.

use crate::{Failure, Outcome, output, site, words::count};
use firstlight_boot::{Loader, LoaderFile, loaders};
use firstlight_model::Arch;
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
        site::add_cloud_schema(&mut report, site);
        missing_loaders(site).into_iter().for_each(|missing| report.add(missing));
        keys(site).into_iter().for_each(|problem| report.add(problem));
        for missing in firstlight_assets::check_local(site) {
            let help = "put the right file there, or correct `sha256` if the new content is what you want";
            let message = missing.error.to_string();
            report.add(FoundLater {
                place: missing.place,
                message,
                help: Some(help.to_owned()),
                related: None,
                warning: false,
            });
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

/// The keys of `signed` blocks by which nothing, or nothing new, can be verified.
fn keys(site: &Site) -> Vec<FoundLater> {
    let found = |problem: firstlight_assets::KeyProblem| FoundLater {
        place: problem.missing.place,
        message: problem.missing.error.to_string(),
        help: Some("put the present key of those who sign there, from a place that you trust".to_owned()),
        related: None,
        warning: problem.warning,
    };
    firstlight_assets::check_keys(site, firstlight_serve::now()).into_iter().map(found).collect()
}

/// The network boot programs that the site's machines may need and that are not there, with what they fetch beside.
fn missing_loaders(site: &Site) -> Vec<FoundLater> {
    let loaders = loaders(site);
    let expected = loaders.iter().filter(|loader| loader.expected);
    let files = expected.flat_map(|loader| loader.files.iter().map(move |file| (loader, file)));
    let missing = files.filter(|(_, file)| !file.path.is_file());
    missing.map(|(loader, file)| missing_file(site, loader, file)).collect()
}

fn missing_file(site: &Site, loader: &Loader, file: &LoaderFile) -> FoundLater {
    let firmware: Vec<String> = loader.firmware.iter().map(ToString::to_string).collect();
    let help = match file.package {
        // Debian 12's package has no loader for Arm.
        Some(package) if loader.firmware.iter().any(|firmware| firmware.arch() == Some(Arch::Arm64)) => format!(
            "take it from Debian's package `{package}`, Debian 13 or later, or name another in a `loader` block"
        ),
        Some(package) => {
            let instead = if loader.secure_boot {
                "bring your own by a `loader` block with `secure_boot = true`"
            } else {
                "set `ipxe_dir` in the `site` block"
            };
            format!("install the package `{package}` (apt-get install {package}), or {instead}")
        }
        None => "put the file there, or correct `path` or `beside`".to_owned(),
    };
    FoundLater {
        place: loader.named_at(site).cloned(),
        message: format!("the network boot program {} for {} is missing", file.path.display(), firmware.join(", ")),
        help: Some(help),
        related: None,
        warning: false,
    }
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
