//! A network's UDP socket: what is there is read at once, answered, and sent at once.

use super::{Next, Server, Transport};
use crate::{
    BEAT, Stop,
    udp::{Inbox, send_all},
};
use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::socket::{setsockopt, sockopt},
};
use std::{
    io,
    net::{SocketAddrV4, UdpSocket},
    os::fd::AsFd,
    sync::Arc,
    time::Duration,
};

/// Datagrams read at once.
const BATCH: usize = 64;

/// Bytes that the kernel keeps for us while we are at work: some 10,000 questions.
const BACKLOG: usize = 8 << 20;

/// Over the system's own limit where we may; as much as it allows is well enough.
pub(super) fn set_backlog(socket: &UdpSocket) {
    let _ =
        setsockopt(socket, sockopt::RcvBufForce, &BACKLOG).or_else(|_| setsockopt(socket, sockopt::RcvBuf, &BACKLOG));
}

/// The answers to a batch, one after the other in one buffer.
#[derive(Default)]
struct Outbox {
    bytes: Vec<u8>,
    /// Where each ends, and where it goes.
    ends: Vec<(usize, SocketAddrV4)>,
}

pub(super) fn serve(server: &Arc<Server>, socket: &Arc<UdpSocket>, stop: &Stop) {
    let (mut inbox, mut outbox) = (Inbox::new(BATCH), Outbox::default());
    let pulse = stop.pulse("dns");
    while !stop.is_stopped() {
        pulse.beat();
        match inbox.receive(socket) {
            // Only then is there a need to wait.
            Ok(0) => wait(socket, stop),
            Ok(_) => {
                answer(server, socket, &inbox, &mut outbox);
                outbox.send(socket);
            }
            // The interface went down, perhaps: it may come back, and a busy loop helps nobody.
            Err(error) => {
                tracing::warn!("cannot receive DNS: {error}");
                stop.wait(Duration::from_secs(1));
            }
        }
    }
}

fn wait(socket: &UdpSocket, stop: &Stop) {
    let fds = &mut [PollFd::new(socket.as_fd(), PollFlags::POLLIN), PollFd::new(stop.as_fd(), PollFlags::POLLIN)];
    let _ = poll(fds, PollTimeout::try_from(BEAT).unwrap_or(PollTimeout::MAX));
}

fn answer(server: &Arc<Server>, socket: &Arc<UdpSocket>, inbox: &Inbox, outbox: &mut Outbox) {
    let Some(zones) = server.zones() else { return };
    for (bytes, from) in inbox.datagrams() {
        match server.answer(&zones, bytes, *from.ip(), Transport::Udp, &mut outbox.bytes) {
            Next::Nothing => outbox.ends.push((outbox.bytes.len(), from)),
            Next::Ask(unanswered) => {
                // A flood costs questions, which clients repeat, and no memory.
                let Some(place) = server.forwarder.wait(*from.ip()) else { continue };
                let (server, socket, bytes) = (server.clone(), socket.clone(), bytes.to_vec());
                server.clone().runtime.spawn(async move {
                    let reply = server.ask(unanswered, &bytes, Transport::Udp).await;
                    drop(place);
                    say_failure(from, socket.send_to(&reply, from));
                });
            }
        }
    }
}

impl Outbox {
    fn send(&mut self, socket: &UdpSocket) {
        let mut start = 0;
        let replies = self.ends.iter().filter_map(|(end, to)| {
            let reply = self.bytes.get(start..*end)?;
            start = *end;
            (!reply.is_empty()).then_some((reply, *to))
        });
        send_all(socket, replies, |to, error| say_failure(to, Err(error)));
        self.bytes.clear();
        self.ends.clear();
    }
}

fn say_failure(to: SocketAddrV4, sent: io::Result<usize>) {
    if let Err(error) = sent {
        tracing::debug!("a DNS answer to {to} could not be sent: {error}");
    }
}
