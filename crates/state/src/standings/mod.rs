//! Where each machine stands, on disk: one record per change, in a journal of its own.
//!
//! One thread takes the changes one after another, in batches: it asks [`firstlight_plan::step`], writes what lasts, and
//! only then does anybody see it. So memory never says more than the disk does: where a batch cannot be written, nothing
//! of it has happened. Reading takes a short lock, and never waits for the disk.
//!
//! Every segment begins with the state as a whole, so that the newest alone is read. Not here: what is asked of a
//! machine and by which rules (the caller says), and the events that tell of it.

mod file;
mod writer;

pub use file::read_standings;
pub use writer::StandingsWriter;

use crate::{StateError, StateFolder, Who};
use firstlight_model::{Mac, Timestamp};
use firstlight_plan::{Input, Refused, Rules, Standing, Transition};
use std::{
    collections::HashMap,
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{SyncSender, sync_channel},
    },
};

/// Changes that may wait for the disk.
const QUEUE: usize = 8192;

/// Strangers whose standing is kept; of more, those that changed longest ago are forgotten, but never one that somebody
/// held, retired or named.
const STRANGERS: usize = 20_000;

/// Something that happened to a machine.
#[derive(Debug, Clone)]
pub struct Change {
    /// To which.
    pub who: Who,
    /// What.
    pub input: Input,
    /// What the site says of it.
    pub rules: Rules,
    /// When.
    pub now: Timestamp,
}

/// Why nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum NotChanged {
    /// The machine stands where this is not accepted.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It could not be made durable.
    #[error("the machine's standing could not be stored: {0}")]
    NotStored(io::Error),
}

/// What became of a change.
pub type Changed = Result<Transition, NotChanged>;

type Reply = Box<dyn FnOnce(Changed) + Send>;

enum Message {
    Change(Change, Reply),
    Close,
}

/// The standings of all machines. Cheap to clone.
#[derive(Clone)]
pub struct Standings {
    shared: Shared,
    queue: SyncSender<Message>,
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<HashMap<Who, Standing>>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, HashMap<Who, Standing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Standings {
    /// Goes on with the standings of a state folder and starts the thread that changes them.
    ///
    /// # Errors
    /// Damage, a newer schema, a folder that cannot be written.
    pub fn open(state: &StateFolder) -> Result<(Standings, StandingsWriter), StateError> {
        let (journal, known) = file::open(state.path())?;
        let shared = Shared(Arc::new(Mutex::new(known)));
        let (queue, waiting) = sync_channel(QUEUE);
        let writer = StandingsWriter::start(journal, shared.clone(), queue.clone(), waiting)?;
        Ok((Standings { shared, queue }, writer))
    }

    /// Where a machine stands. One that was never heard of is at the beginning.
    pub fn get(&self, who: &Who) -> Standing {
        self.shared.lock().get(who).cloned().unwrap_or_default()
    }

    /// True for a machine that something has happened to.
    pub fn knows(&self, who: &Who) -> bool {
        self.shared.lock().contains_key(who)
    }

    /// The names that machines were given, and whose each is.
    pub fn names(&self) -> HashMap<String, Mac> {
        let named = |(who, standing): (&Who, &Standing)| match who {
            Who::Stranger(mac) => Some((standing.name.clone()?, *mac)),
            Who::Machine(_) => None,
        };
        self.shared.lock().iter().filter_map(named).collect()
    }

    /// Those whose time for reporting is over.
    pub fn due(&self, now: Timestamp) -> Vec<Who> {
        let late = |standing: &Standing| standing.deadline.is_some_and(|deadline| deadline <= now);
        let known = self.shared.lock();
        known.iter().filter(|(_, standing)| late(standing)).map(|(who, _)| who.clone()).collect()
    }

    /// Makes a change, and calls `reply` from the thread that writes once it is on disk: never under a lock, and soon;
    /// `reply` must not wait for anything. Where too many changes wait already it is refused at once.
    pub fn change(&self, change: Change, reply: impl FnOnce(Changed) + Send + 'static) {
        use std::sync::mpsc::TrySendError::{Disconnected, Full};
        let unsent = match self.queue.try_send(Message::Change(change, Box::new(reply))) {
            Ok(()) => return,
            Err(Full(message)) => (message, "too many changes wait for the disk"),
            Err(Disconnected(message)) => (message, "the journal of machines is closed"),
        };
        if let (Message::Change(_, reply), why) = unsent {
            reply(Err(NotChanged::NotStored(io::Error::other(why))));
        }
    }

    /// Makes a change and waits until it is on disk.
    ///
    /// # Errors
    /// Why nothing has changed.
    pub fn change_and_wait(&self, change: Change) -> Changed {
        let (done, wait) = sync_channel(1);
        self.change(change, move |changed| {
            let _ = done.send(changed);
        });
        let closed = |_| NotChanged::NotStored(io::Error::other("the journal of machines is closed"));
        wait.recv().map_err(closed)?
    }
}
