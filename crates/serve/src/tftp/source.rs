//! The bytes of a transfer, shared by all transfers of the same content.

use crate::content::{Opened, open};
use firstlight_boot::Content;
use firstlight_model::Sha256;
use rustix::fs::{Advice, fadvise};
use std::{
    collections::HashMap,
    fs::File,
    io,
    num::NonZeroU64,
    ops::Range,
    os::unix::fs::FileExt,
    sync::{Arc, Weak},
};

/// Files up to this many bytes are read once and kept while a transfer of them runs.
const SMALL: u64 = 256 << 10;

/// How much of a larger file is asked of the disk when it is opened, in bytes. The thread that serves reads it itself: on a
/// cold disk the first blocks would keep all other transfers waiting. The kernel reads ahead from there.
const READ_AHEAD: NonZeroU64 = NonZeroU64::new(4 << 20).unwrap();

/// Bytes that can be read at any place.
pub(super) enum Source {
    Memory(Arc<[u8]>),
    File { file: File, size: u64 },
}

impl Source {
    /// How many bytes there are.
    pub(super) fn size(&self) -> u64 {
        match self {
            Source::Memory(bytes) => bytes.len() as u64,
            Source::File { size, .. } => *size,
        }
    }

    /// These bytes; `scratch` is where they are put if they have to be read.
    ///
    /// # Errors
    /// The file cannot be read, or is shorter than it was.
    pub(super) fn read<'a>(&'a self, bytes: Range<u64>, scratch: &'a mut Vec<u8>) -> io::Result<&'a [u8]> {
        match self {
            Source::Memory(all) => {
                let (start, end) = (bytes.start as usize, bytes.end as usize);
                all.get(start..end).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
            }
            Source::File { file, .. } => {
                let length = bytes.end.saturating_sub(bytes.start) as usize;
                if scratch.len() < length {
                    scratch.resize(length, 0);
                }
                let place = scratch.get_mut(..length).unwrap_or_default();
                file.read_exact_at(place, bytes.start)?;
                Ok(place)
            }
        }
    }
}

/// What is open now: a rack that boots opens a kernel once.
#[derive(Default)]
pub(super) struct Sources {
    open: HashMap<Sha256, Weak<Source>>,
}

impl Sources {
    /// Opens content, or shares what is open.
    ///
    /// # Errors
    /// It cannot be opened, or is no longer what was verified.
    pub(super) fn open(&mut self, content: Content) -> io::Result<Arc<Source>> {
        match &content {
            Content::Bytes(bytes) => Ok(Arc::new(Source::Memory(bytes.clone()))),
            Content::File { size, sha256, .. } => self.file(*sha256, *size, &content),
        }
    }

    fn file(&mut self, hash: Sha256, size: u64, content: &Content) -> io::Result<Arc<Source>> {
        if let Some(source) = self.open.get(&hash).and_then(Weak::upgrade) {
            return Ok(source);
        }
        let source = Arc::new(match open(content)? {
            Opened::Bytes(bytes) => Source::Memory(bytes.into_inner()),
            Opened::File(file) if size <= SMALL => Source::Memory(whole(&file, size)?),
            Opened::File(file) => {
                // Only advice: where a file system does not take it, reading waits.
                let _ = fadvise(&file, 0, Some(READ_AHEAD), Advice::WillNeed);
                let _ = fadvise(&file, 0, None, Advice::Sequential);
                Source::File { file, size }
            }
        });
        self.open.retain(|_, source| source.strong_count() > 0);
        self.open.insert(hash, Arc::downgrade(&source));
        Ok(source)
    }
}

fn whole(file: &File, size: u64) -> io::Result<Arc<[u8]>> {
    let mut bytes = vec![0; size as usize];
    file.read_exact_at(&mut bytes, 0)?;
    Ok(bytes.into())
}
