//! What is kept, in a folder.
//!
//! ```text
//! DIR/meta/KEY        what is known of a URL, and which body is its; KEY is the URL's SHA-256
//! DIR/body/KEY-…      the bytes
//! DIR/incoming/…      being written; swept at the next start
//! ```
//!
//! A body is made durable before what names it is renamed into place: after a crash a file is there whole or not at all.
//! Bodies that nothing names are swept at the start. Which file was used when is in the time of change of its body.

mod meta;

pub(crate) use meta::{Meta, one_line};

use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};
use tempfile::NamedTempFile;

/// How exactly the times of use are kept on disk.
const TOUCH_EVERY: Duration = Duration::from_secs(600);

/// The folder of the package cache cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the package cache cannot use {}: {source}", path.display())]
pub struct Error {
    path: PathBuf,
    source: io::Error,
}

/// The name of a URL in the folder.
pub(crate) fn key(url: &str) -> String {
    Sha256::digest(url).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Debug)]
pub(crate) struct Store {
    dir: PathBuf,
    index: Mutex<Index>,
}

#[derive(Debug, Default)]
struct Index {
    entries: HashMap<String, Entry>,
    /// The order of use: the longest unused first.
    order: BTreeMap<u64, String>,
    next: u64,
    total: u64,
}

#[derive(Debug)]
struct Entry {
    meta: Meta,
    used: u64,
    touched: SystemTime,
}

