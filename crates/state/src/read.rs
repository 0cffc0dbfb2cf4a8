//! Reading the state folder without its lock: beside the running server, or when there is none.

use crate::{
    Event, EventTail, Lease, StateError,
    segment::{Item, Kind, Reader, log_path, numbers, snap_path},
};
use firstlight_model::{Mac, Timestamp};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// How often a reader begins again when compaction removes a file under its hands.
const TRIES: u32 = 5;

/// Which events are wanted. The default is all.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// About this hardware address, or `machine`.
    pub mac: Option<Mac>,
    /// About the machine of this declared name, or `mac`.
    pub machine: Option<String>,
    /// Not before.
    pub since: Option<Timestamp>,
}

impl EventFilter {
    /// True for an event that is wanted.
    pub fn takes(&self, event: &Event) -> bool {
        let anyone = self.mac.is_none() && self.machine.is_none();
        let about = || self.mac.is_some() && self.mac == event.mac;
        let named = || self.machine.is_some() && self.machine == event.machine;
        self.since.is_none_or(|since| event.at >= since) && (anyone || about() || named())
    }
}

/// The events of a state folder, oldest first. The iterator may be asked again after it has returned `None`: it
/// then goes on with what was written meanwhile.
pub fn read_events(state: &Path, filter: EventFilter) -> EventTail {
    EventTail::new(state, filter)
}

/// Every address that is known in a state folder, in order, with the leases that have ended.
///
/// # Errors
/// As at the start of a server: damage in the middle, a newer schema.
pub fn read_leases(state: &Path) -> Result<Vec<Lease>, StateError> {
    let mut tries = 0;
    loop {
        let read = replay(state);
        tries += 1;
        match read {
            // The files that were listed went while they were read.
            Ok(Replay { next, .. }) if tries < TRIES && newest_snapshot(state)?.unwrap_or(1) != next => {}
            Err(error) if tries < TRIES && error.is_gone() => {}
            read => {
                let mut leases = read?.leases;
                leases.sort_unstable_by_key(|lease| lease.address);
                return Ok(leases);
            }
        }
    }
}

fn newest_snapshot(state: &Path) -> Result<Option<u64>, StateError> {
    Ok(numbers(&Kind::Leases.folder(state), "snap")?.last().copied())
}

/// What the journal of leases says.
#[derive(Debug)]
pub(crate) struct Replay {
    /// By when they end, so that a client's latest comes last.
    pub(crate) leases: Vec<Lease>,
    /// The segment that the newest snapshot leads up to; the number to begin with where there is no segment.
    pub(crate) next: u64,
    /// The last segment, and how many bytes of it are whole.
    pub(crate) last: Option<(u64, u64)>,
    /// Where it is torn.
    pub(crate) torn: Option<(PathBuf, u64)>,
}

/// Reads the newest snapshot and the segments after it.
pub(crate) fn replay(state: &Path) -> Result<Replay, StateError> {
    let folder = Kind::Leases.folder(state);
    let mut leases = BTreeMap::new();
    let snapshot = newest_snapshot(state)?;
    if let Some(number) = snapshot {
        read_file(&snap_path(&folder, number), false, &mut leases)?;
    }
    let segments: Vec<u64> = numbers(&folder, "log")?.into_iter().filter(|n| *n >= snapshot.unwrap_or(0)).collect();
    let (mut last, mut torn) = (None, None);
    for (i, number) in segments.iter().enumerate() {
        let path = log_path(&folder, *number);
        let (good, end) = read_file(&path, i + 1 == segments.len(), &mut leases)?;
        (last, torn) = (Some((*number, good)), end);
    }
    let mut leases: Vec<Lease> = leases.into_values().collect();
    leases.sort_by_key(|lease| lease.until);
    Ok(Replay { leases, next: snapshot.unwrap_or(1), last, torn })
}

/// How many bytes of a file are whole, and where it is torn, if it is.
type End = (u64, Option<(PathBuf, u64)>);

/// Reads one file. Only the last one may have a torn end.
fn read_file(path: &Path, last: bool, leases: &mut BTreeMap<u32, Lease>) -> Result<End, StateError> {
    let mut reader = Reader::open(path, Kind::Leases)?;
    while let Some(item) = reader.next::<Lease>()? {
        let (spot, why) = match item {
            Item::Record(lease) => {
                leases.insert(lease.address.to_bits(), lease);
                continue;
            }
            Item::Torn(spot) if last => return Ok((spot.at, Some((path.to_owned(), spot.line)))),
            Item::Damaged(spot, _) if last && reader.at_end()? => {
                return Ok((spot.at, Some((path.to_owned(), spot.line))));
            }
            Item::Torn(spot) => (spot, "it ends in the middle of a line".to_owned()),
            Item::Damaged(spot, why) => (spot, why),
        };
        return Err(reader.damaged(spot.line, &why));
    }
    Ok((reader.offset, None))
}
