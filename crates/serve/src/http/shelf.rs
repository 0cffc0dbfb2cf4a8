//! Verified files that are kept open, so that a thousand machines that fetch one kernel do not open it a thousand times;
//! of small ones the bytes are kept as well. At most [`ROOM`] files, some MiB.
//!
//! Each request still asks the system whether the file is the one that was verified: one that was written to is not
//! served from then on. One that was replaced by another under its name is noticed within [`FRESH`]; until then, what is
//! served is what was verified.

use axum::http::HeaderValue;
use firstlight_boot::Content;
use firstlight_model::Sha256;
use sha2::Digest;
use std::{
    collections::HashMap,
    fs::File,
    io,
    os::unix::fs::FileExt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

/// How many files are kept open.
const ROOM: usize = 64;

/// How long a file is kept without looking at its name again.
const FRESH: Duration = Duration::from_secs(1);

/// A file that is not longer than this is kept in memory.
const SMALL: u64 = 16 << 10;

/// Files that are open, by the hash of what is in them.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    kept: Mutex<HashMap<Sha256, Arc<Book>>>,
}

/// Where content is.
#[derive(Debug, Clone)]
pub(super) enum Source {
    File(Arc<File>),
    Bytes(Arc<[u8]>),
}

#[derive(Debug)]
struct Book {
    file: Arc<File>,
    modified: SystemTime,
    size: u64,
    source: Source,
    etag: HeaderValue,
    opened: Instant,
}

impl Shelf {
    fn lock(&self) -> MutexGuard<'_, HashMap<Sha256, Arc<Book>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Content that is ready to be sent, and its entity tag.
    ///
    /// # Errors
    /// The file cannot be read, or is not the one that was verified.
    pub(super) fn take(&self, content: &Content) -> io::Result<(Source, HeaderValue)> {
        let (path, sha256) = match content {
            Content::Bytes(bytes) => {
                let tag = etag(&Sha256(sha2::Sha256::digest(bytes).into()))?;
                return Ok((Source::Bytes(bytes.clone()), tag));
            }
            Content::File { path, sha256, .. } => (path, sha256),
        };
        let kept = self.lock().get(sha256).cloned();
        let book = match kept {
            Some(book) if book.opened.elapsed() < FRESH && book.is_unchanged() => book,
            _ => {
                tracing::trace!("opening {}", path.display());
                self.open(content, *sha256)?
            }
        };
        Ok((book.source.clone(), book.etag.clone()))
    }

    fn open(&self, content: &Content, sha256: Sha256) -> io::Result<Arc<Book>> {
        let book = Arc::new(Book::open(content, &sha256)?);
        let mut kept = self.lock();
        kept.retain(|_, book| book.opened.elapsed() < FRESH);
        if kept.len() < ROOM {
            kept.insert(sha256, book.clone());
        }
        Ok(book)
    }
}

impl Book {
    fn open(content: &Content, sha256: &Sha256) -> io::Result<Book> {
        let file = Arc::new(crate::content::open_file(content)?);
        let found = file.metadata()?;
        let size = found.len();
        let source = if size <= SMALL {
            let mut bytes = vec![0; usize::try_from(size).unwrap_or(0)];
            file.read_exact_at(&mut bytes, 0)?;
            Source::Bytes(bytes.into())
        } else {
            Source::File(file.clone())
        };
        Ok(Book { file, modified: found.modified()?, size, source, etag: etag(sha256)?, opened: Instant::now() })
    }

    fn is_unchanged(&self) -> bool {
        let same = |found: std::fs::Metadata| found.len() == self.size && found.modified().ok() == Some(self.modified);
        self.file.metadata().is_ok_and(same)
    }
}

fn etag(hash: &Sha256) -> io::Result<HeaderValue> {
    HeaderValue::try_from(format!("\"{hash}\"")).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(path: &std::path::Path) -> Content {
        let found = path.metadata().unwrap();
        let (size, modified) = (found.len(), found.modified().unwrap());
        Content::File { path: path.to_owned(), size, sha256: Sha256([1; 32]), modified }
    }

    #[test]
    fn what_was_written_to_is_refused_though_it_is_open() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for size in [5, 100_000] {
            std::fs::write(&path, vec![7; size]).unwrap();
            let (shelf, content) = (Shelf::default(), content(&path));
            assert!(shelf.take(&content).is_ok() && shelf.take(&content).is_ok());
            assert_eq!(shelf.lock().len(), 1);
            std::thread::sleep(Duration::from_millis(20));
            std::fs::write(&path, vec![8; size]).unwrap();
            assert!(shelf.take(&content).is_err(), "{size} bytes");
        }
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "content").unwrap();
        let shelf = Shelf::default();
        for n in 0..=255 {
            let mut content = content(&path);
            if let Content::File { sha256, .. } = &mut content {
                *sha256 = Sha256([n; 32]);
            }
            assert!(shelf.take(&content).is_ok());
        }
        assert!(shelf.lock().len() <= ROOM);
    }
}
