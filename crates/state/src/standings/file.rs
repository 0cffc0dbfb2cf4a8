//! The journal's files: reading the newest segment, and beginning one with all that is known.

use super::STRANGERS;
use crate::{
    StateError, Who,
    journal::Journal,
    segment::{Item, Kind, Reader, log_path, numbers},
};
use firstlight_plan::{Stage, Standing};
use serde::{Deserialize, Serialize};
use std::{
    borrow::Cow,
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
};

/// How often a reader begins again when compaction removes a file under its hands.
const TRIES: u32 = 5;

/// One record: where a machine stands from then on.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Record<'a> {
    pub(super) who: Cow<'a, Who>,
    #[serde(flatten)]
    pub(super) standing: Cow<'a, Standing>,
}

/// Where every known machine stands, by name and address: beside the running server, or when there is none.
///
/// # Errors
/// As at the start of a server: damage in the middle, a newer schema.
pub fn read_standings(state: &Path) -> Result<Vec<(Who, Standing)>, StateError> {
    let mut tries = 0;
    loop {
        tries += 1;
        match read(state) {
            Err(error) if tries < TRIES && error.is_gone() => {}
            read => {
                let mut known: Vec<_> = read?.1.into_iter().collect();
                known.sort_by(|(a, _), (b, _)| a.cmp(b));
                return Ok(known);
            }
        }
    }
}

/// The newest segment's number, and what it says.
fn read(state: &Path) -> Result<(u64, HashMap<Who, Standing>), StateError> {
    let folder = Kind::Machines.folder(state);
    let mut known = HashMap::new();
    let Some(number) = numbers(&folder, "log")?.last().copied() else { return Ok((0, known)) };
    let mut reader = Reader::open(&log_path(&folder, number), Kind::Machines)?;
    while let Some(item) = reader.next::<Record<'_>>()? {
        match item {
            Item::Record(record) => {
                known.insert(record.who.into_owned(), record.standing.into_owned());
            }
            // The end of a batch that nobody was told about.
            Item::Torn(_) => break,
            Item::Damaged(spot, why) => match reader.at_end()? {
                true => break,
                false => return Err(reader.damaged(spot.line, &why)),
            },
        }
    }
    Ok((number, known))
}

/// Reads what is known and begins a new segment with it.
pub(super) fn open(state: &Path) -> Result<(Journal, HashMap<Who, Standing>), StateError> {
    let (last, mut known) = read(state)?;
    forget_strangers(&mut known);
    let folder = Kind::Machines.folder(state);
    let journal = begin(folder.clone(), last + 1, &known).map_err(StateError::io("write in", &folder))?;
    Ok((journal, known))
}

/// Begins a segment with all that is known; the ones before it are not needed any more.
pub(super) fn begin(folder: PathBuf, number: u64, known: &HashMap<Who, Standing>) -> io::Result<Journal> {
    let records =
        known.iter().map(|(who, standing)| Record { who: Cow::Borrowed(who), standing: Cow::Borrowed(standing) });
    let journal = Journal::create_with(folder.clone(), Kind::Machines, number, records)?;
    for old in numbers(&folder, "log").unwrap_or_default().into_iter().filter(|n| *n < number) {
        let _ = fs::remove_file(log_path(&folder, old));
    }
    Ok(journal)
}

/// Makes room where made-up addresses have come to be too many: those that changed longest ago go, a tenth at once.
pub(super) fn forget_strangers(known: &mut HashMap<Who, Standing>) {
    let goes = |standing: &Standing| !matches!(standing.stage, Stage::Held | Stage::Retired) && standing.name.is_none();
    let mut strangers: Vec<_> = known
        .iter()
        .filter(|(who, standing)| who.is_stranger() && goes(standing))
        .map(|(who, standing)| (standing.since, who.clone()))
        .collect();
    if strangers.len() > STRANGERS {
        strangers.sort_unstable();
        let many = strangers.len() - (STRANGERS - STRANGERS / 10);
        strangers.into_iter().take(many).for_each(|(_, who)| drop(known.remove(&who)));
    }
}
