//! An append-only journal: the segment that is being written. Group commit is the caller's: it hands over all that
//! is waiting, and gets one write and one sync for it.

use crate::{
    line,
    segment::{Header, Kind, log_path, sync_folder, write_aside},
};
use serde::Serialize;
use std::{
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    path::PathBuf,
};

/// Whether a batch must be on disk when [`Journal::append`] returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sync {
    Now,
    Later,
}

/// The segment that is being written.
#[derive(Debug)]
pub(crate) struct Journal {
    folder: PathBuf,
    kind: Kind,
    file: File,
    number: u64,
    /// Everything before this offset is whole lines.
    good: u64,
    /// What a failed batch left behind `good` could not be cut off yet.
    ragged: bool,
    /// Something was written after the last sync.
    unsynced: bool,
    buffer: Vec<u8>,
}

impl Journal {
    /// Begins segment `number`.
    pub(crate) fn create(folder: PathBuf, kind: Kind, number: u64) -> io::Result<Self> {
        Journal::create_with(folder, kind, number, std::iter::empty::<()>())
    }

    /// Begins segment `number` with these records: after a crash all of them are there, or no such segment is.
    pub(crate) fn create_with<T: Serialize>(
        folder: PathBuf,
        kind: Kind,
        number: u64,
        records: impl Iterator<Item = T>,
    ) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        folder.parent().map_or(Ok(()), sync_folder)?;
        let mut buffer = Vec::new();
        line::encode(&Header::new(kind), &mut buffer)?;
        for record in records {
            line::encode(&record, &mut buffer)?;
        }
        let file = write_aside(&log_path(&folder, number), &buffer)?;
        let good = buffer.len() as u64;
        Ok(Journal { folder, kind, file, number, good, ragged: false, unsynced: false, buffer })
    }

    /// Goes on with segment `number` after its first `good` bytes; what follows them is cut off.
    pub(crate) fn resume(folder: PathBuf, kind: Kind, number: u64, good: u64) -> io::Result<Self> {
        let file = File::options().read(true).write(true).open(log_path(&folder, number))?;
        file.set_len(good)?;
        // Also makes durable what the process before us wrote and did not live to sync.
        file.sync_all()?;
        Ok(Journal { folder, kind, file, number, good, ragged: false, unsynced: false, buffer: Vec::new() })
    }

    /// Appends all of `records`, or none: on an error the file ends where it ended before, nothing of the batch
    /// counts as written, and a later call works as soon as the disk does.
    pub(crate) fn append<T: Serialize>(&mut self, records: &[T], sync: Sync) -> io::Result<()> {
        self.buffer.clear();
        for record in records {
            line::encode(record, &mut self.buffer)?;
        }
        if self.ragged {
            self.cut()?;
        }
        let written = self.file.write_all_at(&self.buffer, self.good).and_then(|()| match sync {
            Sync::Now => self.file.sync_data(),
            Sync::Later => Ok(()),
        });
        if let Err(error) = written {
            self.ragged = true;
            let _ = self.cut();
            return Err(error);
        }
        self.unsynced = sync == Sync::Later;
        self.good += self.buffer.len() as u64;
        Ok(())
    }

    /// False while something written with [`Sync::Later`] waits for [`Journal::sync`].
    pub(crate) fn is_synced(&self) -> bool {
        !self.unsynced
    }

    /// Syncs what [`Sync::Later`] left.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        if self.unsynced {
            self.file.sync_data()?;
            self.unsynced = false;
        }
        Ok(())
    }

    fn cut(&mut self) -> io::Result<()> {
        self.file.set_len(self.good)?;
        self.ragged = false;
        Ok(())
    }

    /// Where its segments lie.
    pub(crate) fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    /// Its number.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Bytes in this segment.
    pub(crate) fn len(&self) -> u64 {
        self.good
    }

    /// Goes on in a new segment and returns its number. On an error this one stays in use.
    pub(crate) fn rotate(&mut self) -> io::Result<u64> {
        if self.ragged {
            self.cut()?;
        }
        self.file.sync_data()?;
        *self = Journal::create(self.folder.clone(), self.kind, self.number + 1)?;
        Ok(self.number)
    }
}
