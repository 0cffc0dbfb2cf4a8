//! The signals that a supervisor acts on, as something to wait for. They are blocked for the thread that starts the
//! lab, and so for all threads that it makes later.

use crate::{Result, error::system};
use nix::sys::{
    signal::{SigSet, Signal},
    signalfd::{SfdFlags, SignalFd},
};

pub(crate) struct Signals {
    descriptor: SignalFd,
    before: SigSet,
}

impl Signals {
    pub(crate) fn take() -> Result<Self> {
        let set: SigSet = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGCHLD].into_iter().collect();
        let before = SigSet::thread_get_mask().map_err(system("cannot read the signal mask"))?;
        set.thread_block().map_err(system("cannot block signals"))?;
        let descriptor = SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)
            .map_err(system("cannot wait for signals"))?;
        Ok(Signals { descriptor, before })
    }

    pub(crate) fn descriptor(&self) -> &SignalFd {
        &self.descriptor
    }

    /// The signal that asks for the end, if one has come. That a child has ended is only a reason to wake up.
    pub(crate) fn asked_to_end(&self) -> Option<Signal> {
        let mut asked = None;
        while let Ok(Some(signal)) = self.descriptor.read_signal() {
            let signal = i32::try_from(signal.ssi_signo).ok().and_then(|number| Signal::try_from(number).ok());
            asked = asked.or(signal.filter(|signal| *signal != Signal::SIGCHLD));
        }
        asked
    }
}

impl Drop for Signals {
    /// A second Ctrl-C, pressed while the lab came down, has done its work: it does not end the process afterwards.
    fn drop(&mut self) {
        let _ = self.asked_to_end();
        let _ = self.before.thread_set_mask();
    }
}
