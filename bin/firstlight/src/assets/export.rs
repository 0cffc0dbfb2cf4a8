//! `firstlight assets export`: what a site has to fetch, in one file.

use super::{Common, shown};
use crate::{Failure, Outcome, output, site};
use firstlight_assets::{Exported, Missing, Options, export};
use indicatif::HumanBytes;
use serde_json::json;
use std::{
    fs::File,
    io::{self, BufWriter, IsTerminal, Write},
    path::{Path, PathBuf},
};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where to write it; standard output where not given
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Fail where firstlight.lock lacks an entry
    #[arg(long)]
    locked: bool,
    #[command(flatten)]
    common: Common,
}

pub(super) fn run(args: &Args) -> Outcome {
    let site = site::load(&args.common.site.site)?;
    let options = Options { locked: args.locked, ..args.common.options() };
    let fetcher = args.common.fetcher(&site, options)?;
    let shown = shown();
    let write = |out: &mut dyn Write| export(&site, &fetcher, out, &|progress| shown.show(progress));
    let exported = match &args.output {
        Some(path) => to_file(path, write)?,
        None if io::stdout().is_terminal() => {
            let text = "a bundle is no text for a terminal: `firstlight assets export -o FILE`, or redirect it";
            return Err(Failure::Trouble(text.to_owned()));
        }
        None => write(&mut io::stdout().lock()).map_err(failed)?,
    };
    if !args.locked {
        fetcher.write_lock()?;
    }
    say(args, &exported)
}

/// Aside first: what was there stays until the new one is whole.
fn to_file(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<Exported, Vec<Missing>>,
) -> Result<Exported, Failure> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".part");
    let aside = PathBuf::from(aside);
    let file = File::create(&aside).map_err(crate::tried("write", &aside))?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    let written = write(&mut out).map_err(failed).and_then(|exported| {
        out.flush().and_then(|()| out.get_ref().sync_all()).map_err(crate::tried("write", &aside))?;
        std::fs::rename(&aside, path).map_err(crate::tried("write", path))?;
        Ok(exported)
    });
    if written.is_err() {
        let _ = std::fs::remove_file(&aside);
    }
    written
}

fn failed(missing: Vec<Missing>) -> Failure {
    let lines: Vec<String> = missing.iter().map(|missing| format!("{}: {}", missing.name, missing.error)).collect();
    Failure::Failed(lines.join("\nfirstlight: "))
}

fn say(args: &Args, exported: &Exported) -> Outcome {
    let Exported { objects, bytes, sha256, local } = exported;
    if args.common.json && args.output.is_some() {
        return output::json(&json!({ "objects": objects, "bytes": bytes, "sha256": sha256, "local": local }));
    }
    let plural = if *objects == 1 { "" } else { "s" };
    let mut text = format!("{objects} object{plural}, {}; sha256 of the bundle {sha256}\n", HumanBytes(*bytes));
    if !local.is_empty() {
        text.push_str(&format!("In the site's own files or made of others, so not in it: {}\n", local.join(", ")));
    }
    // Standard output may be the bundle.
    output::complain(&text);
    Ok(())
}
