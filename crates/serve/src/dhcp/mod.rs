//! The DHCPv4 server (RFC 2131, RFC 2132; ProxyDHCP of PXE 2.1) for machines that boot from the network.
//!
//! One thread receives from every interface and decides, in memory. What needs no disk (OFFER, NAK) leaves at once. What
//! changes a lease goes to the one thread that commits: it writes all that is waiting, syncs once, and only then do the
//! ACKs leave. Both queues are bounded: a flood costs packets, which clients repeat, and no memory.
//!
//! ```text
//!  socket per interface ──▶ receive: parse, classify, decide ──┬──▶ OFFER, NAK
//!                              (engine, lease table)           └──▶ commit: append, fdatasync ──▶ ACK
//! ```
//!
//! In a network whose `dhcp` says `mode = "proxy"` another server gives the addresses, and only boot clients are answered
//! (ProxyDHCP). Port 4011, where firmware asks a boot server, is served in both modes.
//!
//! Not here: DHCPv6, failover between servers, probing an address by ping before it is offered.

mod classify;
mod clock;
mod commit;
mod engine;
mod frame;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod networks;
mod probe;
mod profile;
mod receive;
mod reply;
mod socket;
mod sys;

pub use networks::pools;
pub use probe::{OtherServer, Probe, probe};

use crate::{Held, Stop};
use arc_swap::ArcSwap;
use firstlight_boot::BootSet;
use firstlight_site::Site;
use firstlight_state::{Events, LeaseLog, SharedTable};
use std::{
    collections::BTreeSet,
    io,
    sync::Arc,
    thread::{self, JoinHandle},
};

/// The sockets, two for each interface.
#[derive(Debug)]
pub struct Sockets(Arc<[socket::Socket]>);

/// Ports 67 and 4011 of every interface that a network of the site names: those that are held already, the others bound here.
///
/// # Errors
/// An interface that is not there, or a port in use; the text names it.
pub fn bind(held: &mut Held, site: &Site) -> io::Result<Sockets> {
    let interfaces: BTreeSet<&str> = site.networks.iter().filter_map(|n| n.interface.as_deref()).collect();
    let ports = [socket::SERVER_PORT, socket::BOOT_SERVER_PORT];
    let doors = ports.into_iter().flat_map(|port| interfaces.iter().map(move |interface| (*interface, port)));
    let sockets: Vec<_> =
        doors.map(|(interface, port)| socket::Socket::open(held, interface, port)).collect::<io::Result<_>>()?;
    Ok(Sockets(sockets.into()))
}

/// Serves until `stop`. The networks, machines and everything else are read from `boot` anew for each packet; only the
/// set of interfaces stays as it is. The threads end after [`Stop::stop`], when everything accepted is committed and
/// answered.
///
/// # Errors
/// There is no room for another thread.
pub fn spawn(
    Sockets(sockets): Sockets,
    boot: Arc<ArcSwap<BootSet>>,
    table: SharedTable,
    log: LeaseLog,
    events: Events,
    stop: Stop,
) -> io::Result<Vec<JoinHandle<()>>> {
    let (queue, waiting) = commit::queue();
    let mut committer = commit::Committer::new(log, sockets.clone(), events.clone());
    let pulse = stop.pulse("dhcp-commit");
    let mut receiver = receive::Receiver::new(sockets, boot, table, events, queue, stop);
    let named = |name: &str| thread::Builder::new().name(name.to_owned());
    let commit = named("dhcp-commit").spawn(move || committer.run(&waiting, &pulse))?;
    let receive = named("dhcp").spawn(move || receiver.run())?;
    Ok(vec![receive, commit])
}
