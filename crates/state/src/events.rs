//! The journal of events: one thread writes, everyone records through a cloneable handle.
//!
//! Policy of the queue: [`Events::record`] never waits. When the disk cannot keep up and [`QUEUE`] events wait, the
//! newest are dropped, counted, and the count is logged; nobody was told that those were recorded. So are those of a
//! client that makes too many ([`crate::quota`]). What is recorded is on disk within
//! [`SYNC_EVERY`]. What somebody is told about goes through [`Events::record_durable`], which waits for the disk.

use crate::{
    Event, StateError, StateFolder,
    journal::{Journal, Sync},
    quota::Quota,
    segment::{Item, Kind, Reader, log_path, numbers},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// Events that may wait for the disk.
const QUEUE: usize = 8192;

/// Events written at once.
const BATCH: usize = 1024;

/// How long an event may stay unsynced that nobody waits for.
const SYNC_EVERY: Duration = Duration::from_millis(100);

/// Bytes after which a new segment begins.
const SEGMENT: u64 = 8 << 20;

/// Bytes of closed segments that are kept: some 600,000 events.
pub(crate) const KEPT: u64 = 128 << 20;

enum Message {
    Record(Box<Event>, Option<SyncSender<io::Result<()>>>),
    Close,
}

/// Records events. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Events {
    queue: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
    quota: Arc<Mutex<Quota>>,
}

/// The writing thread. Closed when dropped: what waits is written first.
#[derive(Debug)]
pub struct EventsWriter {
    queue: SyncSender<Message>,
    thread: Option<JoinHandle<()>>,
}

impl Events {
    /// Goes on with the events of a state folder and starts the writing thread.
    ///
    /// # Errors
    /// A newer schema, or a folder that cannot be written. Damage is skipped with a warning.
    pub fn open(state: &StateFolder) -> Result<(Events, EventsWriter), StateError> {
        let folder = Kind::Events.folder(state.path());
        let journal = resume(&folder)?;
        let (queue, waiting) = sync_channel(QUEUE);
        let dropped = Arc::new(AtomicU64::new(0));
        let mut writer =
            Writer { folder: folder.clone(), journal, dropped: dropped.clone(), synced: Instant::now(), lost: false };
        let thread = std::thread::Builder::new().name("events".to_owned()).spawn(move || writer.run(&waiting));
        let thread = Some(thread.map_err(StateError::io("start the writing thread of", &folder))?);
        Ok((Events { queue: queue.clone(), dropped, quota: Arc::default() }, EventsWriter { queue, thread }))
    }

