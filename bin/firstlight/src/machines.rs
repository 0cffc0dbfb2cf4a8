//! `firstlight machines`: who was seen, and what happened to each.

mod approve;
mod made_of;
mod order;
mod release;
mod show;

use crate::{
    Failure, Outcome, SiteOption, output,
    overview::{Overview, Seen},
    site,
    timeline::{Detail, Timeline},
    words,
};
use firstlight_model::{Mac, Timestamp};
use firstlight_plan::{Stage, Standing};
use firstlight_serve::now;
use firstlight_site::Machine;
use firstlight_state::{Event, EventFilter, Who, read_events, read_standings};
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::Duration,
};

/// How often the record is looked at for news.
const LOOK_EVERY: Duration = Duration::from_millis(200);

#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    list: List,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Show a machine and its timeline
    Show {
        /// A declared name or a MAC address
        machine: String,
        /// Show the options of DHCP by name, and the scripts
        #[arg(long)]
        full: bool,
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        site: SiteOption,
    },
    /// Let machines go on: boot what the site says, install where their profile installs; or declare them, with --name or
    /// with a --class that has names
    Approve(order::Approve),
    /// Have machines install at their next boot, whatever is on their disks
    Arm(order::Target),
    /// Have machines wait
    Hold(order::Hold),
    /// Have machines wait for good; a name that one was given from its class's names is free again
    Retire(order::Target),
    /// Give machines another profile for their next boot only
    BootOnce(order::BootOnce),
}

#[derive(clap::Args)]
struct List {
    /// The site's folder
    #[arg(default_value = ".", env = "FIRSTLIGHT_SITE", value_name = "SITE")]
    site: PathBuf,
    #[command(flatten)]
    common: Common,
}

/// What listing and showing share.
#[derive(clap::Args)]
struct Common {
    /// Print JSON; with --watch, one event a line
    #[arg(long)]
    json: bool,
    /// Go on: print what happens as it happens
    #[arg(long)]
    watch: bool,
    /// Where the server keeps its state; `.firstlight/state` in the site where not given
    #[arg(long, value_name = "DIR", conflicts_with = "lab")]
    state: Option<PathBuf>,
    /// Look at the site's lab instead of its real network
    #[arg(long)]
    lab: bool,
}

pub(crate) fn run(args: Args) -> Outcome {
    match args.command {
        None => list(&args.list),
        Some(Command::Show { machine, full, common, site }) => show::run(&site.site, &machine, full, &common),
        Some(Command::Approve(args)) => order::approve(args),
        Some(Command::Arm(target)) => order::arm(&target),
        Some(Command::Hold(args)) => order::hold(args),
        Some(Command::Retire(target)) => order::retire(&target),
        Some(Command::BootOnce(args)) => order::boot_once(args),
    }
}

/// A row of the list: declared, seen, or both.
#[derive(Serialize)]
struct Row {
    name: Option<String>,
    mac: Option<Mac>,
    address: Option<String>,
    declared: bool,
    class: Option<String>,
    /// Where it stands in its life, and why.
    stage: Stage,
    /// Whether its name is one that it was given from its class's names.
    name_given: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    cause: String,
    status: String,
    last_seen: Option<Timestamp>,
}

fn list(list: &List) -> Outcome {
    site::exists(&list.site)?;
    let state = state_dir(&list.site, &list.common);
    if list.common.watch {
        return watch(&state, &EventFilter::default(), &list.common, everybody());
    }
    let declared = site::load(&list.site)?.machines;
    let mut overview = Overview::default();
    for event in read_events(&state, EventFilter::default()) {
        overview.take(&event?);
    }
    let rows = rows(declared, overview, &standings(&state)?);
    if list.common.json { output::json(&rows) } else { output::print(&text(rows, now())) }
}

fn text(rows: Vec<Row>, now: Timestamp) -> String {
    if rows.is_empty() {
        return "No machine is declared, and none was seen.\n".to_owned();
    }
    let dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let cells = |row: Row| {
        let mac = row.mac.map(|mac| mac.to_string());
        let seen = row.last_seen.map(|at| format!("{} ago", words::span(now.since(at))));
        vec![
            dash(row.name),
            dash(mac),
            dash(row.address),
            dash(row.class),
            row.stage.to_string(),
            row.status,
            dash(seen),
        ]
    };
    let rows: Vec<_> = rows.into_iter().map(cells).collect();
    output::table(&["NAME", "MAC", "ADDRESS", "CLASS", "STAGE", "STATUS", "LAST SEEN"], &rows)
}

/// Where each machine stands.
type Known = BTreeMap<Who, Standing>;

fn standings(state: &Path) -> Result<Known, Failure> {
    Ok(read_standings(state)?.into_iter().collect())
}

