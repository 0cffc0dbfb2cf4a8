//! `firstlight config`: the site as it is understood.

use crate::{Outcome, output, site};
use std::path::PathBuf;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Print the site with everything that it implies filled in
    Show {
        /// The site's folder
        #[arg(default_value = ".", env = "FIRSTLIGHT_SITE")]
        site: PathBuf,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
}

pub(crate) fn run(command: Command) -> Outcome {
    let Command::Show { site, json } = command;
    let site = site::load(&site)?;
    if json { output::json(&site) } else { output::print(&firstlight_site::show(&site)) }
}
