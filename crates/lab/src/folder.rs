//! The lab's folder, `<site>/.firstlight/lab`: its lock, its sockets, and what stays when a lab ends.

use crate::{
    Result,
    error::{file, system},
    qemu,
};
use nix::fcntl::{Flock, FlockArg};
use std::{
    fs::{self, File},
    io,
    os::{
        fd::AsRawFd,
        unix::net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
};

/// Where a site's lab keeps its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder(PathBuf);

/// The folder, held: as long as this lives, no other process has a lab here.
pub(crate) type Held = Flock<File>;

pub(crate) const CONTROL: &str = "control";
pub(crate) const SERVER_LOG: &str = "server.log";
pub(crate) const LAB_LOG: &str = "lab.log";
/// A disk that stays from one lab to the next.
pub(crate) const KEPT_DISK: &str = "disk-kept.raw";

impl Folder {
    /// The lab's folder of the site in `root`. Nothing is made yet.
    pub fn of(root: &Path) -> Self {
        Folder(root.join(".firstlight/lab"))
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A machine's log of its serial console, kept when the lab ends.
    pub fn console_log(&self, machine: &str) -> PathBuf {
        self.0.join(machine).join(qemu::CONSOLE_LOG)
    }

    /// The boot server's output, kept when the lab ends.
    pub fn server_log(&self) -> PathBuf {
        self.0.join(SERVER_LOG)
    }

    pub(crate) fn make(&self) -> Result<()> {
        fs::create_dir_all(&self.0).map_err(file("cannot make", &self.0))
    }

    /// Takes the folder. `None` when a running lab has it; what a killed one held is free, for the kernel frees it.
    pub(crate) fn hold(&self) -> Result<Option<Held>> {
        let folder = File::open(&self.0).map_err(file("cannot open", &self.0))?;
        match Flock::lock(folder, FlockArg::LockExclusiveNonblock) {
            Ok(held) => Ok(Some(held)),
            Err((_, nix::errno::Errno::EWOULDBLOCK)) => Ok(None),
            Err((_, errno)) => Err(system("cannot lock the lab's folder")(errno)),
        }
    }

    /// Removes all but the logs and the disks to be kept. Only who holds the folder may do it.
    pub(crate) fn clean(&self, _: &Held) {
        for entry in fs::read_dir(&self.0).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => clean_machine(&entry.path()),
                _ => remove_unless_kept(&entry.path()),
            }
        }
    }

    pub(crate) fn connect(&self, socket: &str) -> io::Result<UnixStream> {
        self.short(|folder| UnixStream::connect(folder.join(socket)))
    }

    pub(crate) fn listen(&self, socket: &str) -> io::Result<UnixListener> {
        self.short(|folder| UnixListener::bind(folder.join(socket)))
    }

    /// A socket's name has room for 107 bytes, which a site's folder can be longer than. By way of /proc it is short.
    fn short<T>(&self, with: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
        let folder = File::open(&self.0)?;
        with(Path::new(&format!("/proc/self/fd/{}", folder.as_raw_fd())))
    }
}

fn clean_machine(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        remove_unless_kept(&entry.path());
    }
    // Succeeds only where nothing was kept.
    let _ = fs::remove_dir(folder);
}

fn remove_unless_kept(path: &Path) {
    let is_log = path.extension().is_some_and(|extension| extension == "log");
    let is_empty = fs::metadata(path).is_ok_and(|metadata| metadata.len() == 0);
    if (is_log && !is_empty) || path.ends_with(KEPT_DISK) {
        return;
    }
    let _ = fs::remove_file(path);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_lab_at_a_time_and_logs_and_kept_disks_stay() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::of(root.path());
        folder.make().unwrap();
        let held = folder.hold().unwrap().unwrap();
        assert!(folder.hold().unwrap().is_none());
        let machine = folder.path().join("kitt");
        fs::create_dir(&machine).unwrap();
        for (name, text) in
            [("console.log", "x"), ("qemu.log", ""), ("vars.fd", "x"), ("disk.raw", "x"), (KEPT_DISK, "x")]
        {
            fs::write(machine.join(name), text).unwrap();
        }
        let _socket = folder.listen(CONTROL).unwrap();
        folder.clean(&held);
        let mut left: Vec<_> = fs::read_dir(&machine).unwrap().map(|e| e.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["console.log", KEPT_DISK]);
        assert!(!folder.path().join(CONTROL).exists());
        drop(held);
        assert!(folder.hold().unwrap().is_some());
    }

    #[test]
    fn a_deep_folder_has_sockets_all_the_same() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::of(&root.path().join("deep/".repeat(40)));
        folder.make().unwrap();
        let _listener = folder.listen(CONTROL).unwrap();
        folder.connect(CONTROL).unwrap();
    }
}
