//! The lease table: which client holds which address. Pure; the time is an argument, in seconds since 1970.
//!
//! States of an address, and what moves it between them. An address is *live* while its `until` lies in the future;
//! only one that is not live goes to another client.
//!
//! ```text
//!   never used ──offer──▶ Offered ──bind──▶ Bound ──bind──▶ Bound (renewed)
//!        (60 s pass) ◀──────┘  │              │ release ──▶ Released
//!                              └── decline ───┴ decline ──▶ Declined (10 min)
//! ```
//!
//! Choice of an address: the client's reserved one, the one it has or had, the one it asks for, one that was offered
//! and not taken, one that was never used, and then the one that has been free for longest. Every step is O(log n) in
//! the addresses known, and memory goes with those, not with the ranges.
//!
//! Offers are not on disk. For a minute after a restart, addresses that its predecessor may have offered are therefore
//! left alone, so that the clients that come to take them are not refused.
//!
//! Not here: who may have which reservation (the caller says), what is on disk (see [`crate::LeaseLog`]).

mod names;
mod pool;
#[cfg(test)]
mod tests;

pub use pool::Pool;

use crate::{ClientKey, Lease, LeaseState};
use firstlight_model::{Hostname, Mac};
use names::Names;
use pool::Net;
use std::{
    collections::{BTreeMap, HashMap},
    net::Ipv4Addr,
    sync::Arc,
};

/// How long an offer is held for its client, in seconds.
const OFFER: u32 = 60;

/// How long a declined address is set aside, in seconds.
pub const QUARANTINE: u64 = 600;

/// Who asks, where and when.
#[derive(Debug, Clone)]
pub struct Claim<'a> {
    /// The network's name.
    pub network: &'a str,
    /// The client.
    pub client: &'a ClientKey,
    /// Its hardware address.
    pub mac: Mac,
    /// The host name that it goes by, where it has one. Two machines never share one: the first keeps it.
    pub name: Option<&'a Hostname>,
    /// The address that the site reserves for this machine in this network.
    pub fixed: Option<Ipv4Addr>,
    /// Seconds since 1970.
    pub now: u64,
}

/// Why an address is not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is neither in the network's ranges nor reserved for this machine.
    #[error("the address is not one that this machine may have in this network")]
    NotOurs,
    /// Another client has it, or it is set aside after a decline.
    #[error("another client has the address, or it is set aside")]
    Taken,
    /// The site reserves another one for the machine, and that one is free.
    #[error("{0} is reserved for this machine")]
    Reserved(Ipv4Addr),
}

/// What is known of an address: compact, since there may be very many.
#[derive(Debug, Clone)]
struct Entry {
    client: ClientKey,
    mac: Mac,
    net: u16,
    state: LeaseState,
    since: u32,
    until: u32,
}

/// Which client holds which address.
#[derive(Debug, Default)]
pub struct LeaseTable {
    nets: Vec<Net>,
    entries: BTreeMap<u32, Entry>,
    /// The address that a client has or last had in a network.
    latest: HashMap<(ClientKey, u16), u32>,
    names: Names,
    /// Offers may have been made that are not known: until the first one after them, and then for as long as one holds.
    recovered: bool,
    cautious_until: u32,
    /// The times of all entries have changed, and those on disk have not.
    shifted: bool,
}

/// Seconds as they are kept: up to the year 2106.
fn seconds(time: u64) -> u32 {
    u32::try_from(time).unwrap_or(u32::MAX)
}

impl LeaseTable {
    /// A table without leases.
    pub fn new(pools: Vec<Pool>) -> Self {
        let mut table = LeaseTable::default();
        table.set_pools(pools);
        table
    }

    /// Changes the networks. Leases stay as they are until they end, also those that no pool holds any more; such
    /// a lease belongs to the network whose subnet holds its address.
    pub fn set_pools(&mut self, pools: Vec<Pool>) {
        self.nets.iter_mut().for_each(Net::close);
        for pool in pools {
            let net = self.net_index(&pool.network);
            if let Some(net) = self.nets.get_mut(usize::from(net)) {
                net.open(pool);
            }
        }
        self.put_all_again(|_| {});
        if self.recovered {
            self.leave_alone();
        }
    }

    /// The clock was set: moves everything by as many seconds, so that what runs goes on to run for as long as the
    /// clients were told. The next commit makes it durable.
    pub fn shift(&mut self, by: i64) {
        let moved = |time: u32| u32::try_from(i64::from(time).saturating_add(by).max(0)).unwrap_or(u32::MAX);
        self.cautious_until = moved(self.cautious_until);
        self.put_all_again(|entry| (entry.since, entry.until) = (moved(entry.since), moved(entry.until)));
        self.shifted = true;
    }

