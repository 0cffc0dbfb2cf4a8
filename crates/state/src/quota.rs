//! How many events one client, and all strangers together, may record: a client in a loop, or one that makes up
//! addresses, must not wash the record of everybody else out of the space that is kept.
//!
//! Two buckets: each hardware address has one, and those that nobody declared share one more. Pure; an event's own
//! time counts.

use crate::{Event, What};
use firstlight_model::{Mac, Timestamp};
use std::{collections::HashMap, time::Duration};

/// For each hardware address: some fifteen boots at once, and one event every two seconds for ever: 11 MB a day.
const OF_ONE: Rate = Rate { most: 200, every: Duration::from_secs(2) };
/// For all that nobody declared: a hall of new machines that are switched on together, and then half of
/// [`crate::events::KEPT`] in two days.
const OF_STRANGERS: Rate = Rate { most: 10_000, every: Duration::from_millis(500) };
/// Hardware addresses that are told apart.
const CLIENTS: usize = 1 << 16;
/// How often it is said that something was left out.
const SAY_EVERY: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy)]
struct Rate {
    most: u32,
    /// How long until one more may be recorded.
    every: Duration,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: u32,
    since: Timestamp,
}

impl Bucket {
    fn new(rate: Rate, now: Timestamp) -> Self {
        Bucket { left: rate.most, since: now }
    }

    fn take(&mut self, rate: Rate, now: Timestamp) -> bool {
        let every = u64::try_from(rate.every.as_millis()).unwrap_or(u64::MAX).max(1);
        let more = now.0.saturating_sub(self.since.0) / every;
        if more > 0 || now < self.since {
            self.left = self.left.saturating_add(u32::try_from(more).unwrap_or(u32::MAX)).min(rate.most);
            self.since = now;
        }
        let any = self.left > 0;
        self.left = self.left.saturating_sub(1);
        any
    }
}

/// What may still be recorded.
#[derive(Debug, Default)]
pub(crate) struct Quota {
    clients: HashMap<Mac, Bucket>,
    strangers: Option<Bucket>,
    left_out: u64,
    said: Option<Timestamp>,
}

impl Quota {
    /// True when an event may be recorded. What concerns the server itself always may.
    pub(crate) fn admits(&mut self, event: &Event) -> bool {
        if matches!(
            event.what,
            What::ServerStarted { .. } | What::PoolExhausted { .. } | What::ConnectionsRefused { .. }
        ) {
            return true;
        }
        let admitted = event.mac.is_none_or(|mac| self.of_one(mac, event.at))
            && (event.machine.is_some() || self.of_strangers(event.at));
        if !admitted {
            self.left_out += 1;
            self.say(event);
        }
        admitted
    }

    fn of_one(&mut self, mac: Mac, now: Timestamp) -> bool {
        if self.clients.len() >= CLIENTS && !self.clients.contains_key(&mac) {
            // All are told apart anew; the strangers' common bucket stays as it is.
            self.clients.clear();
        }
        self.clients.entry(mac).or_insert_with(|| Bucket::new(OF_ONE, now)).take(OF_ONE, now)
    }

    fn of_strangers(&mut self, now: Timestamp) -> bool {
        self.strangers.get_or_insert_with(|| Bucket::new(OF_STRANGERS, now)).take(OF_STRANGERS, now)
    }

    fn say(&mut self, event: &Event) {
        if self.said.is_some_and(|said| event.at >= said && event.at.since(said) < SAY_EVERY) {
            return;
        }
        let who = event.mac.map_or("clients without a hardware address".to_owned(), |mac| mac.to_string());
        tracing::warn!("{} events were left out of the record: too many at once, the last of {who}", self.left_out);
        (self.said, self.left_out) = (Some(event.at), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: u64 = 1_795_168_800_000;

    fn event(mac: u32, machine: Option<&str>, at: u64) -> Event {
        let [a, b, c, d] = mac.to_be_bytes();
        let what = What::DhcpReleased { address: std::net::Ipv4Addr::LOCALHOST };
        Event { at: Timestamp(at), mac: Some(Mac([2, 0, a, b, c, d])), machine: machine.map(str::to_owned), what }
    }

    #[test]
    fn a_client_in_a_loop_is_left_out_and_others_are_not() {
        let mut quota = Quota::default();
        assert_eq!((0..1000).filter(|_| quota.admits(&event(1, Some("kitt"), T0))).count(), 200);
        assert!(quota.admits(&event(2, Some("karr"), T0)) && quota.admits(&event(3, None, T0)));
        assert!(quota.admits(&event(1, Some("kitt"), T0 + 2000)) && !quota.admits(&event(1, Some("kitt"), T0 + 2000)));
        let started = Event { mac: None, machine: None, ..event(1, None, T0) };
        assert!(quota.admits(&Event { what: What::ServerStarted { generation: 1 }, ..started }));
    }

    #[test]
    fn made_up_addresses_share_one_bucket_that_declared_machines_do_not_need() {
        let mut quota = Quota::default();
        assert_eq!((0..200_000).filter(|n| quota.admits(&event(*n, None, T0))).count(), 10_000);
        assert!(quota.clients.len() <= CLIENTS);
        assert!(quota.admits(&event(7, Some("kitt"), T0)));
        assert_eq!((0..100).filter(|n| quota.admits(&event(300_000 + n, None, T0 + 5000))).count(), 10);
    }

    #[test]
    fn a_clock_that_goes_back_shuts_nobody_out() {
        let mut quota = Quota::default();
        while quota.admits(&event(1, Some("kitt"), T0)) {}
        assert!(!quota.admits(&event(1, Some("kitt"), T0 - 1_000_000_000)));
        assert!(quota.admits(&event(1, Some("kitt"), T0 - 1_000_000_000 + 2000)));
    }
}
