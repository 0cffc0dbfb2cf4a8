//! The thread that commits: leases to disk, then their answers to the wire.

use super::socket::{Outgoing, Socket};
use crate::{BEAT, Pulse};
use firstlight_state::{Event, Events, Lease, LeaseLog};
use std::{
    collections::HashSet,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

/// Leases committed at once at most.
const MOST: usize = 1024;

/// How often a failing disk is logged.
const SAY_EVERY: Duration = Duration::from_secs(10);

/// A decision that is to be durable.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) lease: Lease,
    /// By which socket, and what. A RELEASE has no answer.
    pub(super) reply: Option<(usize, Outgoing)>,
    pub(super) event: Option<Event>,
}

pub(super) struct Committer {
    log: LeaseLog,
    sockets: Arc<[Socket]>,
    events: Events,
    said: Option<Instant>,
}

impl Committer {
    pub(super) fn new(log: LeaseLog, sockets: Arc<[Socket]>, events: Events) -> Self {
        Committer { log, sockets, events, said: None }
    }

    /// Runs until the receiving thread is gone and all it left is done.
    pub(super) fn run(&mut self, waiting: &Receiver<Vec<Pending>>, pulse: &Pulse) {
        loop {
            pulse.beat();
            let mut batch = match waiting.recv_timeout(BEAT) {
                Ok(batch) => batch,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            while batch.len() < MOST {
                match waiting.try_recv() {
                    Ok(more) => batch.extend(more),
                    Err(_) => break,
                }
            }
            self.commit(batch);
        }
    }

    fn commit(&mut self, batch: Vec<Pending>) {
        let (mut leases, answers): (Vec<Lease>, Vec<_>) =
            batch.into_iter().map(|pending| (pending.lease, (pending.reply, pending.event))).unzip();
        keep_last(&mut leases);
        if let Err(error) = self.log.commit(&leases) {
            // No ACK without a lease on disk. The clients ask again, and the table knows them.
            if self.said.is_none_or(|said| said.elapsed() >= SAY_EVERY) {
                self.said = Some(Instant::now());
                tracing::error!(
                    "leases cannot be written: {error}; no address is given until they can. Make room on the disk"
                );
            }
            return;
        }
        for (index, socket) in self.sockets.iter().enumerate() {
            let replies = answers.iter().filter_map(|(reply, _)| reply.as_ref());
            socket.send(replies.filter(|(by, _)| *by == index).map(|(_, reply)| reply));
        }
        answers.into_iter().filter_map(|(_, event)| event).for_each(|event| self.events.record(event));
    }
}

/// Of several records of one address the last is the true one: a client that asks in a loop costs one for each sync.
fn keep_last(leases: &mut Vec<Lease>) {
    let mut seen = HashSet::with_capacity(leases.len());
    leases.reverse();
    leases.retain(|lease| seen.insert(lease.address));
    leases.reverse();
}

#[cfg(test)]
mod tests {
    use super::*;
    use firstlight_model::Mac;
    use firstlight_state::{ClientKey, LeaseState};

    #[test]
    fn the_last_record_of_an_address_counts() {
        let lease = |last: u8, until: u64| Lease {
            address: [10, 20, 0, last].into(),
            network: "boot".into(),
            client: ClientKey::from_hardware(1, &[2, 0, 0, 0, 0, last]),
            mac: Mac([2, 0, 0, 0, 0, last]),
            name: None,
            state: LeaseState::Bound,
            since: 0,
            until,
        };
        let mut leases = vec![lease(1, 10), lease(2, 10), lease(1, 11), lease(1, 12)];
        keep_last(&mut leases);
        assert_eq!(leases, [lease(2, 10), lease(1, 12)]);
    }
}