    /// True once after [`LeaseTable::shift`].
    pub(crate) fn take_shifted(&mut self) -> bool {
        std::mem::take(&mut self.shifted)
    }

    /// All that was known before a restart is back.
    pub(crate) fn recovered(&mut self) {
        self.recovered = !self.entries.is_empty();
        self.names.settle(|address| self.entries.get(&address).map_or(0, |entry| entry.until));
        self.leave_alone();
    }

    fn leave_alone(&mut self) {
        self.nets.iter_mut().for_each(|net| net.leave_alone(&self.entries));
    }

    fn put_all_again(&mut self, change: impl Fn(&mut Entry)) {
        self.latest.clear();
        let mut entries: Vec<(u32, Entry)> = std::mem::take(&mut self.entries).into_iter().collect();
        // The one that ends last is its client's latest.
        entries.sort_unstable_by_key(|(_, entry)| entry.until);
        for (address, entry) in &entries {
            if let Some(net) = self.nets.get_mut(usize::from(entry.net)) {
                net.unlist(*address, entry.state, entry.until);
            }
        }
        for (address, mut entry) in entries {
            change(&mut entry);
            if let Some(net) = self.nets.iter().position(|net| net.holds(address)) {
                entry.net = u16::try_from(net).unwrap_or(entry.net);
            }
            self.put(address, entry);
        }
    }

    fn net_index(&mut self, name: &str) -> u16 {
        let index = self.nets.iter().position(|net| &*net.name == name).unwrap_or_else(|| {
            self.nets.push(Net::new(name));
            self.nets.len() - 1
        });
        u16::try_from(index).unwrap_or(u16::MAX)
    }

    /// Whoever leases by one of these hardware addresses has this name from now on, or none. The next commit of a lease makes
    /// it durable.
    pub fn rename(&mut self, names: &HashMap<Mac, Option<Arc<Hostname>>>) {
        for (address, entry) in &self.entries {
            if let Some(name) = names.get(&entry.mac) {
                self.names.set(*address, name.clone());
            }
        }
        self.names.settle(|address| self.entries.get(&address).map_or(0, |entry| entry.until));
    }

    /// Puts back what the journal says of an address. Later records override earlier ones.
    pub fn restore(&mut self, lease: Lease) {
        let address = lease.address.to_bits();
        let net = match self.nets.iter().position(|net| net.holds(address)) {
            Some(net) => u16::try_from(net).unwrap_or(u16::MAX),
            None => self.net_index(&lease.network),
        };
        let Lease { client, mac, name, state, since, until, .. } = lease;
        self.names.set(address, name);
        self.put(address, Entry { client, mac, net, state, since: seconds(since), until: seconds(until) });
    }

    /// Chooses an address for a DISCOVER and holds it for a minute. `wanted` is option 50. `None` when nothing is free.
    pub fn offer(&mut self, claim: &Claim<'_>, wanted: Option<Ipv4Addr>) -> Option<Ipv4Addr> {
        let net = self.net_index(claim.network);
        let (now, wanted) = (seconds(claim.now), wanted.map(Ipv4Addr::to_bits));
        let fixed = claim.fixed.map(Ipv4Addr::to_bits).filter(|a| self.is_free_for(*a, claim));
        let latest = || self.latest.get(&(claim.client.clone(), net)).copied();
        let usable =
            |a: &u32| self.nets.get(usize::from(net)).is_some_and(|n| n.gives(*a)) && self.is_free_for(*a, claim);
        let known = fixed.or_else(|| latest().filter(usable)).or_else(|| wanted.filter(usable));
        let address = match known {
            Some(address) => address,
            None => {
                let cautious = self.is_cautious(now);
                self.nets.get_mut(usize::from(net))?.pick(now, cautious, &self.entries)?
            }
        };
        self.hold(address, net, claim);
        Some(Ipv4Addr::from_bits(address))
    }

    fn is_cautious(&mut self, now: u32) -> bool {
        if std::mem::take(&mut self.recovered) {
            self.cautious_until = now.saturating_add(OFFER);
        }
        now < self.cautious_until
    }

