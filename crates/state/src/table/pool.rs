//! The addresses that a network gives to machines without a reservation, and the order in which it does.

use super::Entry;
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
#[derive(Debug)]
pub(super) struct Net {
    pub(super) name: Arc<str>,
    pool: Option<Pool>,
    /// The addresses of the pool that were used, by when they are, or became, free.
    used: BTreeSet<(u32, u32)>,
    /// Where to look for an address that was never used: a range, and the address in it.
    fresh: (usize, u32),
}

impl Net {
    pub(super) fn new(name: &str) -> Self {
        Net { name: name.into(), pool: None, used: BTreeSet::new(), fresh: (0, 0) }
    }

    /// Takes the pool away. Leases in it run on.
    pub(super) fn close(&mut self) {
        self.pool = None;
        self.used.clear();
    }

    pub(super) fn open(&mut self, mut pool: Pool) {
        pool.ranges.retain(|(first, last)| first <= last);
        pool.ranges.sort_unstable();
        self.fresh = (0, pool.ranges.first().map_or(0, |(first, _)| first.to_bits()));
        self.pool = Some(pool);
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
        let Some(pool) = &self.pool else { return 0 };
        let whole: u64 = pool.ranges.iter().map(|(first, last)| u64::from(last.to_bits() - first.to_bits()) + 1).sum();
        let inside = |a: &&Ipv4Addr| pool.ranges.iter().any(|(first, last)| (first..=last).contains(a));
        whole.saturating_sub(pool.excluded.iter().filter(inside).count() as u64)
    }

    pub(super) fn list(&mut self, address: u32, until: u32) {
        if self.gives(address) {
            self.used.insert((until, address));
        }
    }

    pub(super) fn unlist(&mut self, address: u32, until: u32) {
        self.used.remove(&(until, address));
    }

    /// An address that was never used, else the one that has been free for longest.
    pub(super) fn pick(&mut self, now: u32, entries: &BTreeMap<u32, Entry>) -> Option<u32> {
        if let Some(address) = self.pick_fresh(entries) {
            return Some(address);
        }
        let (until, address) = self.used.first()?;
        (*until <= now).then_some(*address)
    }

    /// Goes on where the last call stopped, so that a pool of n addresses costs n steps over its whole life.
    fn pick_fresh(&mut self, entries: &BTreeMap<u32, Entry>) -> Option<u32> {
        loop {
            let (range, address) = self.fresh;
            let (_, last) = self.pool.as_ref()?.ranges.get(range)?;
            if address > last.to_bits() {
                let next = self.pool.as_ref()?.ranges.get(range + 1).map_or(0, |(first, _)| first.to_bits());
                self.fresh = (range + 1, next.max(address));
                continue;
            }
            // The very last address cannot be stepped over; it is no host anyway.
            self.fresh = (range, address.checked_add(1)?);
            if self.gives(address) && !entries.contains_key(&address) {
                return Some(address);
            }
        }
    }
}
