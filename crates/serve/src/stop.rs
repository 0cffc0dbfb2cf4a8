//! One handle that ends all servers, and to which their threads show that they are alive.

use crate::pulse::{Pulse, Pulses};
use nix::sys::eventfd::{EfdFlags, EventFd};
use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// How long what is under way may take to finish once the servers were stopped.
pub const LAST_CALL: Duration = Duration::from_secs(30);

/// A stop handle: clones share one state. A server that sleeps in `poll` or `epoll` adds its file descriptor, which
/// becomes readable, and stays so, once [`Stop::stop`] was called.
#[derive(Clone, Debug)]
pub struct Stop {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    stopped: AtomicBool,
    event: EventFd,
    pulses: Pulses,
}

impl Stop {
    /// A handle that nobody has stopped yet.
    ///
    /// # Errors
    /// No file descriptor is left.
    pub fn new() -> io::Result<Self> {
        let event = EventFd::from_value_and_flags(0, EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?;
        Ok(Stop { shared: Arc::new(Shared { stopped: AtomicBool::new(false), event, pulses: Pulses::default() }) })
    }

    /// Tells every server to end. Returns at once; joining their threads waits for them.
    pub fn stop(&self) {
        // One write is enough: nobody reads the event, so it stays readable. A second one could not add anything.
        if !self.shared.stopped.swap(true, Ordering::SeqCst) {
            let _ = self.shared.event.write(1);
        }
    }

    /// A pulse for a thread that serves, under the name by which it is complained of. Once it has one it must beat, at
    /// least every [`crate::BEAT`] or little later, until the stop.
    pub fn pulse(&self, name: &str) -> Pulse {
        self.shared.pulses.add(name)
    }

    /// The threads that have shown no sign of life for this long.
    pub fn silent_for(&self, limit: Duration) -> Vec<String> {
        self.shared.pulses.silent_for(limit)
    }

    /// True after [`Stop::stop`].
    pub fn is_stopped(&self) -> bool {
        self.shared.stopped.load(Ordering::SeqCst)
    }

    /// Sleeps until [`Stop::stop`], at most `limit`. True when it was stopped.
    pub fn wait(&self, limit: Duration) -> bool {
        use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
        let limit = PollTimeout::try_from(limit).unwrap_or(PollTimeout::MAX);
        let _ = poll(&mut [PollFd::new(self.as_fd(), PollFlags::POLLIN)], limit);
        self.is_stopped()
    }
}

impl AsFd for Stop {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.shared.event.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_clone_wakes_and_stays_awake() {
        let stop = Stop::new().unwrap();
        let clone = stop.clone();
        assert!(!clone.wait(Duration::ZERO));
        let sleeper = std::thread::spawn(move || clone.wait(Duration::from_secs(10)));
        stop.stop();
        stop.stop();
        assert!(sleeper.join().unwrap() && stop.wait(Duration::from_secs(10)) && stop.is_stopped());
    }
}
