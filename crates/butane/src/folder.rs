//! A files directory on disk. Nothing outside it is ever opened: the kernel resolves each path beneath the directory
//! (openat2(2), `RESOLVE_BENEATH`), so that neither `..` nor a symbolic link leads out, also while somebody renames what
//! is being read. Links that stay inside are followed.
//!
//! Kernels before 5.6 have no openat2; there the resolved path is compared before the file is opened.

use crate::files::{Files, FilesError, TreeEntry, TreeKind, beneath};
use nix::{
    dir::Dir,
    errno::Errno,
    fcntl::{self, AtFlags, OFlag, OpenHow, ResolveFlag},
    sys::stat::{self, FileStat, Mode, SFlag},
};
use std::{
    fs::File,
    io::{self, Read},
    os::fd::{AsFd, OwnedFd},
    path::{Path, PathBuf},
};

/// Folders in folders that are walked.
const MAX_DEPTH: usize = 200;

/// A files directory on disk.
#[derive(Clone, Debug)]
pub struct Folder {
    dir: PathBuf,
}

impl Folder {
    /// The directory of that name. It is looked for when a file in it is.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// The name of a file for messages: that of the directory as the user gave it, and the path beneath it.
    fn name(&self, path: &str) -> String {
        let dir = self.dir.components().as_path().join(path);
        dir.components().as_path().display().to_string()
    }

    fn failed(&self, operation: &'static str, path: &str, error: Errno) -> FilesError {
        match error {
            Errno::EXDEV => FilesError::LinkOutside(self.name(path)),
            _ => FilesError::Io { operation, path: self.name(path), error: error.into() },
        }
    }

    /// Opens what lies at a path beneath the directory.
    fn open(&self, path: &str, flags: OFlag) -> Result<OwnedFd, Errno> {
        let flags = flags | OFlag::O_CLOEXEC;
        let root = fcntl::open(&self.dir, OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty())?;
        let path = if path.is_empty() { "." } else { path };
        let how =
            OpenHow::new().flags(flags).resolve(ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_MAGICLINKS);
        match fcntl::openat2(&root, path, how) {
            Err(Errno::ENOSYS) => open_compared(&self.dir, path, flags),
            opened => opened,
        }
    }
}

impl Files for Folder {
    fn read(&self, local: &str) -> Result<Vec<u8>, FilesError> {
        let path = beneath(local)?;
        // Without O_NONBLOCK, a pipe would be waited for.
        let opened =
            self.open(&path, OFlag::O_RDONLY | OFlag::O_NONBLOCK).map_err(|e| self.failed("open", &path, e))?;
        let status = stat::fstat(&opened).map_err(|e| self.failed("stat", &path, e))?;
        match kind(&status) {
            SFlag::S_IFREG => {}
            SFlag::S_IFDIR => return Err(self.failed("read", &path, Errno::EISDIR)),
            _ => return Err(FilesError::NotAFile(self.name(&path))),
        }
        let mut content = Vec::with_capacity(usize::try_from(status.st_size).unwrap_or(0));
        match File::from(opened).read_to_end(&mut content) {
            Ok(_) => Ok(content),
            Err(error) => Err(FilesError::Io { operation: "read", path: self.name(&path), error }),
        }
    }

    fn walk(&self, local: &str) -> Result<Vec<TreeEntry>, FilesError> {
        let path = beneath(local)?;
        let root = self.open(&path, OFlag::O_RDONLY | OFlag::O_NONBLOCK).map_err(|e| self.failed("stat", &path, e))?;
        let status = stat::fstat(&root).map_err(|e| self.failed("stat", &path, e))?;
        if kind(&status) != SFlag::S_IFDIR {
            return Err(FilesError::NotADirectory);
        }
        let mut walk = Walk { folder: self, below: path, found: Vec::new() };
        walk.found.push(TreeEntry { path: String::new(), kind: TreeKind::Directory });
        walk.enter(root, "", 0)?;
        Ok(walk.found)
    }
}

struct Walk<'a> {
    folder: &'a Folder,
    below: String,
    found: Vec<TreeEntry>,
}

