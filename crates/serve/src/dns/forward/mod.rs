//! Names of others: asked of the site's upstreams, kept for as long as they say (RFC 1035 section 7, RFC 2308).
//!
//! The same question of many clients is asked once. How many are under way is bounded, for all and for each client; what
//! comes beyond that is dropped, and its client asks again. Upstreams are trusted as far as an answer must come from
//! where it was asked, with the random id and port of the question, and repeat the question. Not here: DNSSEC validation
//! (the bits and records pass through), recursion from the root.

mod cache;
mod exchange;
mod stored;

pub(super) use stored::Stored;

use super::{query::Query, rr};
use cache::Cache;
use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};
use tokio::sync::watch;

/// Questions to upstreams that are under way at once at most.
const FLIGHTS: usize = 1024;

/// Clients' questions that wait at once at most: in all, and of one client.
const WAITING: usize = 8192;
const OF_ONE: usize = 256;

/// A question as upstreams are asked it, and what its answer is kept under.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) name: Box<[u8]>,
    pub(super) rtype: u16,
    pub(super) dnssec_ok: bool,
    pub(super) checking_disabled: bool,
}

impl Key {
    pub(super) fn of(query: &Query<'_>) -> Key {
        Key {
            name: query.name.bytes().into(),
            rtype: query.rtype,
            dnssec_ok: query.edns.is_some_and(|edns| edns.dnssec_ok),
            checking_disabled: query.flags & super::query::flag::CHECKING_DISABLED != 0,
        }
    }

    /// Name, type and class on the wire.
    pub(super) fn question(&self) -> Vec<u8> {
        [&self.name, self.rtype.to_be_bytes().as_slice(), &rr::IN.to_be_bytes()].concat()
    }
}

/// An answer when it is there; `None` in it where nobody gave one.
type Flight = watch::Receiver<Option<Option<Arc<Stored>>>>;

/// Asks upstreams.
#[derive(Debug, Default)]
pub(super) struct Forwarder {
    cache: Mutex<Cache>,
    flights: Mutex<HashMap<Key, Flight>>,
    waiting: Mutex<HashMap<Ipv4Addr, usize>>,
    preferred: exchange::Preferred,
}

impl Forwarder {
    /// What is known already.
    pub(super) fn cached(&self, key: &Key) -> Option<Arc<Stored>> {
        lock(&self.cache).get(key, Instant::now())
    }

    /// Asks, or waits for the answer to the same question. `None` where nobody answers or too much is under way.
    pub(super) async fn resolve(self: &Arc<Self>, key: Key, upstreams: &[SocketAddr]) -> Option<Arc<Stored>> {
        if let Some(stored) = self.cached(&key) {
            return Some(stored);
        }
        let mut flight = self.join(key, upstreams)?;
        let answer = flight.wait_for(Option::is_some).await.ok()?;
        answer.clone().flatten()
    }

    fn join(self: &Arc<Self>, key: Key, upstreams: &[SocketAddr]) -> Option<Flight> {
        let mut flights = lock(&self.flights);
        if let Some(flight) = flights.get(&key) {
            return Some(flight.clone());
        }
        if flights.len() >= FLIGHTS {
            return None;
        }
        let (landed, flight) = watch::channel(None);
        flights.insert(key.clone(), flight.clone());
        let (this, upstreams) = (self.clone(), upstreams.to_vec());
        tokio::spawn(async move {
            let answer = exchange::ask(&key, &upstreams, &this.preferred).await.map(Arc::new);
            if let Some(stored) = &answer {
                lock(&this.cache).put(key.clone(), stored.clone());
            }
            lock(&this.flights).remove(&key);
            let _ = landed.send(Some(answer));
        });
        Some(flight)
    }

    /// A place among those who wait; `None` where there is none for this client.
    pub(super) fn wait(self: &Arc<Self>, client: Ipv4Addr) -> Option<Waiting> {
        let mut waiting = lock(&self.waiting);
        let all: usize = if waiting.len() < WAITING / OF_ONE { 0 } else { waiting.values().sum() };
        let own = waiting.entry(client).or_default();
        if *own >= OF_ONE || all >= WAITING {
            return None;
        }
        *own += 1;
        Some(Waiting { forwarder: self.clone(), client })
    }
}

/// A place among those who wait, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Waiting {
    forwarder: Arc<Forwarder>,
    client: Ipv4Addr,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut waiting = lock(&self.forwarder.waiting);
        if let Some(own) = waiting.get_mut(&self.client) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                waiting.remove(&self.client);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads what an upstream says and writes it for a query (see [`crate::fuzzing`]).
#[cfg(any(test, fuzzing))]
pub(super) fn relay(query: &Query<'_>, message: &[u8], transport: super::reply::Transport) {
    let key = Key::of(query);
    let _ = stored::answers(message, query.id, &key);
    if let Some(stored) = stored::Stored::of(message, &key) {
        stored.write(query, transport, &mut Vec::new());
    }
}
