//! The thread that receives and decides.

use super::{
    clock::Clock,
    commit::{Pending, Queue},
    engine::{self, Answer, Port},
    networks::{names, network_at, network_of, pools, renamed},
    socket::{BATCH, Outgoing, Socket},
};
use crate::{BEAT, Stop, now, udp::Inbox};
use arc_swap::ArcSwap;
use firstlight_boot::BootSet;
use firstlight_model::{Hostname, Mac};
use firstlight_site::Network;
use firstlight_state::{Event, Events, SharedTable, What};
use firstlight_wire::dhcp::Message;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::{
    collections::HashMap,
    net::SocketAddrV4,
    os::fd::AsFd,
    sync::Arc,
    time::{Duration, Instant},
};

/// How often the same trouble is logged: an exhausted pool, for each network, or a disk that is too slow.
const SAY_EVERY: Duration = Duration::from_secs(60);

pub(super) struct Receiver {
    sockets: Arc<[Socket]>,
    boot: Arc<ArcSwap<BootSet>>,
    table: SharedTable,
    events: Events,
    queue: Queue,
    stop: Stop,
    /// The generation that the table's pools and these names are of.
    generation: u64,
    names: HashMap<Mac, Arc<Hostname>>,
    exhausted: HashMap<String, Instant>,
    clock: Clock,
    /// When it was last logged that the disk is too slow.
    overrun: Option<Instant>,
}

impl Receiver {
    pub(super) fn new(
        sockets: Arc<[Socket]>,
        boot: Arc<ArcSwap<BootSet>>,
        table: SharedTable,
        events: Events,
        queue: Queue,
        stop: Stop,
    ) -> Self {
        let (clock, exhausted, names) = (Clock::new(), HashMap::new(), HashMap::new());
        let set = boot.load_full();
        let generation = 0;
        let mut receiver =
            Receiver { sockets, boot, table, events, queue, stop, generation, names, exhausted, clock, overrun: None };
        receiver.follow(&set);
        receiver
    }

    /// Takes over what the site of the moment gives, and what it calls whom.
    fn follow(&mut self, set: &BootSet) {
        if set.generation == self.generation {
            return;
        }
        self.generation = set.generation;
        let old = std::mem::replace(&mut self.names, names(&set.site));
        let mut table = self.table.lock();
        table.set_pools(pools(&set.site));
        table.rename(&renamed(&old, &self.names));
    }

    pub(super) fn run(&mut self) {
        let mut inbox = Inbox::new(BATCH);
        let sockets = self.sockets.clone();
        let pulse = self.stop.pulse("dhcp");
        while !self.stop.is_stopped() {
            pulse.beat();
            let ready = wait(&sockets, &self.stop);
            let set = self.boot.load_full();
            self.follow(&set);
            for (index, socket) in sockets.iter().enumerate().filter(|(index, _)| ready.get(*index) == Some(&true)) {
                match socket.receive(&mut inbox) {
                    Ok(0) => {}
                    Ok(_) => self.batch(index, socket, &inbox),
                    // The interface went down, perhaps: it may come back, and a busy loop helps nobody.
                    Err(error) => {
                        tracing::warn!("cannot receive DHCP on {}: {error}", socket.interface);
                        self.stop.wait(Duration::from_secs(1));
                    }
                }
            }
        }
    }

    fn batch(&mut self, index: usize, socket: &Socket, inbox: &Inbox) {
        let set = self.boot.load_full();
        self.follow(&set);
        if let Some(by) = self.clock.was_set() {
            tracing::warn!("the clock was set by {by} seconds; leases run on for as long as their clients were told");
            self.table.lock().shift(by);
        }
        let (mut at_once, mut pending) = (Vec::new(), Vec::new());
        for (bytes, sender) in inbox.datagrams() {
            let Some((limit, Answer { reply, lease, event, .. })) = self.answer(&set, socket, bytes, sender) else {
                continue;
            };
            let reply = reply.map(|(message, target)| Outgoing { bytes: message.encode(limit), target });
            match lease {
                Some(lease) => pending.push(Pending { lease, reply: reply.map(|reply| (index, reply)), event }),
                None => {
                    at_once.extend(reply);
                    event.into_iter().for_each(|event| self.events.record(event));
                }
            }
        }
        socket.send(&at_once);
        let count = pending.len();
        // Waiting for the disk here would leave DISCOVERs unanswered too.
        let overrun = !self.queue.offer(pending);
        if overrun && self.overrun.is_none_or(|said| said.elapsed() >= SAY_EVERY) {
            self.overrun = Some(Instant::now());
            tracing::warn!("the disk does not keep up: {count} DHCP requests go unanswered, their clients ask again");
        }
    }

    /// Decides on one datagram, and says how long an answer its client takes.
    fn answer(
        &mut self,
        set: &BootSet,
        socket: &Socket,
        bytes: &[u8],
        sender: SocketAddrV4,
    ) -> Option<(usize, Answer)> {
        let parsed = Message::parse(bytes).inspect_err(|error| {
            tracing::debug!("{}: not a DHCP message: {error}", socket.interface);
        });
        let message = parsed.ok()?;
        let port = socket.asked(sender);
        let network = match port {
            Port::Server => network_of(set, &socket.interface, &message),
            Port::BootServer(sender) => network_at(set, &socket.interface, *sender.ip()),
        };
        let Some(network) = network else {
            tracing::debug!("{}: no network is declared for {sender}, relay {}", socket.interface, message.giaddr);
            return None;
        };
        let answer = engine::answer(&mut self.table.lock(), set, network, &message, port, now());
        if answer.exhausted {
            self.say_exhausted(network);
        }
        Some((message.limit(), answer))
    }

    fn say_exhausted(&mut self, network: &Network) {
        if self.exhausted.get(&network.name).is_some_and(|said| said.elapsed() < SAY_EVERY) {
            return;
        }
        let size = self.table.lock().pool_size(&network.name);
        if size == 0 {
            // Reservations only, as the site has it.
            return;
        }
        self.exhausted.insert(network.name.clone(), Instant::now());
        tracing::error!(
            "network {}: all {size} addresses of its ranges are leased, and a client gets none; widen `range` in {}, or shorten `lease`",
            network.name,
            network.place
        );
        let what = What::PoolExhausted { network: network.name.clone(), size };
        self.events.record(Event { at: now(), mac: None, machine: None, what });
    }
}

/// Waits for packets, the stop or the next beat. Tells which sockets have some.
fn wait(sockets: &[Socket], stop: &Stop) -> Vec<bool> {
    let fds = sockets.iter().map(AsFd::as_fd).chain([stop.as_fd()]);
    let mut fds: Vec<PollFd<'_>> = fds.map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
    let _ = poll(&mut fds, PollTimeout::try_from(BEAT).unwrap_or(PollTimeout::MAX));
    fds.iter().map(|fd| fd.any().unwrap_or(false)).collect()
}
