//! The leases on disk: recovery at the start, group commit while serving, compaction beside it.

use crate::{
    Lease, LeaseTable, Pool, StateError, StateFolder,
    journal::{Journal, Sync},
    read::{Replay, replay},
    segment::{Header, Kind, log_path, numbers, snap_path, sync_folder},
};
use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
};

/// A segment of this many bytes is closed and compacted: some 200,000 records, which replay in about a second.
const SEGMENT: u64 = 32 << 20;

/// Leases copied at a time while the table is locked for a snapshot.
const PAGE: usize = 512;

/// The lease table, shared by those who decide, who look up and who take snapshots.
#[derive(Debug, Clone, Default)]
pub struct SharedTable(Arc<Mutex<LeaseTable>>);

impl SharedTable {
    /// Waits for the table. Every operation on it leaves it whole, so a panic elsewhere does not close it.
    pub fn lock(&self) -> MutexGuard<'_, LeaseTable> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was found on disk at the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// Addresses whose state is known.
    pub leases: usize,
    /// A torn end that was cut off: the file and the line. Nothing in it had been acknowledged.
    pub torn: Option<(PathBuf, u64)>,
}

/// The journal of leases. Owned by the one thread that commits.
#[derive(Debug)]
pub struct LeaseLog {
    folder: PathBuf,
    journal: Journal,
    table: SharedTable,
    /// Compact when the segment is this long.
    limit: u64,
    /// The length that `limit` begins with in each segment.
    segment: u64,
    snapshot: Option<JoinHandle<()>>,
}

impl LeaseLog {
    /// Reads the leases of a state folder into a table and goes on with their journal.
    ///
    /// # Errors
    /// [`StateError::Damaged`] rather than a table that could give an address twice.
    pub fn open(state: &StateFolder, pools: Vec<Pool>) -> Result<(SharedTable, LeaseLog, Recovered), StateError> {
        LeaseLog::with_segment(state, pools, SEGMENT)
    }

    /// [`LeaseLog::open`] with another length of segments, in bytes: for tests of compaction.
    #[doc(hidden)]
    pub fn with_segment(
        state: &StateFolder,
        pools: Vec<Pool>,
        segment: u64,
    ) -> Result<(SharedTable, LeaseLog, Recovered), StateError> {
        let Replay { leases, next, last, torn } = replay(state.path())?;
        let recovered = Recovered { leases: leases.len(), torn };
        let mut table = LeaseTable::new(pools);
        for lease in leases {
            table.restore(lease);
        }
        table.recovered();
        let table = SharedTable(Arc::new(Mutex::new(table)));
        let folder = Kind::Leases.folder(state.path());
        let journal = match last {
            Some((number, good)) => Journal::resume(folder.clone(), Kind::Leases, number, good),
            None => Journal::create(folder.clone(), Kind::Leases, next),
        };
        let journal = journal.map_err(StateError::io("write in", &folder))?;
        let log = LeaseLog { folder, journal, table: table.clone(), limit: segment, segment, snapshot: None };
        Ok((table, log, recovered))
    }

    /// Makes `leases` durable: one write and one sync for all. Only then may their ACKs leave.
    ///
    /// # Errors
    /// What the system said. None of them is on disk then, and a later call works as soon as the disk does.
    pub fn commit(&mut self, leases: &[Lease]) -> io::Result<()> {
        self.journal.append(leases, Sync::Now)?;
        let idle = self.snapshot.as_ref().is_none_or(JoinHandle::is_finished);
        if idle && (self.table.lock().take_shifted() || self.journal.len() >= self.limit) {
            self.compact();
        }
        Ok(())
    }

    /// Begins a new segment and writes what came before it as a snapshot, beside the going on of commits. Without room
    /// for that the journal just grows on; it is tried again later.
    fn compact(&mut self) {
        match self.journal.rotate() {
            Ok(number) => {
                self.limit = self.segment;
                let (folder, table) = (self.folder.clone(), self.table.clone());
                let work = move || match write_snapshot(&folder, number, &table) {
                    Ok(()) => remove_older(&folder, number),
                    Err(error) => {
                        tracing::warn!("cannot write a snapshot of the leases: {error}; their journal is kept whole")
                    }
                };
                self.snapshot = std::thread::Builder::new().name("lease-snapshot".to_owned()).spawn(work).ok();
            }
            Err(error) => {
                tracing::warn!("cannot begin a new segment of the lease journal: {error}; the old one grows on");
                self.limit = self.journal.len() + self.segment / 8;
            }
        }
    }
}

impl Drop for LeaseLog {
    fn drop(&mut self) {
        if let Some(snapshot) = self.snapshot.take() {
            let _ = snapshot.join();
        }
    }
}

/// Writes the table as it is, page by page. What changes in between is in the segments from `number` on, which are
/// replayed over it.
fn write_snapshot(folder: &Path, number: u64, table: &SharedTable) -> io::Result<()> {
    let path = snap_path(folder, number);
    let aside = path.with_extension("new");
    let mut out = BufWriter::with_capacity(1 << 16, File::create(&aside)?);
    let mut buffer = Vec::new();
    crate::line::encode(&Header::new(Kind::Leases), &mut buffer)?;
    let mut after = None;
    loop {
        out.write_all(&buffer)?;
        buffer.clear();
        let page = table.lock().page(after, PAGE);
        let Some(last) = page.last() else { break };
        after = Some(last.address);
        page.iter().try_for_each(|lease| crate::line::encode(lease, &mut buffer))?;
    }
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    fs::rename(&aside, &path)?;
    sync_folder(folder)
}

/// Removes what the snapshot `number` stands for. A file that stays does no harm: replay begins at the newest snapshot.
fn remove_older(folder: &Path, number: u64) {
    for (extension, path) in [("log", log_path as fn(&Path, u64) -> PathBuf), ("snap", snap_path)] {
        for old in numbers(folder, extension).unwrap_or_default().into_iter().filter(|n| *n < number) {
            let _ = fs::remove_file(path(folder, old));
        }
    }
}
