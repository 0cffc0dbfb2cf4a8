//! The thread that takes the changes: one batch, one write, one sync.

use super::{
    Change, Changed, Message, NotChanged, Reply, STRANGERS, Shared,
    file::{Record, begin, forget_strangers},
};
use crate::{
    StateError, Who,
    journal::{Journal, Sync},
};
use firstlight_plan::{Input, Stage, Standing, Transition, step};
use std::{
    borrow::Cow,
    collections::HashMap,
    io,
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender},
    thread::JoinHandle,
    time::Duration,
};

/// Changes written at once.
const BATCH: usize = 1024;

/// A segment of this many bytes, or twice as many as it began with, is compacted.
const SEGMENT: u64 = 4 << 20;

/// How long a change may stay unsynced that nobody needs to rely on.
const SYNC_EVERY: Duration = Duration::from_millis(100);

/// The writing thread. Closed when dropped: what waits is written first.
#[derive(Debug)]
pub struct StandingsWriter {
    queue: SyncSender<Message>,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Message::Change(change, _) => change.fmt(f),
            Message::Close => f.write_str("Close"),
        }
    }
}

impl StandingsWriter {
    pub(super) fn start(
        journal: Journal,
        shared: Shared,
        queue: SyncSender<Message>,
        waiting: Receiver<Message>,
    ) -> Result<StandingsWriter, StateError> {
        let folder = journal.folder().to_owned();
        let limit = SEGMENT.max(2 * journal.len());
        let mut writer = Writer { journal, shared, limit, strangers: 0 };
        writer.strangers = writer.shared.lock().keys().filter(|who| who.is_stranger()).count();
        let thread = std::thread::Builder::new().name("machines".to_owned()).spawn(move || writer.run(&waiting));
        let thread = Some(thread.map_err(StateError::io("start the writing thread of", &folder))?);
        Ok(StandingsWriter { queue, thread })
    }
}

impl Drop for StandingsWriter {
    fn drop(&mut self) {
        let _ = self.queue.send(Message::Close);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Writer {
    journal: Journal,
    shared: Shared,
    limit: u64,
    strangers: usize,
}

/// What a batch comes to, before anybody sees it.
#[derive(Default)]
struct Batch {
    moved: HashMap<Who, Standing>,
    records: Vec<Record<'static>>,
    relied_on: bool,
    replies: Vec<(Reply, Changed)>,
}

impl Writer {
    fn run(&mut self, waiting: &Receiver<Message>) {
        let mut open = true;
        while open {
            let mut batch = Batch::default();
            let mut take = |message, writer: &Writer| match message {
                Message::Change(change, reply) => batch.take(change, reply, &writer.shared),
                Message::Close => open = false,
            };
            match self.wait(waiting) {
                Ok(message) => take(message, self),
                Err(RecvTimeoutError::Timeout) => {
                    let _ = self.journal.sync();
                }
                Err(RecvTimeoutError::Disconnected) => take(Message::Close, self),
            }
            waiting.try_iter().take(BATCH - 1).for_each(|message| take(message, self));
            self.write(batch);
        }
        let _ = self.journal.sync();
    }

    /// Waits for a message; not for ever where something is still to be synced.
    fn wait(&self, waiting: &Receiver<Message>) -> Result<Message, RecvTimeoutError> {
        match self.journal.is_synced() {
            true => waiting.recv().map_err(RecvTimeoutError::from),
            false => waiting.recv_timeout(SYNC_EVERY),
        }
    }

    fn write(&mut self, batch: Batch) {
        let sync = if batch.relied_on { Sync::Now } else { Sync::Later };
        let written = if batch.records.is_empty() { Ok(()) } else { self.journal.append(&batch.records, sync) };
        if let Err(error) = &written {
            tracing::error!("cannot write where machines stand: {error}; what they asked for is refused until it can");
        } else {
            self.apply(batch.moved);
        }
        for (reply, changed) in batch.replies {
            let failed = |error: &io::Error| NotChanged::NotStored(io::Error::new(error.kind(), error.to_string()));
            reply(match &written {
                Err(error) => changed.and_then(|_| Err(failed(error))),
                Ok(()) => changed,
            });
        }
        if self.journal.len() >= self.limit {
            self.compact();
        }
    }

    fn apply(&mut self, moved: HashMap<Who, Standing>) {
        let mut known = self.shared.lock();
        for (who, standing) in moved {
            let stranger = who.is_stranger();
            if known.insert(who, standing).is_none() && stranger {
                self.strangers += 1;
            }
        }
        if self.strangers > STRANGERS {
            forget_strangers(&mut known);
            self.strangers = known.keys().filter(|who| who.is_stranger()).count();
        }
    }

    fn compact(&mut self) {
        let known = self.shared.lock().clone();
        match begin(self.journal.folder().to_owned(), self.journal.number() + 1, &known) {
            Ok(journal) => self.journal = journal,
            Err(error) => tracing::warn!("cannot begin a new segment of machines: {error}; the old one grows on"),
        }
        self.limit = SEGMENT.max(2 * self.journal.len());
    }
}

impl Batch {
    fn take(&mut self, change: Change, reply: Reply, shared: &Shared) {
        let Change { who, input, rules, now } = change;
        let before = self.moved.get(&who).cloned().or_else(|| shared.lock().get(&who).cloned()).unwrap_or_default();
        let changed = step(&before, &input, &rules, now);
        if let Ok(Transition { standing, lasting, .. }) = &changed {
            if *lasting {
                // That a stranger asked, and waits, is nothing that anybody could lose.
                let waits = who.is_stranger() && standing.stage == Stage::Parked;
                self.relied_on |= !(waits && matches!(input, Input::Asked(_)));
                let record = Record { who: Cow::Owned(who.clone()), standing: Cow::Owned(standing.clone()) };
                self.records.push(record);
            }
            self.moved.insert(who, standing.clone());
        }
        self.replies.push((reply, changed.map_err(NotChanged::from)));
    }
}
