//! Signals, and with them every pause that PID 1 makes: it never sleeps without hearing them.
//!
//! SIGTERM powers the machine off. SIGINT, which the kernel sends for Ctrl-Alt-Del, starts it again. Ended children
//! are reaped.

use crate::console::say;
use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        reboot::{RebootMode, reboot, set_cad_enabled},
        signal::{SigSet, Signal},
        signalfd::{SfdFlags, SignalFd},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::{Pid, sync},
};
use std::{
    os::fd::AsFd,
    time::{Duration, Instant},
};

/// The signals that PID 1 hears. Without a descriptor, where the kernel refused one, pauses are only pauses.
pub(crate) struct Signals {
    descriptor: Option<SignalFd>,
}

impl Signals {
    /// From now on these signals wait for [`Signals::pause`].
    pub(crate) fn take() -> Self {
        let set: SigSet = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGCHLD].into_iter().collect();
        if std::process::id() == 1 {
            let _ = set_cad_enabled(false);
        }
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        let descriptor = set.thread_block().and_then(|()| SignalFd::with_flags(&set, flags));
        Signals { descriptor: descriptor.inspect_err(|cause| say(format_args!("no signals: {cause}"))).ok() }
    }

    /// Waits this long, or for ever, and obeys what comes meanwhile.
    pub(crate) fn pause(&self, how_long: Option<Duration>) {
        let end = how_long.map(|duration| Instant::now() + duration);
        loop {
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                return;
            }
            match &self.descriptor {
                Some(descriptor) => wait_and_obey(descriptor, left),
                None => std::thread::sleep(left.unwrap_or(Duration::from_secs(3600))),
            }
        }
    }
}

fn wait_and_obey(descriptor: &SignalFd, left: Option<Duration>) {
    let timeout = left.map_or(PollTimeout::NONE, |left| {
        // Rounded up, so that the last millisecond is not spent spinning.
        PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX)
    });
    let mut polled = [PollFd::new(descriptor.as_fd(), PollFlags::POLLIN)];
    if !matches!(poll(&mut polled, timeout), Ok(1..)) {
        return;
    }
    while let Ok(Some(signal)) = descriptor.read_signal() {
        match i32::try_from(signal.ssi_signo).map(Signal::try_from) {
            Ok(Ok(Signal::SIGTERM)) => leave(RebootMode::RB_POWER_OFF),
            Ok(Ok(Signal::SIGINT)) => leave(RebootMode::RB_AUTOBOOT),
            _ => reap(),
        }
    }
}

fn reap() {
    loop {
        match waitpid(Pid::from_raw(-1), Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) | Err(Errno::ECHILD) => return,
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return,
        }
    }
}

/// Powers off or starts again. Comes back only where the kernel refuses.
pub(crate) fn leave(how: RebootMode) {
    say(if how == RebootMode::RB_POWER_OFF { "powering off" } else { "starting again" });
    sync();
    let Err(cause) = reboot(how);
    say(format_args!("the kernel refuses: {cause}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_lasts_as_long_as_it_should_while_children_are_reaped() {
        // On a thread of its own: the mask is the thread's, and the child's end is sent to the process.
        std::thread::spawn(|| {
            let signals = Signals::take();
            let child = std::process::Command::new("true").spawn().unwrap();
            let begin = Instant::now();
            signals.pause(Some(Duration::from_millis(300)));
            let lasted = begin.elapsed();
            assert!((300..2000).contains(&lasted.as_millis()), "{lasted:?}");
            drop(child);
        })
        .join()
        .unwrap();
    }
}
