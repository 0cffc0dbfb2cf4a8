//! The clock: leases, timelines and certificates need it to be about right, and never to go back.

use crate::{Finding, Known};
use firstlight_model::Timestamp;
use std::time::Duration;

const CHECK: &str = "clock";
/// The start of 2026: no clock that is right is before it.
const EARLIEST: Timestamp = Timestamp(1_767_225_600_000);
/// What a record may be ahead of the clock.
const SLACK: Duration = Duration::from_secs(5);

pub(crate) fn check(known: &Known) -> Vec<Finding> {
    let next = "set the clock: timedatectl set-ntp true, or chronyd -q";
    if known.now < EARLIEST {
        return vec![Finding::error(CHECK, format!("the clock says {}: that is past", known.now), next)];
    }
    let ahead = known.last_recorded.map(|last| last.since(known.now)).filter(|ahead| *ahead > SLACK);
    if let Some(ahead) = ahead {
        let text = format!(
            "the clock went back: the last event was recorded {} s in the future; leases end later than clients were told",
            ahead.as_secs()
        );
        return vec![Finding::error(CHECK, text, next)];
    }
    match is_synchronised() {
        Some(false) => vec![Finding::warning(CHECK, "the clock is not synchronised (NTP)", next)],
        Some(true) => vec![Finding::fine(CHECK, "the clock is synchronised")],
        None => Vec::new(),
    }
}

/// What the kernel knows of it (adjtimex(2)); `None` where it does not say.
#[allow(unsafe_code)]
fn is_synchronised() -> Option<bool> {
    // SAFETY: all zeros is a valid timex, and with `modes` at zero adjtimex only reads the clock and fills it in.
    let state = unsafe {
        let mut timex: libc::timex = std::mem::zeroed();
        libc::adjtimex(&mut timex)
    };
    (state >= 0).then_some(state != libc::TIME_ERROR)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Level;

    #[test]
    fn a_clock_in_the_past_and_one_that_went_back_are_errors() {
        let known = |now: u64, last: Option<u64>| Known {
            now: Timestamp(now),
            last_recorded: last.map(Timestamp),
            ..Known::default()
        };
        let level = |known: &Known| check(known).first().map_or(Level::Fine, |finding| finding.level);
        assert_eq!(level(&known(1000, None)), Level::Error);
        let now = EARLIEST.0 + 1_000_000;
        assert_eq!(level(&known(now, Some(now + 60_000))), Level::Error);
        assert_ne!(level(&known(now, Some(now - 60_000))), Level::Error);
    }
}