fn rows(declared: BTreeMap<String, Machine>, overview: Overview, known: &Known) -> Vec<Row> {
    let stands = |who: Who| known.get(&who).map(|s| (s.stage, s.cause.clone())).unwrap_or_default();
    let given: BTreeSet<&str> = known.values().filter_map(|standing| standing.name.as_deref()).collect();
    let mut seen = overview.machines;
    let mut rows = Vec::new();
    for (name, machine) in declared {
        let by_name = || seen.values().find(|seen| seen.machine.as_deref() == Some(&name)).map(|seen| seen.mac);
        let found = machine.mac.filter(|mac| seen.contains_key(mac)).or_else(by_name);
        let found = found.and_then(|mac| seen.remove(&mac));
        let (stage, cause) = stands(Who::Machine(name.clone()));
        rows.push(Row {
            name_given: given.contains(name.as_str()),
            stage,
            cause,
            name: Some(name),
            mac: machine.mac.or(found.as_ref().map(|seen| seen.mac)),
            address: machine.address.or(found.as_ref().and_then(|seen| seen.address)).map(|a| a.to_string()),
            declared: true,
            class: machine.class,
            status: found.as_ref().map_or_else(|| "never seen".to_owned(), |seen| seen.status.clone()),
            last_seen: found.map(|seen| seen.last_seen),
        });
    }
    let stranger = |seen: Seen| Row {
        stage: stands(Who::Stranger(seen.mac)).0,
        cause: stands(Who::Stranger(seen.mac)).1,
        name: None,
        name_given: false,
        mac: Some(seen.mac),
        address: seen.address.map(|address| address.to_string()),
        declared: false,
        class: None,
        status: seen.status,
        last_seen: Some(seen.last_seen),
    };
    rows.extend(seen.into_values().map(stranger));
    rows
}

/// Prints events as they come, until the command is ended.
fn watch(state: &Path, filter: &EventFilter, common: &Common, mut line: impl FnMut(&Event) -> String) -> Outcome {
    loop {
        let known = identity(state);
        let mut events = read_events(state, filter.clone());
        // A lab that starts anew has a new record, which is read from its beginning.
        while identity(state) == known {
            for event in events.by_ref() {
                let event = event?;
                match common.json {
                    true => output::print(&format!("{}\n", serde_json::to_string(&event)?))?,
                    false => output::print(&line(&event))?,
                }
            }
            output::pause(LOOK_EVERY)?;
        }
    }
}

/// Which record it is: another one in the same place has another number.
fn identity(state: &Path) -> Option<u64> {
    state.join("events").metadata().ok().map(|metadata| metadata.ino())
}

/// A line for an event of anybody: the day's time, who, and what.
fn everybody() -> impl FnMut(&Event) -> String {
    |event| {
        let time = event.at.to_string();
        let time = time.get(11..23).unwrap_or(&time);
        let who = event.machine.clone().or(event.mac.map(|mac| mac.to_string())).unwrap_or_else(|| "-".to_owned());
        let text = output::hang(&event.summary(), 44, output::width());
        format!("{time}  {who:17}  {:8}   {text}\n", event.step())
    }
}

/// A line for an event of one machine.
fn one() -> impl FnMut(&Event) -> String {
    let mut timeline = Timeline::new(Detail::Lines, output::width());
    move |event| timeline.line(event)
}

fn state_dir(site: &Path, common: &Common) -> PathBuf {
    match common.lab {
        true => crate::lab::state_dir(site),
        false => site::state_dir(site, common.state.as_ref()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overview::tests::{acked, at, reported};

    fn declared() -> BTreeMap<String, Machine> {
        let text = "network \"n\" {\n interface = \"e\"\n subnet = \"10.20.0.0/24\"\n}\n\
            machine \"hal\" {\n serial = \"S1\"\n}\nmachine \"kitt\" {\n mac = \"52:54:00:00:00:01\"\n}\n";
        let sources = firstlight_site::Sources::single("x", text);
        firstlight_site::parse(&sources, &firstlight_site::Memory::default()).unwrap().site.machines
    }

    fn overview(events: &[Event]) -> Overview {
        let mut overview = Overview::default();
        events.iter().for_each(|event| overview.take(event));
        overview
    }

    #[test]
    fn the_list_has_declared_machines_first_and_then_strangers() {
        let stranger = Event { mac: Some(Mac([2, 0, 0, 0, 0, 9])), ..at(60_000, acked("OS")) };
        let up = Standing { stage: Stage::InService, ..Standing::default() };
        let known = [(Who::Machine("kitt".to_owned()), up)].into();
        let rows = rows(declared(), overview(&[at(0, acked("BIOS")), at(1000, reported()), stranger]), &known);
        let shown = text(rows, Timestamp(61_000));
        assert_eq!(
            shown,
            "NAME  MAC                ADDRESS     CLASS  STAGE       STATUS      LAST SEEN\n\
             hal   -                  -           -      unknown     never seen  -\n\
             kitt  52:54:00:00:00:01  10.20.0.11  -      in service  up          60 s ago\n\
             -     02:00:00:00:00:09  10.20.0.11  -      unknown     seen        1.0 s ago\n"
        );
    }

    #[test]
    fn a_machine_without_a_mac_is_known_by_the_name_that_its_events_carry() {
        let seen = Event { machine: Some("hal".to_owned()), ..at(0, reported()) };
        let rows = rows(declared(), overview(&[seen]), &Known::new());
        assert_eq!((rows.len(), rows[0].status.as_str(), rows[0].mac), (2, "up", Some(Mac([0x52, 0x54, 0, 0, 0, 1]))));
    }
}
