//! The files of a journal: their names, their header, and reading one from its start.

use crate::{StateError, line};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
};

/// The newest schema that is read and the one that is written.
pub(crate) const SCHEMA: u32 = 1;

/// Which journal a file belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Leases,
    Events,
    Machines,
}

impl Kind {
    /// The journal's folder in the state folder.
    pub(crate) fn folder(self, state: &Path) -> PathBuf {
        state.join(match self {
            Kind::Leases => "leases",
            Kind::Events => "events",
            Kind::Machines => "machines",
        })
    }

    /// What to do about a damaged file, and what it would mean to go on without it.
    fn remedy(self) -> &'static str {
        match self {
            Kind::Leases | Kind::Events => {
                "Or move that file away and start without its records: clients then keep their addresses by renewing, \
                 but until they have, one could be given twice"
            }
            Kind::Machines => {
                "Do not just move that file away: machines would count as never installed, and those whose profile has \
                 wipe = true would be installed again at their next boot; take wipe = true out of the site first"
            }
        }
    }
}

/// The first line of every file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Header {
    firstlight: Kind,
    schema: u32,
}

impl Header {
    pub(crate) fn new(kind: Kind) -> Self {
        Header { firstlight: kind, schema: SCHEMA }
    }
}

/// `0000000007.log`
pub(crate) fn log_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:010}.log"))
}

/// `0000000007.snap`: the state before segment 7.
pub(crate) fn snap_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:010}.snap"))
}

/// The numbers of the files with `extension`, in order. A folder that is not there has none.
pub(crate) fn numbers(folder: &Path, extension: &str) -> Result<Vec<u64>, StateError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(StateError::io("list", folder))?,
    };
    let number = |path: PathBuf| {
        let stem = path.file_stem()?.to_str()?;
        (path.extension()? == extension && stem.len() == 10).then(|| stem.parse().ok())?
    };
    let mut numbers: Vec<u64> = entries.flatten().filter_map(|entry| number(entry.path())).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// Makes what happened to a folder's names durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Writes `bytes` to `path` so that after a crash it is either whole or not there.
pub(crate) fn write_aside(path: &Path, bytes: &[u8]) -> io::Result<File> {
    let aside = path.with_extension("new");
    let mut file = File::options().read(true).write(true).create(true).truncate(true).open(&aside)?;
    let done = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&aside, path));
    if let Err(error) = done {
        let _ = fs::remove_file(&aside);
        return Err(error);
    }
    path.parent().map_or(Ok(()), sync_folder)?;
    Ok(file)
}

/// What one line of a file turned out to be.
#[derive(Debug)]
pub(crate) enum Item<T> {
    /// A record.
    Record(T),
    /// A whole line that is not what was written.
    Damaged(Spot, String),
    /// The rest of the file, from here on, never became durable.
    Torn(Spot),
}

/// Where a line begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spot {
    /// In bytes from the start of the file.
    pub(crate) at: u64,
    /// Counted from 1.
    pub(crate) line: u64,
}

/// Reads a file from its start, line by line.
#[derive(Debug)]
pub(crate) struct Reader {
    path: PathBuf,
    kind: Kind,
    input: BufReader<File>,
    buffer: Vec<u8>,
    /// Bytes of the whole lines read so far.
    pub(crate) offset: u64,
    line: u64,
}

impl Reader {
    /// Opens a file and checks its header.
    pub(crate) fn open(path: &Path, kind: Kind) -> Result<Self, StateError> {
        let file = File::open(path).map_err(StateError::io("open", path))?;
        let input = BufReader::with_capacity(1 << 16, file);
        let mut reader = Reader { path: path.to_owned(), kind, input, buffer: Vec::new(), offset: 0, line: 0 };
        match reader.next::<serde_json::Value>()? {
            Some(Item::Record(header)) => reader.check(header, kind)?,
            _ => return Err(reader.damaged(1, "it has no header")),
        }
        Ok(reader)
    }

    fn check(&self, header: serde_json::Value, kind: Kind) -> Result<(), StateError> {
        // The version comes first: a newer header may well have another shape.
        match header.get("schema").and_then(serde_json::Value::as_u64) {
            Some(schema) if schema > u64::from(SCHEMA) => {
                let found = u32::try_from(schema).unwrap_or(u32::MAX);
                return Err(StateError::Newer { path: self.path.clone(), found, known: SCHEMA });
            }
            _ => {}
        }
        let header: Header =
            serde_json::from_value(header).map_err(|e| self.damaged(1, &format!("its header: {e}")))?;
        if header.firstlight == kind { Ok(()) } else { Err(self.damaged(1, "it belongs to another journal")) }
    }

    /// An error about a line of this file.
    pub(crate) fn damaged(&self, line: u64, why: &str) -> StateError {
        StateError::Damaged { path: self.path.clone(), line, why: why.to_owned(), remedy: self.kind.remedy() }
    }

    /// The next line. `None` at the end of the file. After [`Item::Torn`] the same call may be made again: a
    /// reader beside a running server finds the line whole a moment later.
    pub(crate) fn next<T: DeserializeOwned>(&mut self) -> Result<Option<Item<T>>, StateError> {
        let read = self.input.read_until(b'\n', &mut self.buffer).map_err(StateError::io("read", &self.path))?;
        if read == 0 && self.buffer.is_empty() {
            return Ok(None);
        }
        let spot = Spot { at: self.offset, line: self.line + 1 };
        let Some(text) = self.buffer.strip_suffix(b"\n") else { return Ok(Some(Item::Torn(spot))) };
        let item = match line::decode(text) {
            Ok(record) => Item::Record(record),
            // A page that never reached the disk; what follows it is of the same unacknowledged commit.
            Err(_) if text.contains(&0) => return Ok(Some(Item::Torn(spot))),
            Err(why) => Item::Damaged(spot, why),
        };
        self.offset += self.buffer.len() as u64;
        self.line += 1;
        self.buffer.clear();
        Ok(Some(item))
    }

    /// True when the line just read was the last one.
    pub(crate) fn at_end(&mut self) -> Result<bool, StateError> {
        Ok(self.input.fill_buf().map_err(StateError::io("read", &self.path))?.is_empty())
    }
}