impl Store {
    pub(crate) fn open(dir: &Path) -> Result<Store, Error> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| Error { path, source }
        };
        let incoming = dir.join("incoming");
        if incoming.exists() {
            fs::remove_dir_all(&incoming).map_err(failed(&incoming))?;
        }
        for folder in [incoming, dir.join("meta"), dir.join("body")] {
            fs::create_dir_all(&folder).map_err(failed(&folder))?;
        }
        let index = sweep(dir).map_err(failed(dir))?;
        Ok(Store { dir: dir.to_owned(), index: Mutex::new(index) })
    }

    /// A file that is kept, and its bytes. It counts as used now.
    pub(crate) fn find(&self, key: &str) -> Option<(Meta, File)> {
        let (meta, touch) = self.index().find(key)?;
        match File::options().read(true).write(true).open(self.body(&meta)) {
            Ok(file) if file.metadata().is_ok_and(|found| found.len() == meta.size) => {
                if touch {
                    let _ = file.set_modified(SystemTime::now());
                }
                Some((meta, file))
            }
            // Somebody has taken it away.
            _ => {
                self.forget(key);
                None
            }
        }
    }

    /// A place for what arrives.
    pub(crate) fn begin(&self) -> io::Result<NamedTempFile> {
        NamedTempFile::new_in(self.dir.join("incoming"))
    }

    /// Keeps what has arrived whole, and makes room for it by what was longest unused.
    pub(crate) fn keep(&self, key: &str, mut meta: Meta, file: NamedTempFile, limit: u64) -> io::Result<()> {
        file.as_file().sync_data()?;
        let unique = file.path().extension().or(file.path().file_name());
        let unique: String = unique
            .and_then(|name| name.to_str())
            .unwrap_or_default()
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect();
        meta.body = format!("{key}-{unique}");
        file.persist_noclobber(self.body(&meta)).map_err(|error| error.error)?;
        if let Err(error) = self.write_meta(key, &meta) {
            let _ = fs::remove_file(self.body(&meta));
            return Err(error);
        }
        let old = self.index().put(key, meta);
        self.remove(old.into_iter().map(|meta| (None, meta)));
        self.shrink(limit);
        Ok(())
    }

    /// Takes over what an upstream says anew of a file that has not changed.
    pub(crate) fn refresh(&self, key: &str, meta: &Meta) {
        if self.write_meta(key, meta).is_ok()
            && let Some(entry) = self.index().entries.get_mut(key)
            && entry.meta.body == meta.body
        {
            entry.meta = meta.clone();
        }
    }

    /// Removes what was longest unused until at most `limit` bytes are left. True when anything was removed.
    pub(crate) fn shrink(&self, limit: u64) -> bool {
        let gone = self.index().beyond(limit);
        let any = !gone.is_empty();
        self.remove(gone.into_iter().map(|(key, meta)| (Some(key), meta)));
        any
    }

    /// Bytes that are kept, and in how many files.
    pub(crate) fn used(&self) -> (u64, usize) {
        let index = self.index();
        (index.total, index.entries.len())
    }

    fn forget(&self, key: &str) {
        let gone = self.index().take(key);
        self.remove(gone.into_iter().map(|meta| (Some(key.to_owned()), meta)));
    }

    /// The lines first: a body without them is swept, they without a body would be asked for in vain.
    fn remove(&self, gone: impl Iterator<Item = (Option<String>, Meta)>) {
        for (key, meta) in gone {
            if let Some(key) = key {
                let _ = fs::remove_file(self.dir.join("meta").join(key));
            }
            let _ = fs::remove_file(self.body(&meta));
        }
    }

    fn write_meta(&self, key: &str, meta: &Meta) -> io::Result<()> {
        let mut file = self.begin()?;
        file.write_all(meta.write().as_bytes())?;
        file.as_file().sync_data()?;
        file.persist(self.dir.join("meta").join(key)).map_err(|error| error.error)?;
        Ok(())
    }

    fn body(&self, meta: &Meta) -> PathBuf {
        self.dir.join("body").join(&meta.body)
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Index {
    /// What is known, and whether the time of use is to be written down.
    fn find(&mut self, key: &str) -> Option<(Meta, bool)> {
        let entry = self.entries.get_mut(key)?;
        self.order.remove(&entry.used);
        (entry.used, self.next) = (self.next, self.next + 1);
        self.order.insert(entry.used, key.to_owned());
        let touch = entry.touched.elapsed().is_ok_and(|age| age > TOUCH_EVERY);
        if touch {
            entry.touched = SystemTime::now();
        }
        Some((entry.meta.clone(), touch))
    }

    /// Returns what was there before.
    fn put(&mut self, key: &str, meta: Meta) -> Option<Meta> {
        let old = self.take(key);
        self.total += meta.size;
        self.order.insert(self.next, key.to_owned());
        self.entries.insert(key.to_owned(), Entry { meta, used: self.next, touched: SystemTime::now() });
        self.next += 1;
        old
    }

    fn take(&mut self, key: &str) -> Option<Meta> {
        let entry = self.entries.remove(key)?;
        self.order.remove(&entry.used);
        self.total = self.total.saturating_sub(entry.meta.size);
        Some(entry.meta)
    }

    fn beyond(&mut self, limit: u64) -> Vec<(String, Meta)> {
        let mut gone = Vec::new();
        while self.total > limit
            && let Some((_, key)) = self.order.pop_first()
        {
            gone.extend(self.take(&key).map(|meta| (key, meta)));
        }
        gone
    }
}

/// Reads what is kept, in the order of its use; removes what does not belong together.
fn sweep(dir: &Path) -> io::Result<Index> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir.join("meta"))? {
        let path = entry?.path();
        let meta = fs::read_to_string(&path).ok().and_then(|text| Meta::read(&text));
        let body = meta.as_ref().and_then(|meta| fs::metadata(dir.join("body").join(&meta.body)).ok());
        match (meta, body, path.file_name().and_then(|name| name.to_str())) {
            (Some(meta), Some(body), Some(name)) if body.len() == meta.size && key(&meta.url) == name => {
                found.push((body.modified()?, name.to_owned(), meta));
            }
            _ => fs::remove_file(&path)?,
        }
    }
    found.sort_unstable_by_key(|(used, ..)| *used);
    let bodies: HashSet<&str> = found.iter().map(|(_, _, meta)| meta.body.as_str()).collect();
    for entry in fs::read_dir(dir.join("body"))? {
        let entry = entry?;
        if !entry.file_name().to_str().is_some_and(|name| bodies.contains(name)) {
            fs::remove_file(entry.path())?;
        }
    }
    let mut index = Index::default();
    for (used, name, meta) in found.clone() {
        index.put(&name, meta);
        if let Some(entry) = index.entries.get_mut(&name) {
            entry.touched = used;
        }
    }
    Ok(index)
}

#[cfg(test)]
mod tests;
