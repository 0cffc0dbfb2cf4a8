//! `firstlight ignition`: configs in Ignition's own language, JSON.

use crate::{Failure, Outcome, output, tried};
use firstlight_butane::{
    ignition::{Parsed, Refusal, Version, VersionError, parse},
    render::{Columns, Source, render},
    report::{Entry, Report},
    tree::Origin,
};
use serde::Serialize;
use std::{
    io::{self, Read},
    path::{Path, PathBuf},
};

const NEWEST: Version = Version::V3_7_EXPERIMENTAL;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Find every mistake in an Ignition config
    Validate(Args),
}

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The config; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Print the report as JSON
    #[arg(long, conflicts_with = "raw_errors")]
    json: bool,
    /// Print what `ignition-validate` prints
    #[arg(long)]
    raw_errors: bool,
}

#[derive(Serialize)]
struct Checked {
    valid: bool,
    /// The version of the specification that the config claims.
    version: Option<String>,
    problems: Vec<Problem>,
    /// What to do about a file of another format.
    help: Option<&'static str>,
}

#[derive(Serialize)]
struct Problem {
    severity: String,
    path: Option<String>,
    line: Option<u32>,
    column: Option<u32>,
    message: String,
}

pub(crate) fn run(command: Command) -> Outcome {
    let Command::Validate(args) = command;
    let text = read(&args.file)?;
    let result = parse(&text);
    if args.raw_errors {
        return raw(result);
    }
    let help = result.as_ref().err().and_then(Refusal::advice);
    let (version, report) = match result {
        Ok(parsed) => (Some(parsed.version.to_string()), parsed.report),
        Err(refusal) => (None, about(refusal)),
    };
    if args.json {
        let problems = problems(&report);
        output::json(&Checked { valid: version.is_some(), version: version.clone(), problems, help })?;
    } else {
        let name = if args.file == Path::new("-") { "standard input" } else { &args.file.to_string_lossy() };
        let source = Source { name, text: &String::from_utf8_lossy(&text), columns: Columns::Bytes };
        output::complain(&render(&report, source, help, output::colour()));
        if let Some(version) = &version {
            output::print(&format!("{name} is valid: Ignition {version}.\n"))?;
        }
    }
    version.map(|_| ()).ok_or(Failure::Silent)
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    if file != Path::new("-") {
        return std::fs::read(file).map_err(tried("read", file));
    }
    let mut text = Vec::new();
    io::stdin().read_to_end(&mut text)?;
    Ok(text)
}

/// As `ignition-validate` says it: the report on standard output, what is about the whole on standard error.
fn raw(result: Result<Parsed, Refusal>) -> Outcome {
    match result {
        Ok(parsed) => output::print(&parsed.report.to_string()),
        Err(Refusal::Syntax(report, _) | Refusal::Invalid(report)) => {
            output::print(&report.to_string())?;
            Err(Failure::Silent)
        }
        Err(refusal) => {
            output::complain(&format!("couldn't parse config: {refusal}\n"));
            Err(Failure::Silent)
        }
    }
}

/// What to say of a config that is refused. The reference's place of a mistake in the syntax is the one behind it.
fn about(refusal: Refusal) -> Report {
    match refusal {
        Refusal::Syntax(mut report, _) => {
            for at in report.entries.iter_mut().filter_map(|entry| entry.at.as_mut()) {
                at.column = at.column.saturating_sub(1).max(1);
            }
            report
        }
        Refusal::Invalid(report) => report,
        Refusal::Version(VersionError::Unknown(version), _) => {
            about_the_whole(format!("unsupported config version {version}: known are 3.0.0 to 3.6.0 and {NEWEST}"))
        }
        Refusal::Version(VersionError::Malformed, _) => {
            about_the_whole("the config names no version, such as {\"ignition\": {\"version\": \"3.4.0\"}}".to_owned())
        }
        refusal => about_the_whole(refusal.to_string()),
    }
}

fn about_the_whole(message: String) -> Report {
    Report::of_error(&Origin::default(), message)
}

fn problems(report: &Report) -> Vec<Problem> {
    let problem = |entry: &Entry| Problem {
        severity: entry.severity.to_string(),
        path: entry.path.as_ref().map(ToString::to_string),
        line: entry.at.map(|at| at.line),
        column: entry.at.map(|at| at.column),
        message: entry.message.clone(),
    };
    report.entries.iter().map(problem).collect()
}
