//! Gives a folder to another user, with what root owns in it.
//!
//! What is in the folder may have been put there by that user, to be given something that it must not have: links are
//! not followed, and a file that has another name elsewhere stays root's.

use nix::unistd::{Gid, Uid};
use rustix::{
    fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, chownat, fstat, openat},
    io,
};
use std::{os::fd::OwnedFd, path::Path};

/// No state folder is deeper.
const DEEPEST: u32 = 8;

/// Hands the folder over, where it is root's, and everything of root's in it.
///
/// # Errors
/// The system refused.
pub(super) fn hand_over(folder: &Path, user: Uid, group: Gid) -> std::io::Result<()> {
    let owner =
        Owner { user: rustix::fs::Uid::from_raw(user.as_raw()), group: rustix::fs::Gid::from_raw(group.as_raw()) };
    let opened = openat(CWD, folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    Ok(owner.give(&opened, DEEPEST)?)
}

struct Owner {
    user: rustix::fs::Uid,
    group: rustix::fs::Gid,
}

impl Owner {
    /// `entry` is opened by its path only: what is looked at is what is handed over, whatever its name is now.
    fn give(&self, entry: &OwnedFd, deeper: u32) -> io::Result<()> {
        let found = fstat(entry)?;
        if found.st_uid == 0 && may_be_given(&found) {
            chownat(entry, c"", Some(self.user), Some(self.group), AtFlags::EMPTY_PATH)?;
        }
        if FileType::from_raw_mode(found.st_mode) != FileType::Directory || deeper == 0 {
            return Ok(());
        }
        let folder = openat(entry, c".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        for inside in Dir::read_from(&folder)? {
            let inside = inside?;
            if !matches!(inside.file_name().to_bytes(), b"." | b"..") {
                let how = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                self.give(&openat(&folder, inside.file_name(), how, Mode::empty())?, deeper - 1)?;
            }
        }
        Ok(())
    }
}

fn may_be_given(found: &Stat) -> bool {
    match FileType::from_raw_mode(found.st_mode) {
        FileType::Directory => true,
        FileType::RegularFile | FileType::Socket => found.st_nlink == 1,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        fs,
        os::unix::fs::{MetadataExt, symlink},
    };

    #[test]
    fn nothing_outside_goes_with_the_folder() {
        if !nix::unistd::geteuid().is_root() {
            return;
        }
        let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (inside, outside) = (folder.path(), outside.path());
        fs::create_dir(inside.join("leases")).unwrap();
        fs::write(inside.join("leases/1.log"), "mine").unwrap();
        fs::write(outside.join("shadow"), "secret").unwrap();
        symlink(outside.join("shadow"), inside.join("link")).unwrap();
        symlink(outside, inside.join("folder")).unwrap();
        fs::hard_link(outside.join("shadow"), inside.join("hard")).unwrap();
        hand_over(inside, Uid::from_raw(65534), Gid::from_raw(65534)).unwrap();
        let owner = |path: &Path| fs::symlink_metadata(path).unwrap().uid();
        assert_eq!(["", "leases", "leases/1.log"].map(|name| owner(&inside.join(name))), [65534; 3]);
        assert_eq!((owner(outside), owner(&outside.join("shadow"))), (0, 0));
    }
}
