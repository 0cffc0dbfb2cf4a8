//! `firstlight doctor`: what stands between this server and its clients.

use crate::{Failure, Outcome, output, site, words::count};
use firstlight_doctor::{Finding, Known, Level, examine};
use firstlight_serve::now;
use firstlight_state::{EventFilter, StateError, StateFolder, read_events, read_leases};
use serde::Serialize;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The site's folder
    #[arg(default_value = ".", env = "FIRSTLIGHT_SITE")]
    site: PathBuf,
    /// Where the server keeps its state; `.firstlight/state` in the site where not given
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Examined<'a> {
    errors: usize,
    warnings: usize,
    findings: &'a [Finding],
}

pub(crate) fn run(args: Args) -> Outcome {
    let site = site::load(&args.site)?;
    let known = known(&site::state_dir(&args.site, args.state.as_ref()));
    let findings = examine(&site, &known, &|what| output::complain(&format!("{what} …\n")));
    let of = |level: Level| findings.iter().filter(|finding| finding.level == level).count();
    let (errors, warnings) = (of(Level::Error), of(Level::Warning));
    if args.json {
        output::json(&Examined { errors, warnings, findings: &findings })?;
    } else {
        output::print(&text(&findings, output::width()))?;
    }
    if errors == 0 { Ok(()) } else { Err(Failure::Silent) }
}

/// What the state folder tells. One that is not there yet tells nothing.
fn known(state: &Path) -> Known {
    let leases = read_leases(state).unwrap_or_default();
    let last = read_events(state, EventFilter::default()).filter_map(Result::ok).last();
    Known {
        server: server(state),
        leased: leases.iter().map(|lease| lease.address).collect(),
        last_recorded: last.map(|event| event.at),
        state: state.to_owned(),
        now: now(),
    }
}

/// The process that serves with this state.
fn server(state: &Path) -> Option<u32> {
    match state.is_dir().then(|| StateFolder::lock(state))? {
        Err(StateError::Busy { pid, .. }) => pid.parse().ok(),
        _ => None,
    }
}

fn text(findings: &[Finding], width: usize) -> String {
    let mut text = String::new();
    for finding in findings {
        text.push_str(&line(finding, width));
    }
    let of = |level: Level| findings.iter().filter(|finding| finding.level == level).count();
    let (errors, warnings) = (of(Level::Error), of(Level::Warning));
    let sum = format!("{}, {}", count(errors, "error", "errors"), count(warnings, "warning", "warnings"));
    text.push_str(&format!(
        "\n{}\n",
        if errors + warnings == 0 { "Nothing stands in the way.".to_owned() } else { sum }
    ));
    text
}

fn line(finding: &Finding, width: usize) -> String {
    const INDENT: usize = 20;
    let mark = match finding.level {
        Level::Fine => "ok",
        Level::Warning => "warning",
        Level::Error => "error",
    };
    let network = finding.network.iter().map(|network| format!("network {network}: ")).collect::<String>();
    let said = output::hang(&format!("{network}{}", finding.text), INDENT, width);
    let mut text = format!("{mark:8} {:10} {said}\n", finding.check);
    let place = finding.place.iter().filter(|_| finding.level != Level::Fine).map(|place| format!("({place}) "));
    let next = finding.next.iter().map(|next| format!("{:INDENT$}{}\n", "", output::hang(next, INDENT, width)));
    match place.collect::<String>() {
        place if !place.is_empty() && finding.next.is_some() => {
            let next = format!("{place}{}", finding.next.as_deref().unwrap_or_default());
            text.push_str(&format!("{:INDENT$}{}\n", "", output::hang(&next, INDENT, width)));
        }
        _ => text.extend(next),
    }
    text
}
