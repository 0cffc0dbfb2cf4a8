//! The addresses that a network gives to machines without a reservation, and the order in which it does.

use super::Entry;
use crate::LeaseState;
use firstlight_model::Ipv4Net;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
    sync::Arc,
};

/// What a network gives.
#[derive(Debug, Clone)]
pub struct Pool {
    /// The network's name.
    pub network: Arc<str>,
    /// The network.
    pub subnet: Ipv4Net,
    /// First and last address of each range. What is no host of the subnet in them is never given.
    pub ranges: Vec<(Ipv4Addr, Ipv4Addr)>,
    /// Never given to a machine without a reservation: the server, the routers, what is reserved.
    pub excluded: BTreeSet<Ipv4Addr>,
}

/// A network of the table.
#[derive(Debug, Default)]
pub(super) struct Net {
    pub(super) name: Arc<str>,
    pool: Option<Pool>,
    /// How many addresses the pool can give.
    size: u64,
    /// The addresses of the pool that were leased, by when they are, or became, free.
    used: BTreeSet<(u32, u32)>,
    /// Those that were only offered, by when the offer ends.
    offers: BTreeSet<(u32, u32)>,
    /// Those that are set aside after a decline, by until when. They are in `used` too.
    aside: BTreeSet<(u32, u32)>,
    /// Where to look for an address that was never used: a range, and the address in it.
    fresh: (usize, u32),
    /// What lies before the place where the looking began is still to be looked at.
    skipped: bool,
}

/// Offers that are held at a time. Beyond that the oldest goes: a flood of DISCOVERs must not take all memory, and
/// refusing new ones would let it shut everyone out.
const MOST_OFFERS: usize = 1 << 16;
/// Addresses that are left alone after a restart, for they may have been offered before it. Half as many where there
/// are few.
const LEFT_ALONE: u32 = 1024;
/// As many of those that are free for longest.
const LEFT_ALONE_USED: usize = 64;

impl Net {
    pub(super) fn new(name: &str) -> Self {
        Net { name: name.into(), ..Net::default() }
    }

    /// Takes the pool away. Leases in it run on.
    pub(super) fn close(&mut self) {
        *self = Net::new(&self.name);
    }

    pub(super) fn open(&mut self, mut pool: Pool) {
        pool.ranges.retain(|(first, last)| first <= last);
        pool.ranges.sort_unstable();
        self.fresh = (0, pool.ranges.first().map_or(0, |(first, _)| first.to_bits()));
        self.size = size(&pool);
        self.pool = Some(pool);
    }

    /// After a restart: looks for addresses that were never used some way behind the last one that was. Those in
    /// between may have been offered to clients that have yet to ask for them.
    pub(super) fn leave_alone(&mut self, entries: &BTreeMap<u32, Entry>) {
        let Some((_, last)) = self.pool.as_ref().and_then(|pool| pool.ranges.last()) else { return };
        let known = entries.range(..=last.to_bits()).rev().map(|(address, _)| *address);
        if let Some(highest) = known.take_while(|a| self.holds(*a)).find(|a| self.gives(*a)) {
            let share = u32::try_from(self.size / 4).unwrap_or(u32::MAX);
            self.fresh = (0, highest.saturating_add(share.min(LEFT_ALONE)).saturating_add(1).max(self.fresh.1));
            self.skipped = true;
        }
    }

    /// True when the address lies in the network.
    pub(super) fn holds(&self, address: u32) -> bool {
        self.pool.as_ref().is_some_and(|pool| pool.subnet.contains(Ipv4Addr::from_bits(address)))
    }

    /// True when the address may go to a machine without a reservation.
    pub(super) fn gives(&self, address: u32) -> bool {
        let address = Ipv4Addr::from_bits(address);
        self.pool.as_ref().is_some_and(|pool| {
            pool.ranges.iter().any(|(first, last)| (*first..=*last).contains(&address))
                && pool.subnet.is_host(address)
                && !pool.excluded.contains(&address)
        })
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn list(&mut self, address: u32, state: LeaseState, until: u32) {
        if self.gives(address) {
            self.order(state).insert((until, address));
            if state == LeaseState::Declined {
                self.aside.insert((until, address));
            }
        }
    }

    pub(super) fn unlist(&mut self, address: u32, state: LeaseState, until: u32) {
        self.order(state).remove(&(until, address));
        self.aside.remove(&(until, address));
    }

    fn order(&mut self, state: LeaseState) -> &mut BTreeSet<(u32, u32)> {
        if state == LeaseState::Offered { &mut self.offers } else { &mut self.used }
    }

    /// True while half of the pool that the address is of is set aside: clients that decline everything must not use
    /// it up.
    pub(super) fn is_poisoned(&mut self, address: u32, now: u32) -> bool {
        while self.aside.first().is_some_and(|(until, _)| *until <= now) {
            self.aside.pop_first();
        }
        self.gives(address) && self.aside.len() as u64 >= self.size.div_ceil(2)
    }

    /// An address that was offered and not taken, else one that was never used, else the one that has been free for
    /// longest. `cautious` shortly after a restart: offers that are not known may have been made of those.
    pub(super) fn pick(&mut self, now: u32, cautious: bool, entries: &BTreeMap<u32, Entry>) -> Option<u32> {
        let offer = self.offers.first().filter(|(until, _)| *until <= now || self.offers.len() >= MOST_OFFERS);
        match offer {
            Some((_, address)) => Some(*address),
            None => self.pick_fresh(entries).or_else(|| self.pick_used(now, cautious)),
        }
    }

    fn pick_used(&self, now: u32, cautious: bool) -> Option<u32> {
        let mut free = self.used.range(..=(now, u32::MAX)).map(|(_, address)| *address);
        if !cautious {
            return free.next();
        }
        let first: Vec<u32> = free.take(2 * LEFT_ALONE_USED).collect();
        first.get(first.len() / 2).copied()
    }

    /// Goes on where the last call stopped, so that a pool of n addresses costs n steps over its whole life.
    fn pick_fresh(&mut self, entries: &BTreeMap<u32, Entry>) -> Option<u32> {
        loop {
            let (range, address) = self.fresh;
            let Some((_, last)) = self.pool.as_ref()?.ranges.get(range) else {
                if !std::mem::take(&mut self.skipped) {
                    return None;
                }
                self.fresh = (0, self.pool.as_ref()?.ranges.first()?.0.to_bits());
                continue;
            };
            if address > last.to_bits() {
                let next =
                    self.pool.as_ref()?.ranges.get(range.saturating_add(1)).map_or(0, |(first, _)| first.to_bits());
                self.fresh = (range.saturating_add(1), next.max(address));
                continue;
            }
            // The very last address cannot be stepped over; it is no host anyway.
            self.fresh = match address.checked_add(1) {
                Some(next) => (range, next),
                None => (usize::MAX, address),
            };
            if self.gives(address) && !entries.contains_key(&address) {
                return Some(address);
            }
        }
    }
}

fn size(pool: &Pool) -> u64 {
    let whole: u64 = pool.ranges.iter().map(|(first, last)| u64::from(last.to_bits() - first.to_bits()) + 1).sum();
    let inside = |a: &&Ipv4Addr| pool.ranges.iter().any(|(first, last)| (first..=last).contains(a));
    whole.saturating_sub(pool.excluded.iter().filter(inside).count() as u64)
}
