//! The thread that commits: leases to disk, then their answers to the wire.

use super::socket::{Outgoing, Socket};
use crate::{BEAT, Pulse};
use firstlight_state::{Event, Events, Lease, LeaseLog};
use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    time::{Duration, Instant},
};

/// Leases committed at once at most.
const MOST: usize = 1024;

/// Leases that may wait for the disk: what a thousand clients a second ask for in half a minute, some 30 MB.
const QUEUE: usize = 32 * 1024;

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

/// Where decisions go that are to be durable. Bounded by their number, and not by that of the batches: a disk that
/// stands still for a second may be owed a thousand batches of one lease each.
pub(super) struct Queue {
    batches: Sender<Vec<Pending>>,
    waiting: Arc<AtomicUsize>,
}

/// Its other end.
pub(super) struct Waiting {
    batches: Receiver<Vec<Pending>>,
    count: Arc<AtomicUsize>,
}

pub(super) fn queue() -> (Queue, Waiting) {
    let ((sender, batches), count) = (channel(), Arc::<AtomicUsize>::default());
    (Queue { batches: sender, waiting: count.clone() }, Waiting { batches, count })
}

impl Queue {
    /// Hands a batch over; drops it and says false where too much waits already. Never waits.
    pub(super) fn offer(&self, batch: Vec<Pending>) -> bool {
        let (more, waiting) = (batch.len(), self.waiting.load(Ordering::Relaxed));
        if more == 0 || waiting + more > QUEUE {
            return more == 0;
        }
        self.waiting.fetch_add(more, Ordering::Relaxed);
        self.batches.send(batch).is_ok()
    }
}

impl Waiting {
    /// At least one batch, and what else is there, up to some [`MOST`].
    fn take(&self) -> Result<Vec<Pending>, RecvTimeoutError> {
        let mut batch = self.batches.recv_timeout(BEAT)?;
        while batch.len() < MOST {
            match self.batches.try_recv() {
                Ok(more) => batch.extend(more),
                Err(_) => break,
            }
        }
        self.count.fetch_sub(batch.len(), Ordering::Relaxed);
        Ok(batch)
    }
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
    pub(super) fn run(&mut self, waiting: &Waiting, pulse: &Pulse) {
        loop {
            pulse.beat();
            match waiting.take() {
                Ok(batch) => self.commit(batch),
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => return,
            }
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

    fn batch(count: usize) -> Vec<Pending> {
        (0..count).map(|_| Pending { lease: lease(1, 10), reply: None, event: None }).collect()
    }

    #[test]
    fn a_disk_that_stands_still_is_owed_so_many_leases_however_they_come() {
        let (queue, waiting) = queue();
        assert_eq!((0..QUEUE + 10).filter(|_| queue.offer(batch(1))).count(), QUEUE);
        assert!(queue.offer(batch(0)) && !queue.offer(batch(64)), "nothing to hand over is no loss");
        assert_eq!(waiting.take().unwrap().len(), MOST);
        assert!(queue.offer(batch(64)));
        let mut left = 0;
        while left < QUEUE - MOST + 64 {
            left += waiting.take().unwrap().len();
        }
        drop(queue);
        assert_eq!((waiting.take().map(drop), left), (Err(RecvTimeoutError::Disconnected), QUEUE - MOST + 64));
    }

    fn lease(last: u8, until: u64) -> Lease {
        Lease {
            address: [10, 20, 0, last].into(),
            network: "boot".into(),
            client: ClientKey::from_hardware(1, &[2, 0, 0, 0, 0, last]),
            mac: Mac([2, 0, 0, 0, 0, last]),
            name: None,
            state: LeaseState::Bound,
            since: 0,
            until,
        }
    }

    #[test]
    fn the_last_record_of_an_address_counts() {
        let mut leases = vec![lease(1, 10), lease(2, 10), lease(1, 11), lease(1, 12)];
        keep_last(&mut leases);
        assert_eq!(leases, [lease(2, 10), lease(1, 12)]);
    }
}