    fn hold(&mut self, address: u32, net: u16, claim: &Claim<'_>) {
        let now = seconds(claim.now);
        let held = now.saturating_add(OFFER);
        let entry = match self.entries.get(&address) {
            // A lease that runs is neither shortened nor forgotten by its machine's asking again, under any identifier.
            Some(old) if old.state == LeaseState::Bound && old.until > now => {
                Entry { until: old.until.max(held), ..old.clone() }
            }
            _ => {
                self.names.set(address, None);
                Entry {
                    client: claim.client.clone(),
                    mac: claim.mac,
                    net,
                    state: LeaseState::Offered,
                    since: now,
                    until: held,
                }
            }
        };
        self.put(address, entry);
    }

    /// Leases `address` for `seconds` to the client: for a REQUEST in any state. The record must be durable before the
    /// ACK leaves.
    ///
    /// # Errors
    /// Why the client cannot have that address: the answer is a NAK.
    pub fn bind(&mut self, claim: &Claim<'_>, address: Ipv4Addr, length: u32) -> Result<Lease, Refusal> {
        let (net, bits, now) = (self.net_index(claim.network), address.to_bits(), seconds(claim.now));
        let in_pool = self.nets.get(usize::from(net)).is_some_and(|n| n.gives(bits));
        if claim.fixed != Some(address) {
            if let Some(fixed) = claim.fixed.filter(|f| self.is_free_for(f.to_bits(), claim)) {
                return Err(Refusal::Reserved(fixed));
            }
            if !in_pool {
                return Err(Refusal::NotOurs);
            }
        }
        if !self.is_free_for(bits, claim) {
            return Err(Refusal::Taken);
        }
        let renewed = self
            .entries
            .get(&bits)
            .filter(|e| e.client == *claim.client && e.state == LeaseState::Bound && e.until > now);
        let since = renewed.map_or(now, |entry| entry.since);
        // Never shorter than what the client was told before, for its ACK may get lost.
        let until = now.saturating_add(length).max(renewed.map_or(0, |entry| entry.until));
        self.put(
            bits,
            Entry { client: claim.client.clone(), mac: claim.mac, net, state: LeaseState::Bound, since, until },
        );
        self.names.set(bits, self.free_name(claim));
        self.lease(bits).ok_or(Refusal::Taken)
    }

    /// The client's name, unless another machine goes by it.
    fn free_name(&self, claim: &Claim<'_>) -> Option<Arc<Hostname>> {
        let name = claim.name?;
        let other = self.named(name, claim.now).filter(|(_, mac)| *mac != claim.mac);
        other.is_none().then(|| name.clone().into())
    }

    /// The address that is leased under this name now, and the hardware address of whoever has it.
    pub fn named(&self, name: &Hostname, now: u64) -> Option<(Ipv4Addr, Mac)> {
        let address = Ipv4Addr::from_bits(self.names.address(name)?);
        self.holder(address, now).map(|(_, mac)| (address, mac))
    }

    /// The name, where there is one, and hardware address of whoever has a lease on `address` now.
    pub fn holder(&self, address: Ipv4Addr, now: u64) -> Option<(Option<Arc<Hostname>>, Mac)> {
        let bits = address.to_bits();
        let entry = self.entries.get(&bits)?;
        let live = entry.state == LeaseState::Bound && entry.until > seconds(now);
        live.then(|| (self.names.of(bits).cloned(), entry.mac))
    }

    /// True where the table knows that the client has, or last had, `address`: for INIT-REBOOT.
    pub fn knows(&self, network: &str, client: &ClientKey, address: Ipv4Addr) -> bool {
        let entry = self.entries.get(&address.to_bits());
        entry.is_some_and(|e| e.client == *client && e.state != LeaseState::Declined && self.name(e.net) == network)
    }

    /// A client gives its address back. `None` when it was not its own.
    pub fn release(&mut self, client: &ClientKey, address: Ipv4Addr, now: u64) -> Option<Lease> {
        self.end(client, address, LeaseState::Released, now, now)
    }

    /// A client found its address in use by somebody else: sets it aside for [`QUARANTINE`] seconds, or only takes it
    /// back where half of the pool is set aside already. `None` when it was not its own.
    pub fn decline(&mut self, client: &ClientKey, address: Ipv4Addr, now: u64) -> Option<Lease> {
        let bits = address.to_bits();
        let net = self.entries.get(&bits).map(|entry| usize::from(entry.net)).and_then(|net| self.nets.get_mut(net));
        let poisoned = net.is_some_and(|net| net.is_poisoned(bits, seconds(now)));
        match poisoned {
            true => self.release(client, address, now),
            false => self.end(client, address, LeaseState::Declined, now, now.saturating_add(QUARANTINE)),
        }
    }

