//! The state folder and its lock: one writer at a time. Readers need no lock.

use crate::StateError;
use nix::{
    errno::Errno,
    fcntl::{Flock, FlockArg},
};
use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

/// A state folder that this process may write. The lock goes when this is dropped, or when the process dies.
#[derive(Debug)]
pub struct StateFolder {
    path: PathBuf,
    _lock: Flock<File>,
}

impl StateFolder {
    /// Takes the folder, making it where it is missing.
    ///
    /// # Errors
    /// [`StateError::Busy`] names the process that holds it.
    pub fn lock(path: &Path) -> Result<Self, StateError> {
        fs::create_dir_all(path).map_err(StateError::io("make the state folder", path))?;
        let file = path.join("lock");
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&file);
        let mut lock = match Flock::lock(open.map_err(StateError::io("open", &file))?, FlockArg::LockExclusiveNonblock)
        {
            Ok(lock) => lock,
            Err((_, Errno::EWOULDBLOCK)) => return Err(busy(path, &file)),
            Err((_, errno)) => return Err(StateError::io("lock", &file)(errno.into())),
        };
        // For people only; the lock is what counts, so a full disk does not stop the server here.
        let _ = lock.set_len(0).and_then(|()| writeln!(lock, "{}", std::process::id()));
        Ok(StateFolder { path: path.to_owned(), _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn busy(path: &Path, file: &Path) -> StateError {
    let pid = fs::read_to_string(file).unwrap_or_default().trim().to_owned();
    StateError::Busy { path: path.to_owned(), pid: if pid.is_empty() { "unknown".to_owned() } else { pid } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_server_is_refused_by_the_name_of_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let first = StateFolder::lock(dir.path()).unwrap();
        let error = StateFolder::lock(dir.path()).unwrap_err().to_string();
        assert!(error.contains(&format!("in use by process {}", std::process::id())), "{error}");
        drop(first);
        StateFolder::lock(dir.path()).unwrap();
    }
}
