//! Events as lines, and machines as their events leave them.

use firstlight_model::{Mac, Timestamp};
use firstlight_state::{Event, What};
use serde::Serialize;
use std::{collections::BTreeMap, net::Ipv4Addr, time::Duration};

/// A machine, as far as the record tells.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Seen {
    pub(crate) mac: Mac,
    /// Its declared name at its last event.
    pub(crate) machine: Option<String>,
    pub(crate) address: Option<Ipv4Addr>,
    /// Where its boot stands: `asked`, `booting …`, `parked`, `up`.
    pub(crate) status: String,
    pub(crate) first_seen: Timestamp,
    pub(crate) last_seen: Timestamp,
}

/// Takes in events one by one.
#[derive(Debug, Default)]
pub(crate) struct Overview {
    pub(crate) machines: BTreeMap<Mac, Seen>,
}

impl Overview {
    pub(crate) fn take(&mut self, event: &Event) {
        let Some(mac) = event.mac else { return };
        let seen = self.machines.entry(mac).or_insert_with(|| Seen {
            mac,
            machine: None,
            address: None,
            status: "seen".to_owned(),
            first_seen: event.at,
            last_seen: event.at,
        });
        seen.last_seen = event.at;
        seen.machine.clone_from(&event.machine);
        if let What::DhcpAcked { address, .. } = &event.what {
            seen.address = Some(*address);
        }
        if let Some(status) = status_after(&event.what) {
            seen.status = status;
        }
    }
}

/// The status that an event leaves a machine in; `None` where it changes nothing.
fn status_after(what: &What) -> Option<String> {
    match what {
        What::DhcpOffered { .. } => Some("asks for an address".to_owned()),
        What::Script { boots, .. } => Some(format!("booting: {boots}")),
        What::Parked { .. } => Some("parked".to_owned()),
        What::Reported { .. } => Some("up".to_owned()),
        What::DhcpNaked { .. } => Some("address refused".to_owned()),
        _ => None,
    }
}

/// A timeline: each event with its time, and how long after the one before it. A pause of a minute begins a new boot.
#[derive(Default)]
pub(crate) struct Timeline {
    last: Option<Timestamp>,
}

const NEW_BOOT: Duration = Duration::from_secs(60);

impl Timeline {
    pub(crate) fn line(&mut self, event: &Event) -> String {
        let waited = self.last.map(|last| event.at.since(last));
        self.last = Some(event.at);
        let gap = if waited.is_some_and(|waited| waited > NEW_BOOT) { "\n" } else { "" };
        let waited = waited.map_or_else(String::new, |waited| format!("+{:.3}", waited.as_secs_f64()));
        format!("{gap}{}  {waited:>9}  {:9} {}\n", event.at, event.step(), event.summary())
    }
}
