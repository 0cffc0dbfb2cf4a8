//! `firstlight butane`: a drop-in for `butane`, with the same flags, exit codes and output.

use crate::{Failure, Outcome, output, tried};
use firstlight_butane::{
    Failure as Untranslated, Files, Folder, NoFiles, Options, butane,
    render::{Columns, Source, render},
    report::Report,
    tree::Origin,
};
use std::{
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

const AFTER_HELP: &str = "\
Exit codes:
  0  translated, perhaps with warnings
  1  it could not be translated, or --strict was given and there is a warning
  2  wrong usage";

/// A config is read from FILE or standard input; Ignition JSON is written to standard output.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The Butane config; standard input where none is named
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Check the config and write nothing
    #[arg(short, long)]
    check: bool,
    /// Fail on any warning
    #[arg(short, long)]
    strict: bool,
    /// Write JSON for people
    #[arg(short, long)]
    pretty: bool,
    /// Embed local files from this folder, and from nowhere else
    #[arg(short = 'd', long, value_name = "DIR")]
    files_dir: Option<PathBuf>,
    /// Write to this file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print each complaint in one line, as `butane --raw-errors` does
    #[arg(long)]
    raw_errors: bool,
    /// Colour the complaints
    #[arg(
        long, alias = "colour", value_name = "WHEN", num_args = 0..=1, require_equals = true, default_value = "auto",
        default_missing_value = "always", value_parser = ["auto", "always", "never", "yes", "no"]
    )]
    color: String,
    /// Without effect: the result is never wrapped
    #[arg(short, long)]
    raw: bool,
    /// As FILE
    #[arg(long, hide = true, value_name = "FILE", conflicts_with = "file")]
    input: Option<PathBuf>,
    /// Print the version
    #[arg(short = 'V', long)]
    version: bool,
}

pub(crate) fn run(args: Args) -> Outcome {
    if args.version {
        return output::print(&format!("firstlight {}, as butane {}\n", env!("CARGO_PKG_VERSION"), butane::REFERENCE));
    }
    let file = args.file.as_deref().or(args.input.as_deref());
    let bytes = read(file)?;
    let folder = args.files_dir.as_deref().filter(|dir| !dir.as_os_str().is_empty()).map(Folder::new);
    let files: &dyn Files = folder.as_ref().map_or(&NoFiles, |folder| folder);
    let outcome = butane::translate_bytes(&bytes, files, Options { pretty: args.pretty });

    complain(&args, file, &bytes, &outcome);
    let failed_strictly = args.strict && !outcome.report.is_empty();
    match outcome.ignition {
        None => Err(Failure::Silent),
        Some(_) if failed_strictly => {
            output::complain("Config produced warnings and --strict was specified\n");
            Err(Failure::Silent)
        }
        Some(_) if args.check => Ok(()),
        Some(json) => write(args.output.as_deref(), &format!("{json}\n")),
    }
}

fn read(file: Option<&Path>) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    match file {
        Some(file) => std::fs::read(file).map_err(tried("open", file)),
        None => io::stdin().read_to_end(&mut bytes).map(|_| bytes).map_err(tried("read", Path::new("<stdin>"))),
    }
}

/// Prints what there is to say, as the reference does or with the user's lines.
fn complain(args: &Args, file: Option<&Path>, bytes: &[u8], outcome: &firstlight_butane::Outcome) {
    if args.raw_errors {
        output::complain(&outcome.report.to_string());
        if let Some(failure) = &outcome.failure {
            output::complain(&format!("Error translating config: {failure}\n"));
        }
        return;
    }
    let colour = match args.color.as_str() {
        "always" | "yes" => true,
        "never" | "no" => false,
        _ => output::colour(),
    };
    let name = file.map_or("<stdin>".into(), Path::to_string_lossy);
    let text = String::from_utf8_lossy(bytes);
    let source = Source { name: &name, text: &text, columns: Columns::Characters };
    let whole;
    let report = match &outcome.failure {
        // The report says nothing of it, for it is about the config as a whole.
        Some(failure) if !outcome.report.is_fatal() => {
            whole = Report::of_error(&Origin::default(), failure.to_string());
            &whole
        }
        _ => &outcome.report,
    };
    output::complain(&render(report, source, help(outcome.failure.as_ref()), colour));
}

/// The next step after a failure that is about the config as a whole.
fn help(failure: Option<&Untranslated>) -> Option<&'static str> {
    match failure? {
        Untranslated::NoVariant(Some(foreign)) => Some(foreign.advice()),
        Untranslated::NoVariant(None) => {
            Some("say whom the config is for, at its top: `variant: flatcar` and `version: 1.1.0`")
        }
        Untranslated::InvalidVersion => Some("write all three numbers: `version: 1.1.0`"),
        Untranslated::UnknownVersion { .. } => Some("docs/butane.md lists the variants and their versions"),
        _ => None,
    }
}

fn write(file: Option<&Path>, json: &str) -> Outcome {
    let Some(file) = file else { return output::print(json) };
    let mut written = File::create(file).map_err(tried("open", file))?;
    written.write_all(json.as_bytes()).map_err(tried("write", file))
}