    /// Records an event soon, without waiting. See the module's documentation for when it is dropped.
    pub fn record(&self, event: Event) {
        if !self.quota.lock().unwrap_or_else(PoisonError::into_inner).admits(&event) {
            return;
        }
        if self.queue.try_send(Message::Record(Box::new(event), None)).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Records an event and waits until it is on disk: before anybody is told of it.
    ///
    /// # Errors
    /// What the system said; the event is not recorded then.
    pub fn record_durable(&self, event: Event) -> io::Result<()> {
        let closed = || io::Error::other("the journal of events is closed");
        let (done, wait) = sync_channel(1);
        self.queue.send(Message::Record(Box::new(event), Some(done))).map_err(|_| closed())?;
        wait.recv().map_err(|_| closed())?
    }
}

impl Drop for EventsWriter {
    fn drop(&mut self) {
        let _ = self.queue.send(Message::Close);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Opens the last segment behind its last whole line, or a new one where it cannot be gone on with.
fn resume(folder: &Path) -> Result<Journal, StateError> {
    let last = numbers(folder, "log")?.last().copied();
    let good = last.map(|number| whole_part(&log_path(folder, number))).transpose();
    let journal = match (last, good) {
        (None, _) => Journal::create(folder.to_owned(), Kind::Events, 1),
        (Some(number), Ok(good)) => Journal::resume(folder.to_owned(), Kind::Events, number, good.unwrap_or(0)),
        (Some(number), Err(error @ StateError::Damaged { .. })) => {
            tracing::warn!("a new segment of events begins: {error}");
            Journal::create(folder.to_owned(), Kind::Events, number + 1)
        }
        (Some(_), Err(error)) => return Err(error),
    };
    journal.map_err(StateError::io("write in", folder))
}

fn whole_part(path: &Path) -> Result<u64, StateError> {
    let mut reader = Reader::open(path, Kind::Events)?;
    loop {
        match reader.next::<Event>()? {
            None => return Ok(reader.offset),
            Some(Item::Record(_)) => {}
            Some(Item::Torn(spot)) => {
                tracing::warn!("{}:{}: a torn end was cut off", path.display(), spot.line);
                return Ok(spot.at);
            }
            Some(Item::Damaged(spot, why)) => {
                tracing::warn!("an event was skipped: {}", reader.damaged(spot.line, &why))
            }
        }
    }
}

struct Writer {
    folder: PathBuf,
    journal: Journal,
    dropped: Arc<AtomicU64>,
    synced: Instant,
    /// The last write failed, and that was logged.
    lost: bool,
}

impl Writer {
    fn run(&mut self, waiting: &Receiver<Message>) {
        loop {
            let (mut batch, mut waiters, mut open) = (Vec::new(), Vec::new(), true);
            let mut take = |message| match message {
                Message::Record(event, waiter) => {
                    batch.push(*event);
                    waiters.extend(waiter);
                }
                Message::Close => open = false,
            };
            match self.wait(waiting) {
                Ok(message) => take(message),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => take(Message::Close),
            }
            for _ in 1..BATCH {
                match waiting.try_recv() {
                    Ok(message) => take(message),
                    Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
                }
            }
            self.write(&batch, waiters);
            if !open {
                let _ = self.journal.sync();
                return;
            }
        }
    }

    /// Waits for a message; not for ever where something is still to be synced.
    fn wait(&self, waiting: &Receiver<Message>) -> Result<Message, RecvTimeoutError> {
        match self.journal.is_synced() {
            true => waiting.recv().map_err(RecvTimeoutError::from),
            false => waiting.recv_timeout(SYNC_EVERY),
        }
    }

    fn write(&mut self, batch: &[Event], waiters: Vec<SyncSender<io::Result<()>>>) {
        let now = !waiters.is_empty() || self.synced.elapsed() >= SYNC_EVERY;
        let result = match (batch.is_empty(), now) {
            (true, _) => self.journal.sync(),
            (false, true) => self.journal.append(batch, Sync::Now),
            (false, false) => self.journal.append(batch, Sync::Later),
        };
        if now {
            self.synced = Instant::now();
        }
        self.tell(batch.len(), &result);
        for waiter in waiters {
            let answer = result.as_ref().copied().map_err(|e| io::Error::new(e.kind(), e.to_string()));
            let _ = waiter.send(answer);
        }
        if self.journal.len() >= SEGMENT {
            self.rotate();
        }
    }

    /// Logs what was lost, once per spell of failure.
    fn tell(&mut self, events: usize, result: &io::Result<()>) {
        if let Err(error) = result
            && !self.lost
        {
            tracing::error!(
                "cannot write {events} events in {}: {error}; events are lost until it can",
                self.folder.display()
            );
        }
        self.lost = result.is_err();
        match self.dropped.swap(0, Ordering::Relaxed) {
            0 => {}
            dropped => tracing::warn!(
                "{dropped} events were dropped: they came faster than {} takes them",
                self.folder.display()
            ),
        }
    }

    fn rotate(&mut self) {
        match self.journal.rotate() {
            Ok(_) => self.make_room(),
            Err(error) => tracing::warn!("cannot begin a new segment of events: {error}"),
        }
    }

    /// Removes the oldest segments that do not fit into [`KEPT`] any more.
    fn make_room(&self) {
        let mut kept = 0;
        for number in numbers(&self.folder, "log").unwrap_or_default().into_iter().rev() {
            let path = log_path(&self.folder, number);
            kept += fs::metadata(&path).map_or(0, |file| file.len());
            if kept > KEPT {
                let _ = fs::remove_file(path);
            }
        }
    }
}
