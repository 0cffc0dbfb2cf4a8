//! A clock that somebody sets: leases are kept by the wall clock, clients count seconds.

use nix::time::{ClockId, clock_gettime};

/// Seconds by which the two clocks may part without anybody having set one.
const LEAST: i64 = 30;

/// Notices when the wall clock was set.
#[derive(Debug)]
pub(super) struct Clock {
    /// What the wall clock says beyond the seconds since the computer started.
    offset: i64,
}

impl Clock {
    pub(super) fn new() -> Clock {
        Clock { offset: offset() }
    }

    /// By how many seconds the wall clock was set since the last call, where it was.
    pub(super) fn was_set(&mut self) -> Option<i64> {
        self.moved_to(offset())
    }

    fn moved_to(&mut self, offset: i64) -> Option<i64> {
        let by = offset.saturating_sub(self.offset);
        (by.saturating_abs() >= LEAST).then(|| {
            self.offset = offset;
            by
        })
    }
}

/// Time in sleep counts too: clients do not sleep with us.
fn offset() -> i64 {
    let seconds = |clock| clock_gettime(clock).map_or(0, |time| time.tv_sec());
    seconds(ClockId::CLOCK_REALTIME).saturating_sub(seconds(ClockId::CLOCK_BOOTTIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_is_noticed_once() {
        let mut clock = Clock { offset: 1000 };
        assert_eq!(clock.moved_to(1029), None);
        assert_eq!(clock.moved_to(500_001_000), Some(500_000_000));
        assert_eq!(clock.moved_to(500_001_000), None);
        assert_eq!(clock.moved_to(0), Some(-500_001_000));
        assert_eq!(Clock::new().was_set(), None);
    }
}
