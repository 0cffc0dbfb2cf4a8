//! `firstlight machines`: who was seen, and what happened to each.

use crate::{
    Failure, Outcome, SiteOption, output, site,
    timeline::{Overview, Seen, Timeline},
};
use firstlight_model::Mac;
use firstlight_site::Machine;
use firstlight_state::{Event, EventFilter, read_events};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    thread,
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
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        site: SiteOption,
    },
}

#[derive(clap::Args)]
struct List {
    /// The site's folder
    #[arg(default_value = ".", env = "FIRSTLIGHT_SITE", value_name = "SITE")]
    site: PathBuf,
    #[command(flatten)]
    common: Common,
}

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
        Some(Command::Show { machine, common, site }) => show(&site.site, &machine, &common),
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
    status: String,
    last_seen: Option<String>,
}

fn list(list: &List) -> Outcome {
    let state = state_dir(&list.site, &list.common)?;
    if list.common.watch {
        return watch(&state, EventFilter::default(), &list.common, true);
    }
    let declared = site::load(&list.site)?.machines;
    let mut overview = Overview::default();
    for event in read_events(&state, EventFilter::default()) {
        overview.take(&event?);
    }
    let rows = rows(declared, overview);
    if list.common.json {
        return output::json(&rows);
    }
    let dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let cells = |row: Row| {
        let mac = row.mac.map(|mac| mac.to_string());
        vec![dash(row.name), dash(mac), dash(row.address), dash(row.class), row.status, dash(row.last_seen)]
    };
    let rows: Vec<_> = rows.into_iter().map(cells).collect();
    output::print(&output::table(&["NAME", "MAC", "ADDRESS", "CLASS", "STATUS", "LAST SEEN"], &rows))
}

fn rows(declared: BTreeMap<String, Machine>, overview: Overview) -> Vec<Row> {
    let mut seen = overview.machines;
    let mut rows = Vec::new();
    for (name, machine) in declared {
        let by_name = || seen.values().find(|seen| seen.machine.as_deref() == Some(&name)).map(|seen| seen.mac);
        let found = machine.mac.filter(|mac| seen.contains_key(mac)).or_else(by_name);
        let found = found.and_then(|mac| seen.remove(&mac));
        rows.push(Row {
            name: Some(name),
            mac: machine.mac.or(found.as_ref().map(|seen| seen.mac)),
            address: machine.address.or(found.as_ref().and_then(|seen| seen.address)).map(|a| a.to_string()),
            declared: true,
            class: machine.class,
            status: found.as_ref().map_or_else(|| "never seen".to_owned(), |seen| seen.status.clone()),
            last_seen: found.map(|seen| seen.last_seen.to_string()),
        });
    }
    let stranger = |seen: Seen| Row {
        name: None,
        mac: Some(seen.mac),
        address: seen.address.map(|address| address.to_string()),
        declared: false,
        class: None,
        status: seen.status,
        last_seen: Some(seen.last_seen.to_string()),
    };
    rows.extend(seen.into_values().map(stranger));
    rows
}

/// A machine with its timeline, for programs.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    declared: Option<&'a Machine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seen: Option<&'a Seen>,
    events: &'a [Event],
}

fn show(dir: &Path, machine: &str, common: &Common) -> Outcome {
    let state = state_dir(dir, common)?;
    let (site, _) = site::examine(dir);
    let declared = site.and_then(|mut site| site.machines.remove(&machine.to_lowercase()));
    let mac = machine.parse().ok().or(declared.as_ref().and_then(|machine| machine.mac));
    let filter = EventFilter { mac, machine: Some(machine.to_lowercase()), since: None };
    if common.watch {
        return watch(&state, filter, common, false);
    }
    let events: Vec<Event> = read_events(&state, filter).collect::<Result<_, _>>()?;
    if events.is_empty() && declared.is_none() {
        let hint = "`firstlight machines` lists those that were";
        return Err(Failure::Failed(format!("{machine} is not declared and was never seen; {hint}")));
    }
    let mut overview = Overview::default();
    events.iter().for_each(|event| overview.take(event));
    let seen = overview.machines.values().next_back();
    if common.json {
        return output::json(&Shown { declared: declared.as_ref(), seen, events: &events });
    }
    let mut text = head(machine, declared.as_ref(), seen);
    let mut timeline = Timeline::default();
    for event in &events {
        text.push_str(&timeline.line(event));
    }
    output::print(&text)
}

fn head(name: &str, declared: Option<&Machine>, seen: Option<&Seen>) -> String {
    let mut text = format!("{name}\n");
    let mut row = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            text.push_str(&format!("  {key:10} {value}\n"));
        }
    };
    row("declared", Some(declared.map_or_else(|| "no".to_owned(), |machine| machine.place.to_string())));
    row("mac", declared.and_then(|m| m.mac).or(seen.map(|s| s.mac)).map(|mac| mac.to_string()));
    row("address", declared.and_then(|m| m.address).or(seen.and_then(|s| s.address)).map(|a| a.to_string()));
    row("class", declared.and_then(|machine| machine.class.clone()));
    row("status", Some(seen.map_or_else(|| "never seen".to_owned(), |seen| seen.status.clone())));
    text.push('\n');
    text
}

/// Prints events as they come, until the command is ended.
fn watch(state: &Path, filter: EventFilter, common: &Common, with_names: bool) -> Outcome {
    let mut events = read_events(state, filter);
    let mut timeline = Timeline::default();
    loop {
        while let Some(event) = events.next() {
            let event = event?;
            if common.json {
                output::print(&format!("{}\n", serde_json::to_string(&event)?))?;
                continue;
            }
            let who = event.machine.clone().or(event.mac.map(|mac| mac.to_string())).filter(|_| with_names);
            let who = who.map(|who| format!("{who:18}")).unwrap_or_default();
            output::print(&format!("{who}{}", timeline.line(&event)))?;
        }
        thread::sleep(LOOK_EVERY);
    }
}

fn state_dir(site: &Path, common: &Common) -> Result<PathBuf, Failure> {
    let state = match common.lab {
        true => crate::lab::state_dir(site),
        false => site::state_dir(site, common.state.as_ref()),
    };
    match state.is_dir() || common.watch {
        true => Ok(state),
        false if site.is_dir() => Ok(state),
        false => Err(Failure::Failed(format!("{} is not a folder: expected a site", site.display()))),
    }
}
