//! DNS (RFC 1034, RFC 1035): authoritative for the site's domain and the addresses of its networks, from the site and
//! the leases of the moment; everything else is asked of the site's upstreams and kept for a while.
//!
//! ```text
//!  socket per network ──▶ udp: a batch is read, answered and sent ──▶ answers of the site, of leases, of the cache
//!                             └─ what nobody here knows ──▶ forward (tokio): upstreams ──▶ cache ──▶ answer
//!  TCP per network ─────▶ tcp: the same, with limits
//! ```
//!
//! Only clients in the site's networks are answered, and those that the site allows; others are refused. What answers
//! a question is read anew for each batch, so that a new site takes effect at once; only the sockets stay. Without
//! upstreams, names of others are refused.
//!
//! Not here: DNSSEC (its records are passed on), zone transfers, dynamic updates, wildcards, IPv6 transport.

mod answer;
mod forward;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod lookup;
mod name;
mod query;
mod reply;
mod reverse;
mod rr;
mod tcp;
#[cfg(test)]
mod tests;
mod udp;
mod zone;

use crate::{Held, Stop, held::keep_to, now};
use answer::Outcome;
use arc_swap::{ArcSwap, ArcSwapOption};
use firstlight_boot::BootSet;
use firstlight_state::{LeaseTable, SharedTable};
use forward::{Forwarder, Key};
use hickory_proto::op::Message;
use lookup::Leases;
use query::Reject;
use reply::Transport;
use std::{
    io,
    net::{Ipv4Addr, TcpListener, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
};
use zone::Zones;

/// Where questions come in, by UDP and by TCP.
pub const PORT: u16 = 53;

/// The DNS server. Clones share one state.
#[derive(Clone)]
pub struct Dns(Arc<Server>);

struct Server {
    boot: Arc<ArcSwap<BootSet>>,
    table: SharedTable,
    zones: ArcSwapOption<Zones>,
    /// The generation that `zones` is of; 0 before the first.
    generation: AtomicU64,
    forwarder: Arc<Forwarder>,
    runtime: tokio::runtime::Handle,
    connections: tcp::Connections,
}

impl Dns {
    /// A server without sockets yet. Questions for others are asked, and TCP is served, on `runtime`.
    pub fn new(boot: Arc<ArcSwap<BootSet>>, table: SharedTable, runtime: tokio::runtime::Handle) -> Dns {
        Dns(Arc::new(Server {
            boot,
            table,
            zones: ArcSwapOption::empty(),
            generation: AtomicU64::new(0),
            forwarder: Arc::default(),
            runtime,
            connections: tcp::Connections::default(),
        }))
    }

    /// Serves on a network's two sockets, from [`bind`], until `stop`.
    ///
    /// # Errors
    /// What the system says against another thread or the sockets.
    pub fn spawn(&self, (udp, tcp): (UdpSocket, TcpListener), stop: Stop) -> io::Result<JoinHandle<()>> {
        tcp.set_nonblocking(true)?;
        udp.set_nonblocking(true)?;
        let _inside = self.0.runtime.enter();
        let tcp = tokio::net::TcpListener::from_std(tcp)?;
        self.0.runtime.spawn(tcp::serve(self.0.clone(), tcp));
        let server = self.0.clone();
        thread::Builder::new().name("dns".to_owned()).spawn(move || udp::serve(&server, &Arc::new(udp), &stop))
    }
}

/// Port [`PORT`] of an address, UDP and TCP: the sockets that are held for it, or ones that are bound now. Only what comes
/// in by `interface` is answered.
///
/// # Errors
/// The address is not there, the port is taken, or the right to bind it is missing.
pub fn bind(held: &mut Held, address: Ipv4Addr, interface: Option<&str>) -> io::Result<(UdpSocket, TcpListener)> {
    let udp = held.udp(address, PORT, interface)?;
    let tcp = held.tcp(address, PORT, interface)?;
    keep_to(&socket2::SockRef::from(&tcp), interface)?;
    udp::set_backlog(&udp);
    Ok((udp, tcp))
}

/// What is still to be done about a question.
enum Next {
    /// The answer, or nothing, is written.
    Nothing,
    /// Upstreams are to be asked.
    Ask(Unanswered),
}

/// A question that goes on to the upstreams.
struct Unanswered {
    key: Key,
    zones: Arc<Zones>,
    /// The answer as far as an alias of ours leads.
    begun: Option<Vec<u8>>,
}

impl Server {
    /// The tables of the BootSet of the moment. `None` where its site has no `dns` block.
    fn zones(&self) -> Option<Arc<Zones>> {
        let generation = self.boot.load().generation;
        if self.generation.load(Ordering::Acquire) != generation {
            // Two threads may do this at once, with the same result.
            let set = self.boot.load_full();
            let generation = set.generation;
            self.zones.store(Zones::new(set).map(Arc::new));
            self.generation.store(generation, Ordering::Release);
        }
        self.zones.load_full()
    }

    /// Answers a message as far as that can be done at once.
    fn answer(
        &self,
        zones: &Arc<Zones>,
        bytes: &[u8],
        from: Ipv4Addr,
        transport: Transport,
        out: &mut Vec<u8>,
    ) -> Next {
        let query = match query::read(bytes) {
            Ok(query) => query,
            Err(Reject::Silently) => return Next::Nothing,
            Err(Reject::With(code)) => {
                reply::reject(bytes, code, out);
                return Next::Nothing;
            }
        };
        if !zones.may_ask(from) {
            answer::refuse(&query, out);
            return Next::Nothing;
        }
        let start = out.len();
        let (key, begun) = match answer::answer(zones, &Live(&self.table), &query, transport, out) {
            Outcome::Done => return Next::Nothing,
            Outcome::Ask => (Key::of(&query), None),
            Outcome::AskFor(name) => {
                let begun = out.split_off(start);
                (Key { name: name.bytes().into(), ..Key::of(&query) }, Some(begun))
            }
        };
        match self.forwarder.cached(&key).filter(|_| begun.is_none()) {
            Some(stored) => {
                stored.write(&query, transport, out);
                Next::Nothing
            }
            None => Next::Ask(Unanswered { key, zones: zones.clone(), begun }),
        }
    }

    /// Asks the upstreams, and writes the answer to the message that asked. Empty where there is none to give.
    async fn ask(&self, unanswered: Unanswered, bytes: &[u8], transport: Transport) -> Vec<u8> {
        let Unanswered { key, zones, begun } = unanswered;
        let mut out = Vec::new();
        let Ok(query) = query::read(bytes) else { return out };
        match (self.forwarder.resolve(key.clone(), &zones.upstreams).await, begun) {
            (None, _) => answer::fail(&query, transport, &mut out),
            (Some(stored), None) => stored.write(&query, transport, &mut out),
            (Some(stored), Some(begun)) => match join(&begun, &stored, &key) {
                Some(records) => answer::joined(&query, transport, &records, &mut out),
                None => answer::fail(&query, transport, &mut out),
            },
        }
        out
    }
}

/// Where an alias of ours leads to a name of others: both answers in one, which hickory-proto writes.
fn join(begun: &[u8], stored: &forward::Stored, key: &Key) -> Option<Message> {
    let question = [[0; 2].as_slice(), &[1, 0, 0, 1, 0, 0, 0, 0, 0, 0], &key.question()].concat();
    let mut rest = Vec::new();
    stored.write(&query::read(&question).ok()?, Transport::Tcp, &mut rest);
    let (mut whole, rest) = (Message::from_vec(begun).ok()?, Message::from_vec(&rest).ok()?);
    whole.metadata.response_code = rest.metadata.response_code;
    // One of our own is put to it again where it is due.
    whole.edns = None;
    whole.answers.extend(rest.answers);
    whole.authorities.extend(rest.authorities);
    Some(whole)
}

/// The leases, locked for each look.
struct Live<'a>(&'a SharedTable);

impl Leases for Live<'_> {
    fn look<T>(&self, at: impl FnOnce(&LeaseTable, u64) -> T) -> T {
        let now = now().secs();
        at(&self.0.lock(), now)
    }
}
