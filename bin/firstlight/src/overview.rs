//! Machines as their events leave them: what each does now, and since when.

use firstlight_model::{Mac, Timestamp};
use firstlight_state::{Event, Role, What};
use serde::Serialize;
use std::{collections::BTreeMap, net::Ipv4Addr};

/// What DHCP calls a client that does not boot through us.
pub(crate) const OS: &str = "OS";

/// A machine, as far as the record tells.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Seen {
    pub(crate) mac: Mac,
    /// Its declared name at its last event.
    pub(crate) machine: Option<String>,
    pub(crate) address: Option<Ipv4Addr>,
    /// Where its boot stands: `seen`, `starting`, `booting …`, `at the menu`, `parked`, `up`.
    pub(crate) status: String,
    /// Since when that is so.
    pub(crate) since: Timestamp,
    pub(crate) first_seen: Timestamp,
    pub(crate) last_seen: Timestamp,
    /// The last event in words.
    pub(crate) last_event: String,
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
            since: event.at,
            first_seen: event.at,
            last_seen: event.at,
            last_event: String::new(),
        });
        seen.last_seen = event.at;
        seen.last_event = format!("{}: {}", event.step(), event.summary());
        seen.machine.clone_from(&event.machine);
        if let What::DhcpAcked { address, .. } = &event.what {
            seen.address = Some(*address);
        }
        if let Some(status) = status_after(&event.what) {
            let begins_anew = matches!(event.what, What::Script { .. } | What::Reported { .. });
            if begins_anew || status != seen.status {
                seen.since = event.at;
            }
            seen.status = status;
        }
    }
}

/// The status that an event leaves a machine in; `None` where it changes nothing. A system that asks for its address
/// is where it was: booting, or up.
fn status_after(what: &What) -> Option<String> {
    match what {
        What::DhcpOffered { client, .. } | What::DhcpProxied { client, .. } | What::DhcpAcked { client, .. }
            if client != OS =>
        {
            Some("starting".to_owned())
        }
        What::Sent { role: Role::Loader, .. } => Some("starting".to_owned()),
        What::Script { boots, .. } if boots == "parked" => Some("parked".to_owned()),
        What::Script { profile: Some(profile), .. } => Some(format!("booting {profile}")),
        What::Script { boots, .. } if boots == "menu" => Some("at the menu".to_owned()),
        What::Script { boots, .. } => Some(format!("booting {boots}")),
        What::Parked { .. } => Some("parked".to_owned()),
        What::Waits { assets, .. } => Some(format!("waiting for {}", assets.join(", "))),
        What::Reported { .. } => Some("up".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use firstlight_state::Leads;

    /// An event at a millisecond.
    pub(crate) fn at(ms: u64, what: What) -> Event {
        Event { at: Timestamp(ms), mac: Some(Mac([0x52, 0x54, 0, 0, 0, 1])), machine: None, what }
    }

    pub(crate) fn acked(client: &str) -> What {
        What::DhcpAcked { address: [10, 20, 0, 11].into(), client: client.to_owned(), boot: None }
    }

    pub(crate) fn script(boots: &str) -> What {
        let profile = boots.strip_prefix("profile ").map(str::to_owned);
        let (attempt, asked) = (String::new(), String::new());
        let (from, reasons, text) = (None, Vec::new(), String::new());
        let leads = match boots {
            "disk" => Leads::Disk,
            _ if profile.is_some() => Leads::System,
            _ => Leads::Elsewhere,
        };
        What::Script { attempt, asked, from, boots: boots.to_owned(), leads, profile, reasons, text }
    }

    pub(crate) fn reported() -> What {
        What::Reported { attempt: String::new(), message: None }
    }

    fn status_of(whats: Vec<What>) -> (String, u64) {
        let mut overview = Overview::default();
        for (second, what) in (0u64..).zip(whats) {
            overview.take(&at(second * 1000, what));
        }
        let seen = overview.machines.into_values().next().unwrap();
        (seen.status, seen.since.secs())
    }

    #[test]
    fn a_machine_goes_from_its_start_to_its_report() {
        assert_eq!(status_of(vec![acked("BIOS"), acked("iPXE (BIOS)")]), ("starting".to_owned(), 0));
        assert_eq!(status_of(vec![acked("BIOS"), script("profile a")]), ("booting a".to_owned(), 1));
        assert_eq!(status_of(vec![script("profile a"), reported()]), ("up".to_owned(), 1));
        assert_eq!(status_of(vec![script("menu")]), ("at the menu".to_owned(), 0));
        assert_eq!(status_of(vec![script("profile a"), script("profile a")]), ("booting a".to_owned(), 1));
    }

    #[test]
    fn a_system_that_asks_for_its_address_is_where_it_was() {
        assert_eq!(status_of(vec![acked("BIOS"), script("profile a"), acked(OS)]), ("booting a".to_owned(), 1));
        assert_eq!(status_of(vec![reported(), acked(OS)]), ("up".to_owned(), 0));
        assert_eq!(status_of(vec![acked(OS)]), ("seen".to_owned(), 0));
    }
}
