//! What came instead of something else, kept for a look. The newest few only: it must not fill the disk.

use super::{Store, write_whole};
use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// How many are kept.
const MOST_KEPT: usize = 8;

impl Store {
    /// Moves a file among the bad ones, with a note of what it was to be. `None` where that fails: then it is removed.
    pub(super) fn set_aside(&self, path: &Path, got: &str, note: &str) -> Option<PathBuf> {
        let kept = self.dir.join("bad").join(got);
        if fs::rename(path, &kept).is_err() {
            let _ = fs::remove_file(path);
            return None;
        }
        // Without its note it is still there for a look.
        let _ = write_whole(&kept.with_extension("txt"), note);
        self.forget_old();
        Some(kept)
    }

    fn forget_old(&self) {
        let entries = fs::read_dir(self.dir.join("bad")).into_iter().flatten().flatten();
        let mut kept: Vec<(SystemTime, PathBuf)> = entries
            .filter(|entry| entry.path().extension().is_none())
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .collect();
        kept.sort_unstable();
        for (_, path) in kept.iter().rev().skip(MOST_KEPT) {
            let _ = fs::remove_file(path);
            let _ = fs::remove_file(path.with_extension("txt"));
        }
    }
}