impl Walk<'_> {
    /// Notes what a folder contains.
    fn enter(&mut self, folder: OwnedFd, path: &str, depth: usize) -> Result<(), FilesError> {
        if depth > MAX_DEPTH {
            return Err(self.failed(path, Errno::ELOOP));
        }
        let mut dir = Dir::from_fd(folder).map_err(|e| self.failed(path, e))?;
        let entries: Result<Vec<_>, Errno> = dir.iter().map(|entry| entry.map(|e| e.file_name().to_owned())).collect();
        let mut names = entries.map_err(|e| self.failed(path, e))?;
        names.sort();
        for name in names.iter().filter(|name| !matches!(name.to_bytes(), b"." | b"..")) {
            let text = name.to_string_lossy();
            let path = if path.is_empty() { text.into_owned() } else { format!("{path}/{text}") };
            let status = stat::fstatat(&dir, name.as_c_str(), AtFlags::AT_SYMLINK_NOFOLLOW);
            let status = status.map_err(|e| self.failed(&path, e))?;
            let entry = match kind(&status) {
                SFlag::S_IFDIR => TreeKind::Directory,
                SFlag::S_IFREG => TreeKind::File { executable: status.st_mode & 0o111 != 0 },
                SFlag::S_IFLNK => {
                    let target = fcntl::readlinkat(&dir, name.as_c_str()).map_err(|e| self.failed(&path, e))?;
                    TreeKind::Link { target: target.to_string_lossy().into_owned() }
                }
                _ => TreeKind::Other,
            };
            let descend = entry == TreeKind::Directory;
            self.found.push(TreeEntry { path: path.clone(), kind: entry });
            if descend {
                let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
                let inner = fcntl::openat(&dir, name.as_c_str(), flags, Mode::empty());
                self.enter(inner.map_err(|e| self.failed(&path, e))?, &path, depth + 1)?;
            }
        }
        Ok(())
    }

    fn failed(&self, path: &str, error: Errno) -> FilesError {
        self.folder.failed("open", &format!("{}/{path}", self.below), error)
    }
}

fn kind(status: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(status.st_mode) & SFlag::S_IFMT
}

/// As `openat2` beneath a directory, for kernels without it: the path is resolved and compared, then opened.
fn open_compared(dir: &Path, path: &str, flags: OFlag) -> Result<OwnedFd, Errno> {
    let errno = |error: io::Error| Errno::from_raw(error.raw_os_error().unwrap_or(Errno::EIO as i32));
    let root = dir.canonicalize().map_err(errno)?;
    let resolved = root.join(path).canonicalize().map_err(errno)?;
    if !resolved.starts_with(&root) {
        return Err(Errno::EXDEV);
    }
    let opened = fcntl::open(&resolved, flags | OFlag::O_NOFOLLOW, Mode::empty())?;
    opened.as_fd().try_clone_to_owned().map_err(errno)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::symlink};

    fn folder() -> (tempfile::TempDir, Folder) {
        let dir = tempfile::tempdir().unwrap();
        let files = dir.path().join("files");
        fs::create_dir_all(files.join("tree/sub")).unwrap();
        fs::write(dir.path().join("secret"), "s3kr3t").unwrap();
        fs::write(files.join("hello"), "hi").unwrap();
        fs::write(files.join("tree/sub/b"), "b").unwrap();
        fs::write(files.join("tree/a"), "a").unwrap();
        symlink("../hello", files.join("tree/inside")).unwrap();
        symlink("../secret", files.join("out")).unwrap();
        symlink("/etc", files.join("etc")).unwrap();
        (dir, Folder::new(files))
    }

    fn error(read: Result<Vec<u8>, FilesError>) -> String {
        read.unwrap_err().to_string()
    }

    #[test]
    fn files_are_read_beneath_and_nowhere_else() {
        let (dir, folder) = folder();
        assert_eq!(folder.read("hello").unwrap(), b"hi");
        assert_eq!(folder.read("/tree/../hello").unwrap(), b"hi");
        assert_eq!(folder.read("tree/inside").unwrap(), b"hi");
        assert!(matches!(folder.read("../secret"), Err(FilesError::Outside)));
        assert!(matches!(folder.read("out"), Err(FilesError::LinkOutside(_))));
        assert!(matches!(folder.read("etc/hostname"), Err(FilesError::LinkOutside(_))));
        let at = dir.path().join("files");
        assert_eq!(error(folder.read("none")), format!("open {}/none: no such file or directory", at.display()));
        assert_eq!(error(folder.read("")), format!("read {}: is a directory", at.display()));
    }

    #[test]
    fn a_kernel_without_openat2_refuses_the_same() {
        let (_dir, folder) = folder();
        let open = |path| open_compared(&folder.dir, path, OFlag::O_RDONLY).err();
        assert_eq!(open("tree/inside"), None);
        assert_eq!(open("out"), Some(Errno::EXDEV));
        assert_eq!(open("none"), Some(Errno::ENOENT));
    }

    #[test]
    fn a_pipe_is_not_waited_for() {
        let (dir, folder) = folder();
        nix::unistd::mkfifo(&dir.path().join("files/pipe"), Mode::S_IRWXU).unwrap();
        assert!(matches!(folder.read("pipe"), Err(FilesError::NotAFile(_))));
    }

    #[test]
    fn a_folder_is_walked_in_order_and_links_are_kept() {
        let (_dir, folder) = folder();
        let walked = folder.walk("tree").unwrap();
        let paths: Vec<&str> = walked.iter().map(|entry| entry.path.as_str()).collect();
        assert_eq!(paths, ["", "a", "inside", "sub", "sub/b"]);
        assert_eq!(walked[2].kind, TreeKind::Link { target: "../hello".to_owned() });
        assert!(matches!(folder.walk("hello"), Err(FilesError::NotADirectory)));
        assert!(matches!(folder.walk("etc"), Err(FilesError::LinkOutside(_))));
    }
}
