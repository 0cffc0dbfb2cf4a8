//! `firstlight doctor`: what stands between this server and its clients.

use crate::{
    Failure, Outcome, output,
    site::{self, Served},
    words::count,
};
use firstlight_doctor::{Finding, Known, LISTEN, Level, Refused, examine};
use firstlight_model::parse_duration;
use firstlight_serve::now;
use firstlight_state::{Event, EventFilter, StateError, StateFolder, What, read_events, read_leases};
use serde::Serialize;
use std::{path::Path, time::Duration};

/// How far back the record counts.
const LATELY: Duration = Duration::from_secs(24 * 3600);

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    served: Served,
    /// How long to wait for answers of other DHCP servers; dnsmasq may take a second
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    listen: Option<Duration>,
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
    let site = site::load(&args.served.site)?;
    let known = known(&args.served.state());
    let listen = args.listen.unwrap_or(LISTEN);
    let findings = examine(&site, &known, listen, &|what| output::complain(&format!("{what} …\n")));
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
    let (now, mut last_recorded, mut refused) = (now(), None, None);
    for event in read_events(state, EventFilter::default()).filter_map(Result::ok) {
        last_recorded = Some(event.at);
        if now.since(event.at) < LATELY {
            refused = and_refused(refused, &event);
        }
    }
    Known {
        server: server(state),
        leased: leases.iter().map(|lease| lease.address).collect(),
        last_recorded,
        refused,
        state: state.to_owned(),
        now,
    }
}

/// What was refused so far, with this event.
fn and_refused(so_far: Option<Refused>, event: &Event) -> Option<Refused> {
    let What::ConnectionsRefused { count, last, why } = &event.what else { return so_far };
    let before = so_far.map_or(0, |so_far| so_far.count);
    Some(Refused { count: before.saturating_add(*count), at: event.at, last: format!("{last}, {why}") })
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
