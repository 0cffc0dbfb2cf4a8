//! What the phases share.

use crate::{arguments::Arguments, dhcp::Lease, interface::Interface, signals::Signals};
use std::time::{Duration, Instant};

/// The machine as the phases have it so far.
pub(crate) struct Node {
    /// The kernel's arguments; empty until /proc is mounted.
    pub(crate) arguments: Arguments,
    /// The signals that PID 1 acts on.
    pub(crate) signals: Signals,
    /// The interface and the lease on it, once there is one.
    pub(crate) online: Option<Online>,
}

/// An interface with a lease.
pub(crate) struct Online {
    pub(crate) interface: Interface,
    pub(crate) lease: Lease,
    /// When the lease began.
    pub(crate) since: Instant,
    /// When it is to be renewed.
    pub(crate) due: Instant,
}

impl Online {
    /// From now on, with a lease that is to be renewed in its middle.
    pub(crate) fn new(interface: Interface, lease: Lease) -> Self {
        let since = Instant::now();
        Online { due: since + lease.duration / 2, since, interface, lease }
    }
}

impl Node {
    pub(crate) fn new() -> Self {
        Node { arguments: Arguments::default(), signals: Signals::take(), online: None }
    }
}

/// Growing pauses between attempts: each twice the one before, up to a limit.
pub(crate) struct BackOff {
    next: Duration,
    limit: Duration,
}

impl BackOff {
    pub(crate) fn new(first: Duration, limit: Duration) -> Self {
        BackOff { next: first, limit }
    }
}

impl Iterator for BackOff {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let pause = self.next;
        self.next = pause.saturating_mul(2).min(self.limit);
        Some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_their_limit() {
        let seconds = |s| Duration::from_secs(s);
        let pauses: Vec<_> = BackOff::new(seconds(1), seconds(5)).take(5).collect();
        assert_eq!(pauses, [1, 2, 4, 5, 5].map(seconds));
    }
}
