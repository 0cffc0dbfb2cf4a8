//! The garbage collection: removes what no site, no lock, no running process and no transfer uses.

use super::{Store, in_use};
use crate::Error;
use firstlight_model::Sha256;
use nix::fcntl::{Flock, FlockArg};
use serde::Serialize;
use std::{
    collections::BTreeSet,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// What was cut off longer ago, and bad bytes that are older, are nothing that anybody waits for.
const STALE: Duration = Duration::from_secs(7 * 24 * 3600);

/// What a collection removes, or would.
#[derive(Debug, Default, Serialize)]
pub struct Collected {
    /// What it removed.
    pub removed: Vec<Leftover>,
    /// How many objects stay.
    pub kept: usize,
    /// Their bytes.
    pub kept_bytes: u64,
}

/// A file that nothing uses.
#[derive(Debug, Serialize)]
pub struct Leftover {
    /// Relative to the store's folder.
    pub path: PathBuf,
    /// In bytes.
    pub size: u64,
}

impl Store {
    /// Removes every object that is neither in `keep` nor in use, and what has been left over of transfers for a week.
    /// With `only_look` nothing is removed.
    ///
    /// # Errors
    /// When it cannot be known what is in use: then nothing has been removed.
    pub fn collect(&self, keep: &BTreeSet<Sha256>, only_look: bool, now: SystemTime) -> Result<Collected, Error> {
        let _alone = in_use::guard(&self.dir, in_use::GC, FlockArg::LockExclusive)
            .map_err(Error::of(self.dir.join(in_use::GC)))?;
        let mut used = in_use::all(&self.dir).map_err(Error::of(self.dir.join("in-use")))?;
        used.extend(keep);
        used.extend(self.aliased(crate::bundle::LOADER));
        let mut collected = Collected::default();
        for (hash, path, size) in self.objects()? {
            if used.contains(&hash) {
                collected.kept += 1;
                collected.kept_bytes += size;
            } else {
                self.drop_file(&path, size, only_look, &mut collected)?;
            }
        }
        for (path, size) in self.stale(now) {
            self.drop_file(&path, size, only_look, &mut collected)?;
        }
        if !only_look {
            self.drop_aliases();
        }
        Ok(collected)
    }

    /// The objects that have another key of this kind.
    fn aliased(&self, kind: &str) -> BTreeSet<Sha256> {
        let entries = fs::read_dir(self.dir.join("by").join(kind)).into_iter().flatten().flatten();
        entries.filter_map(|entry| fs::read_to_string(entry.path()).ok()?.trim().parse().ok()).collect()
    }

    fn drop_file(&self, path: &Path, size: u64, only_look: bool, collected: &mut Collected) -> Result<(), Error> {
        if !only_look {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(Error::of(path)(error)),
                _ => {}
            }
        }
        let path = path.strip_prefix(&self.dir).unwrap_or(path).to_owned();
        collected.removed.push(Leftover { path, size });
        Ok(())
    }

    /// Every object: its hash, its file, its size.
    pub(super) fn objects(&self) -> Result<Vec<(Sha256, PathBuf, u64)>, Error> {
        let top = self.dir.join("sha256");
        let mut objects = Vec::new();
        for folder in fs::read_dir(&top).map_err(Error::of(&top))?.flatten() {
            for entry in fs::read_dir(folder.path()).into_iter().flatten().flatten() {
                let hash = entry.file_name().to_str().and_then(|name| name.parse().ok());
                if let (Some(hash), Ok(metadata)) = (hash, entry.metadata()) {
                    objects.push((hash, entry.path(), metadata.len()));
                }
            }
        }
        objects.sort_unstable();
        Ok(objects)
    }

    /// Parts that nobody writes, and bad bytes, that are old.
    fn stale(&self, now: SystemTime) -> Vec<(PathBuf, u64)> {
        let folders = ["incoming", "bad"].map(|name| self.dir.join(name));
        let entries = folders.iter().flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
        let old = |entry: &fs::DirEntry| {
            let modified = entry.metadata().ok()?.modified().ok()?;
            (now.duration_since(modified).ok()? > STALE).then_some(())
        };
        let free = |path: &Path| {
            let file = File::open(path).ok()?;
            Flock::lock(file, FlockArg::LockExclusiveNonblock).is_ok().then_some(())
        };
        let stale = entries.filter(|entry| old(entry).is_some() && free(&entry.path()).is_some());
        stale.filter_map(|entry| Some((entry.path(), entry.metadata().ok()?.len()))).collect()
    }

    /// Removes the other keys of objects that are gone.
    fn drop_aliases(&self) {
        let kinds = fs::read_dir(self.dir.join("by")).into_iter().flatten().flatten();
        for entry in kinds.flat_map(|kind| fs::read_dir(kind.path()).into_iter().flatten().flatten()) {
            let hash = fs::read_to_string(entry.path()).ok().and_then(|text| text.trim().parse().ok());
            if hash.is_none_or(|hash| self.size_of(hash).is_none()) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}
