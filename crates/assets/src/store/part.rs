//! A part: content that is being written, and what is left of it when that was cut off.
//!
//! Its file is locked (`flock`) by the one process that writes it. Beside it lies a note of where its bytes are from, so
//! that a later process knows whether it may go on with them.

use super::{Store, write_whole};
use crate::{Error, fetch::Hashes};
use firstlight_model::Sha256;
use nix::{
    errno::Errno,
    fcntl::{FallocateFlags, Flock, FlockArg, fallocate},
};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write as _},
    os::{fd::AsFd, unix::fs::MetadataExt},
    path::{Path, PathBuf},
};

/// Where the bytes of a part are from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The hash of the URL: the URL itself may hold a password.
    pub(crate) url: Sha256,
    /// What tells the version of the bytes there.
    pub(crate) validator: Option<String>,
}

/// Content that is being written.
#[derive(Debug)]
pub(crate) struct Part {
    file: Flock<File>,
    path: PathBuf,
    len: u64,
    reserved: u64,
    hashes: Hashes,
    /// Where its bytes are from; `None` where there are none, from several places, or nobody knows.
    pub(crate) origin: Option<Origin>,
    /// Whether its bytes came in more than one answer.
    pub(crate) mixed: bool,
}

/// Why a part could not be written.
pub(crate) enum Write {
    /// The disk is full.
    Full {
        /// What is still to come, where that is known.
        needed: Option<u64>,
    },
    /// Anything else.
    Failed(io::Error),
}

impl From<io::Error> for Write {
    fn from(error: io::Error) -> Write {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Write::Full { needed: None }
            }
            _ => Write::Failed(error),
        }
    }
}

impl Store {
    /// The part with this key, new or as it was left; `None` while another process writes it. What is there already is
    /// hashed.
    pub(crate) fn part(&self, key: &str, with_sha512: bool) -> Result<Option<Part>, Error> {
        let path = self.dir.join("incoming").join(format!("{key}.part"));
        let failed = |error: io::Error| Error::of(&path)(error);
        loop {
            let file =
                OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
            let file = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
                Ok(file) => file,
                Err((_, Errno::EWOULDBLOCK)) => return Ok(None),
                Err((_, error)) => return Err(failed(error.into())),
            };
            // Whoever held it may have finished it or thrown it away meanwhile: then this is no longer the file there.
            let same =
                fs::metadata(&path).is_ok_and(|there| file.metadata().is_ok_and(|ours| ours.ino() == there.ino()));
            if same {
                return Part::resume(file, path.clone(), with_sha512).map(Some).map_err(failed);
            }
        }
    }

    /// Throws a part away and gives its room back.
    pub(crate) fn discard(&self, part: Part) {
        let _ = fs::remove_file(part.note());
        let _ = fs::remove_file(&part.path);
    }

    /// Keeps a part's bytes for a look: they are not what was expected. The part has no file then, until
    /// [`Part::renew`].
    pub(crate) fn keep_bad(&self, part: &Part, got: &str, note: &str) -> Option<PathBuf> {
        self.set_aside(&part.path, got, note)
    }

    /// Room that is left for content, in bytes.
    pub(crate) fn free(&self) -> u64 {
        let found = nix::sys::statvfs::statvfs(&self.dir);
        found.map_or(0, |found| found.blocks_available().saturating_mul(found.fragment_size()))
    }
}

impl Part {
    fn resume(file: Flock<File>, path: PathBuf, with_sha512: bool) -> io::Result<Part> {
        let hashes = Hashes::new(with_sha512);
        let mut part = Part { file, path, len: 0, reserved: 0, hashes, origin: None, mixed: false };
        let mut buffer = vec![0; 256 << 10];
        loop {
            let n = part.file.read(&mut buffer)?;
            if n == 0 {
                break;
            }
            part.hashes.update(&buffer[..n]);
            part.len += n as u64;
        }
        part.mixed = part.len > 0;
        part.origin = if part.len > 0 { part.read_note() } else { None };
        Ok(part)
    }

    fn note(&self) -> PathBuf {
        self.path.with_extension("from")
    }

    fn read_note(&self) -> Option<Origin> {
        let text = fs::read_to_string(self.note()).ok()?;
        let (url, validator) = text.split_once('\n')?;
        let validator = validator.trim_end_matches('\n');
        Some(Origin { url: url.parse().ok()?, validator: (!validator.is_empty()).then(|| validator.to_owned()) })
    }

    /// The file.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// How many bytes there are.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// The hashes of what is there.
    pub(crate) fn hashes(&self) -> &Hashes {
        &self.hashes
    }

    /// Begins anew.
    pub(crate) fn restart(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        (self.len, self.reserved, self.mixed, self.origin) = (0, 0, false, None);
        self.hashes = Hashes::new(self.hashes.has_sha512());
        Ok(())
    }

    /// Goes on in a new file of the same name.
    pub(crate) fn renew(&mut self) -> io::Result<()> {
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&self.path)?;
        self.file = Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, error)| error)?;
        self.restart()
    }

    /// Notes where the bytes that come now are from.
    pub(crate) fn comes_from(&mut self, origin: Origin) -> io::Result<()> {
        let known = self.len == 0 || self.origin.as_ref() == Some(&origin);
        self.mixed = self.len > 0;
        self.origin = known.then_some(origin);
        match &self.origin {
            Some(Origin { url, validator }) => {
                write_whole(&self.note(), &format!("{url}\n{}\n", validator.as_deref().unwrap_or_default()))
            }
            None => fs::remove_file(self.note()).or(Ok(())),
        }
    }

    /// Asks the file system for the room that the whole will take. Where it cannot say, nothing is lost but the early
    /// warning.
    pub(crate) fn reserve(&mut self, total: u64) -> Result<(), Write> {
        let (Ok(from), Ok(more)) = (i64::try_from(self.len), i64::try_from(total.saturating_sub(self.len))) else {
            return Err(Write::Full { needed: Some(total) });
        };
        if more == 0 || self.reserved == total {
            return Ok(());
        }
        match fallocate(self.file.as_fd(), FallocateFlags::FALLOC_FL_KEEP_SIZE, from, more) {
            Ok(()) => {
                self.reserved = total;
                Ok(())
            }
            Err(Errno::ENOSPC | Errno::EDQUOT | Errno::EFBIG) => {
                Err(Write::Full { needed: Some(total.saturating_sub(self.len)) })
            }
            Err(_) => Ok(()),
        }
    }

    /// Adds bytes.
    pub(crate) fn add(&mut self, bytes: &[u8]) -> Result<(), Write> {
        self.file.write_all(bytes)?;
        self.hashes.update(bytes);
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// Makes what is there durable, and gives back what was reserved beyond it.
    pub(crate) fn finish(&mut self) -> Result<(), Write> {
        self.file.set_len(self.len)?;
        Ok(self.file.sync_all()?)
    }

    /// Renames the part into place.
    pub(super) fn become_file(&self, path: &Path) -> io::Result<()> {
        fs::rename(&self.path, path)?;
        let _ = fs::remove_file(self.note());
        Ok(())
    }
}
