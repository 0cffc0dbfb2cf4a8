//! `firstlight machines show`: one machine, what it does now, and its timeline.

use super::{Common, made_of, one, standings, state_dir, watch};
use crate::{
    Failure, Outcome, output,
    overview::{Overview, Seen},
    site,
    timeline::{self, Detail},
    words,
};
use firstlight_model::{Inventory, Mac, Timestamp};
use firstlight_plan::Standing;
use firstlight_serve::now;
use firstlight_site::{Machine, Report, Site};
use firstlight_state::{Diagnosis, Event, EventFilter, What, Who, read_events};
use serde::Serialize;
use std::path::Path;

/// A machine with its timeline, for programs.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    declared: Option<&'a Machine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seen: Option<&'a Seen>,
    /// Where it stands in its life.
    #[serde(skip_serializing_if = "Option::is_none")]
    standing: Option<&'a Standing>,
    /// What its last boot waits for, where it has come to a halt.
    #[serde(skip_serializing_if = "Option::is_none")]
    halted: Option<Diagnosis>,
    /// What it last said that it is made of.
    #[serde(skip_serializing_if = "Option::is_none")]
    inventory: Option<&'a Inventory>,
    events: &'a [Event],
}

pub(super) fn run(dir: &Path, name: &str, full: bool, common: &Common) -> Outcome {
    site::exists(dir)?;
    let state = state_dir(dir, common);
    // What was recorded is shown also while the site has mistakes.
    let (site, report) = site::examine(dir);
    let declared = site.as_ref().and_then(|site| site.machines.get(&name.to_lowercase()));
    let filter = filter(&state, name, declared, site.as_ref().filter(|_| common.lab))?;
    if common.watch {
        return watch(&state, &filter, common, one());
    }
    let events: Vec<Event> = read_events(&state, filter).collect::<Result<_, _>>()?;
    if events.is_empty() && declared.is_none() {
        return Err(unknown(name, &report));
    }
    let mut overview = Overview::default();
    events.iter().for_each(|event| overview.take(event));
    let seen = overview.machines.values().max_by_key(|seen| seen.last_seen);
    let who = declared.map(|machine| Who::Machine(machine.name.to_string())).unwrap_or_else(|| Who::from(name));
    let known = standings(&state)?;
    let standing = known.get(&who);
    let inventory = last_inventory(&events);
    if common.json {
        return output::json(&Shown {
            declared,
            seen,
            standing,
            halted: timeline::halted(&events, now()),
            inventory: inventory.map(|(inventory, _)| inventory),
            events: &events,
        });
    }
    let (detail, width) = (if full { Detail::Full } else { Detail::Reasons }, output::width());
    output::print(&format!(
        "{}{}{}",
        head(name, declared, (seen, standing), now(), width),
        inventory.map(|(inventory, at)| made_of::block(inventory, at, width)).unwrap_or_default(),
        timeline::whole(&events, now(), detail, width)
    ))
}

/// What it last said that it is made of, and when.
fn last_inventory(events: &[Event]) -> Option<(&Inventory, Timestamp)> {
    events.iter().rev().find_map(|event| match &event.what {
        What::Inventory { inventory, .. } => Some((&**inventory, event.at)),
        _ => None,
    })
}

/// The events of a machine: by its address, its declared address, or in the lab that of its virtual machine; and by its
/// name.
fn filter(state: &Path, name: &str, declared: Option<&Machine>, lab: Option<&Site>) -> Result<EventFilter, Failure> {
    let name = name.to_lowercase();
    let of_lab = || Some(lab?.lab.as_ref()?.machines.get(&name)?.mac);
    let mac: Option<Mac> = name.parse().ok().or(declared.and_then(|machine| machine.mac)).or_else(of_lab);
    site::events_of(state, mac, Some(name))
}

fn unknown(name: &str, report: &Report) -> Failure {
    if report.errors() > 0 {
        site::complain(report);
        return Failure::Silent;
    }
    let hint = "`firstlight machines` lists those that were";
    Failure::Failed(format!("{name} is not declared and was never seen; {hint}"))
}

type Found<'a> = (Option<&'a Seen>, Option<&'a Standing>);

fn head(name: &str, declared: Option<&Machine>, found: Found<'_>, now: Timestamp, width: usize) -> String {
    let (seen, standing) = found;
    let mut text = format!("{name}\n");
    let mut row = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            text.push_str(&format!("  {key:10} {}\n", output::hang(&value, 13, width)));
        }
    };
    row("declared", Some(declared.map_or_else(|| "no".to_owned(), |machine| machine.place.to_string())));
    row("mac", declared.and_then(|m| m.mac).or(seen.map(|s| s.mac)).map(|mac| mac.to_string()));
    row("uuid", declared.and_then(|machine| machine.uuid).map(|uuid| uuid.to_string()));
    row("serial", declared.and_then(|machine| machine.serial.clone()));
    row("address", declared.and_then(|m| m.address).or(seen.and_then(|s| s.address)).map(|a| a.to_string()));
    row("class", declared.and_then(|machine| machine.class.clone()));
    row("stage", standing.map(|standing| stands(standing, now)));
    row("status", Some(seen.map_or_else(|| "never seen".to_owned(), |seen| doing(seen, now))));
    row("last seen", seen.map(|seen| format!("{} ago: {}", words::span(now.since(seen.last_seen)), seen.last_event)));
    text
}

/// Where it stands, since when and why.
fn stands(standing: &Standing, now: Timestamp) -> String {
    let once = standing.once.as_ref().map(|once| format!("; {} is booted for once", once.profile)).unwrap_or_default();
    match standing.cause.is_empty() {
        true => format!("{}{once}", standing.stage),
        false => {
            let span = words::span(now.since(standing.since));
            format!("{} for {span}: {}{once}", standing.stage, standing.cause)
        }
    }
}

/// What it does now, and since when.
fn doing(seen: &Seen, now: Timestamp) -> String {
    format!("{} for {}, since {}", seen.status, words::span(now.since(seen.since)), seen.since)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overview::tests::{acked, at, script};

    #[test]
    fn the_head_says_what_it_does_and_since_when() {
        let mut overview = Overview::default();
        [at(1000, acked("BIOS")), at(2000, script("profile small")), at(8000, acked("OS"))]
            .iter()
            .for_each(|event| overview.take(event));
        let text = head("x", None, (overview.machines.values().next(), None), Timestamp(62_000), 200);
        for line in [
            "  declared   no\n",
            "  mac        52:54:00:00:00:01\n",
            "  address    10.20.0.11\n",
            "  status     booting small for 60 s, since 1970-01-01T00:00:02.000Z\n",
            "  last seen  54 s ago: DHCP: OS has 10.20.0.11\n",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }
}
