//! `firstlight image`: boot media made here.

use crate::{Outcome, output, tried};
use firstlight_image::Initrd;
use std::path::PathBuf;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Make the initrd of the small Linux that boots, gets an address and reports back
    Initrd(InitrdArgs),
}

#[derive(clap::Args)]
pub(crate) struct InitrdArgs {
    /// The init program: a static firstlight-init
    #[arg(long)]
    init: PathBuf,
    /// The kernel's modules: its lib/modules/VERSION folder
    #[arg(long, value_name = "DIR")]
    modules_dir: Option<PathBuf>,
    /// A module to take along, with what it needs; may be given again
    #[arg(long = "module", value_name = "NAME")]
    modules: Vec<String>,
    /// Where to write it
    #[arg(long, short)]
    output: PathBuf,
}

pub(crate) fn run(command: Command) -> Outcome {
    let Command::Initrd(args) = command;
    let initrd = Initrd { init: args.init, modules_dir: args.modules_dir, modules: args.modules };
    let bytes = initrd.build()?;
    std::fs::write(&args.output, &bytes).map_err(tried("write", &args.output))?;
    let size = firstlight_model::ByteSize(bytes.len() as u64);
    output::print(&format!("Wrote {}: {size}\n", args.output.display()))
}
