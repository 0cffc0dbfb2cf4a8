//! The one system call that must be made by a child itself, between fork and exec.
#![allow(unsafe_code)]

use nix::{
    errno::Errno,
    sys::{
        prctl::set_pdeathsig,
        signal::{SigSet, Signal},
    },
    unistd::{Pid, getppid},
};
use std::{os::unix::process::CommandExt, process::Command};

/// The kernel kills the child when the thread that starts it ends, whatever the reason. The signals that the supervisor
/// blocks for itself are not blocked for the child.
pub(super) fn to_this_thread(command: &mut Command) {
    let parent = Pid::this();
    let none = SigSet::empty();
    let hook = move || {
        none.thread_set_mask()?;
        set_pdeathsig(Signal::SIGKILL)?;
        // The parent may have died before this was set.
        if getppid() == parent { Ok(()) } else { Err(Errno::ESRCH.into()) }
    };
    // SAFETY: between fork and exec only what is async-signal-safe may run. The hook makes three system calls,
    // rt_sigprocmask(2), prctl(2) and getppid(2); none of them, and no `io::Error` made from an errno, allocates or
    // takes a lock.
    unsafe { command.pre_exec(hook) };
}
