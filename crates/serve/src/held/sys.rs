//! The system call without a safe wrapper that fits: a file descriptor known by its number.
#![allow(unsafe_code)]

use nix::libc;
use std::{
    io,
    os::fd::{BorrowedFd, OwnedFd},
};

/// A file descriptor that this process was started with, as our own. It stays open under its number too, whoever may
/// have it, but not in processes that we start.
pub(super) fn passed(fd: i32) -> io::Result<OwnedFd> {
    // SAFETY: a number that is no open descriptor changes nothing and is an error.
    if unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) } == -1 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it is open, as was just seen, and only borrowed until it is duplicated.
    unsafe { BorrowedFd::borrow_raw(fd) }.try_clone_to_owned()
}
