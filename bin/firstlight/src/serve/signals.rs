//! The signals that a server hears: SIGHUP, read the site anew; SIGINT and SIGTERM, end.

use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        signal::{SigSet, Signal},
        signalfd::{SfdFlags, SignalFd},
    },
};
use std::{io, os::fd::AsFd, time::Duration};

/// What somebody wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    Reload,
    End,
}

/// The signals, blocked for this thread and for those that it starts from now on, and heard here instead.
pub(super) struct Signals(SignalFd);

impl Signals {
    /// Takes the signals. Before any thread is started: one that does not block them would take them away.
    ///
    /// # Errors
    /// No file descriptor is left.
    pub(super) fn take() -> io::Result<Signals> {
        let set: SigSet = [Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM].into_iter().collect();
        set.thread_block()?;
        Ok(Signals(SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?))
    }

    /// The next one within this time; waits for ever where there is no limit.
    pub(super) fn next(&self, limit: Option<Duration>) -> Option<Heard> {
        let limit = limit.map_or(PollTimeout::NONE, |limit| PollTimeout::try_from(limit).unwrap_or(PollTimeout::MAX));
        let _ = poll(&mut [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)], limit);
        let info = self.0.read_signal().ok()??;
        let hangup = info.ssi_signo == Signal::SIGHUP as u32;
        Some(if hangup { Heard::Reload } else { Heard::End })
    }
}
