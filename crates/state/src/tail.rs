//! Following the journal of events, from any process, across its segments.

use crate::{
    Event, EventFilter, StateError,
    segment::{Item, Kind, Reader, log_path, numbers},
};
use std::path::{Path, PathBuf};

/// The events of a state folder, oldest first. `None` means "no more for now": asked again later, it goes on.
#[derive(Debug)]
pub struct EventTail {
    folder: PathBuf,
    filter: EventFilter,
    /// The first segment that was not begun yet.
    next: u64,
    reader: Option<Reader>,
}

impl EventTail {
    pub(crate) fn new(state: &Path, filter: EventFilter) -> Self {
        EventTail { folder: Kind::Events.folder(state), filter, next: 0, reader: None }
    }

    /// Opens the next segment. False where there is none.
    fn advance(&mut self) -> Result<bool, StateError> {
        while let Some(number) = numbers(&self.folder, "log")?.into_iter().find(|n| *n >= self.next) {
            self.next = number + 1;
            match Reader::open(&log_path(&self.folder, number), Kind::Events) {
                // Too old, and removed just now.
                Err(error) if error.is_gone() => {}
                Err(error @ StateError::Damaged { .. }) => tracing::warn!("{error}"),
                other => {
                    self.reader = Some(other?);
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Reads on in the open segment. `None` at its end, for now.
    fn read(&mut self) -> Result<Option<Event>, StateError> {
        let Some(reader) = &mut self.reader else { return Ok(None) };
        loop {
            match reader.next::<Event>()? {
                Some(Item::Record(event)) if self.filter.takes(&event) => return Ok(Some(event)),
                Some(Item::Record(_)) => {}
                Some(Item::Damaged(spot, why)) => {
                    tracing::warn!("an event was skipped: {}", reader.damaged(spot.line, &why));
                }
                Some(Item::Torn(_)) | None => return Ok(None),
            }
        }
    }

    fn step(&mut self) -> Result<Option<Event>, StateError> {
        loop {
            if let Some(event) = self.read()? {
                return Ok(Some(event));
            }
            // A segment is whole once there is a newer one; what came between the reading and the looking is read first.
            let newer = numbers(&self.folder, "log")?.iter().any(|n| *n >= self.next);
            if let Some(event) = self.read()? {
                return Ok(Some(event));
            }
            if !newer || !self.advance()? {
                return Ok(None);
            }
        }
    }
}

impl Iterator for EventTail {
    type Item = Result<Event, StateError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}