    fn end(&mut self, client: &ClientKey, address: Ipv4Addr, state: LeaseState, now: u64, until: u64) -> Option<Lease> {
        let bits = address.to_bits();
        let own = |e: &&Entry| e.client == *client && e.until > seconds(now) && e.state == LeaseState::Bound;
        let old = self.entries.get(&bits).filter(own)?.clone();
        self.put(bits, Entry { state, since: seconds(now), until: seconds(until), ..old });
        self.lease(bits)
    }

    /// The client chose another server: what was offered to it is free again.
    pub fn withdraw(&mut self, network: &str, client: &ClientKey, now: u64) {
        let net = self.net_index(network);
        let Some(address) = self.latest.get(&(client.clone(), net)).copied() else { return };
        match self.entries.get(&address).cloned() {
            Some(entry) if entry.state == LeaseState::Offered => {
                self.put(address, Entry { until: seconds(now), ..entry })
            }
            _ => {}
        }
    }

    /// The hardware address of the client that has, or last had, `address`.
    pub fn mac_of(&self, address: Ipv4Addr) -> Option<Mac> {
        let entry = self.entries.get(&address.to_bits())?;
        (entry.state != LeaseState::Declined).then_some(entry.mac)
    }

    /// The hardware address of the client that has a lease on `address` at this second, or was just offered it.
    pub fn holder_of(&self, address: Ipv4Addr, now: u64) -> Option<Mac> {
        let entry = self.entries.get(&address.to_bits())?;
        let holds = matches!(entry.state, LeaseState::Bound | LeaseState::Offered) && entry.until > seconds(now);
        holds.then_some(entry.mac)
    }

    /// What is known of an address.
    pub fn get(&self, address: Ipv4Addr) -> Option<Lease> {
        self.lease(address.to_bits())
    }

    /// Up to `limit` leases in the order of their addresses, after `after`. Offers are left out: they are promises
    /// for a minute, and nothing was acknowledged.
    pub fn page(&self, after: Option<Ipv4Addr>, limit: usize) -> Vec<Lease> {
        let start = after.map_or(std::ops::Bound::Unbounded, |a| std::ops::Bound::Excluded(a.to_bits()));
        let entries = self.entries.range((start, std::ops::Bound::Unbounded));
        let told = entries.filter(|(_, entry)| entry.state != LeaseState::Offered);
        told.take(limit).filter_map(|(address, _)| self.lease(*address)).collect()
    }

    /// How many addresses the ranges of a network can give.
    pub fn pool_size(&self, network: &str) -> u64 {
        self.nets.iter().find(|net| &*net.name == network).map_or(0, Net::size)
    }

    /// Nobody else has the address now.
    fn is_free_for(&self, address: u32, claim: &Claim<'_>) -> bool {
        let Some(entry) = self.entries.get(&address) else { return true };
        // One machine speaks under several identifiers (its ROM, its system); its reservation is for all of them.
        let same = entry.client == *claim.client
            || (claim.fixed.map(Ipv4Addr::to_bits) == Some(address) && entry.mac == claim.mac);
        entry.until <= seconds(claim.now) || (same && entry.state != LeaseState::Declined)
    }

    fn put(&mut self, address: u32, entry: Entry) {
        if let Some(old) = self.entries.get(&address) {
            if let Some(net) = self.nets.get_mut(usize::from(old.net)) {
                net.unlist(address, old.state, old.until);
            }
            if old.client != entry.client || old.net != entry.net || entry.state == LeaseState::Declined {
                let key = (old.client.clone(), old.net);
                if self.latest.get(&key) == Some(&address) {
                    self.latest.remove(&key);
                }
            }
        }
        if let Some(net) = self.nets.get_mut(usize::from(entry.net)) {
            net.list(address, entry.state, entry.until);
        }
        if entry.state != LeaseState::Declined {
            self.latest.insert((entry.client.clone(), entry.net), address);
        }
        self.entries.insert(address, entry);
    }

    fn name(&self, net: u16) -> &str {
        self.nets.get(usize::from(net)).map_or("", |net| &net.name)
    }

    fn lease(&self, address: u32) -> Option<Lease> {
        let Entry { client, mac, net, state, since, until } = self.entries.get(&address)?.clone();
        let network = self.nets.get(usize::from(net))?.name.clone();
        let (since, until) = (u64::from(since), u64::from(until));
        let name = self.names.of(address).cloned();
        Some(Lease { address: Ipv4Addr::from_bits(address), network, client, mac, name, state, since, until })
    }
}
