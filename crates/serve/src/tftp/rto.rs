//! How long to wait for an acknowledgement before sending again (after RFC 6298): measured, and doubled for each wait
//! in vain. No clock here.

use std::time::Duration;

/// Before anything was measured. On a local network an answer takes a millisecond; firmware that is slower than this
/// gets a block twice, which it must stand.
pub(super) const FIRST: Duration = Duration::from_millis(250);
/// The same for granted options, which not every client stands twice: atftp 0.7 and 0.8 give up ("unexpected OACK").
pub(super) const FIRST_OF_OPTIONS: Duration = Duration::from_secs(1);
/// Less would only repeat what a busy client was about to acknowledge.
const SHORTEST: Duration = Duration::from_millis(20);
/// The bounds of a [`Rto::moment`].
const SHORTEST_MOMENT: Duration = Duration::from_millis(2);
pub(super) const LONGEST_MOMENT: Duration = Duration::from_millis(50);
/// How far waiting in vain can stretch it: longer than any client's own wait. atftp 0.8 answers a repeated block once,
/// ignores it from then on, and begins its 5 seconds anew with each packet; only silence brings it to ask again.
pub(super) const LONGEST: Duration = Duration::from_millis(5500);
/// After this many waits in vain more of the same will not help, and [`LONGEST`] follows at once.
const HOPELESS: u32 = 6;

/// The wait, estimated from measured answers.
#[derive(Debug)]
pub(super) struct Rto {
    first: Duration,
    smoothed: Option<Duration>,
    variation: Duration,
    doubled: u32,
    longest: Duration,
}

impl Rto {
    /// Nothing measured yet: `first` until then; never over `longest`.
    pub(super) fn new(first: Duration, longest: Duration) -> Self {
        Rto { first, smoothed: None, variation: Duration::ZERO, doubled: 0, longest: longest.min(LONGEST) }
    }

    /// The wait now.
    pub(super) fn wait(&self) -> Duration {
        let doubled = self.undoubled() * (1 << self.doubled);
        if self.doubled < HOPELESS { doubled.min(self.longest) } else { self.longest }
    }

    /// The wait, were it the first one.
    pub(super) fn undoubled(&self) -> Duration {
        self.smoothed.map_or(self.first, |smoothed| (smoothed + self.variation * 4).max(SHORTEST)).min(self.longest)
    }

    /// Long enough for an answer that is on its way, no longer: what follows costs few packets. Where links take longer
    /// than [`LONGEST_MOMENT`], it is sent for each window.
    pub(super) fn moment(&self) -> Duration {
        let measured = self.smoothed.map_or(LONGEST_MOMENT, |smoothed| (smoothed + self.variation) * 2);
        measured.clamp(SHORTEST_MOMENT, LONGEST_MOMENT)
    }

    /// An answer came after this long. Only for what was sent once: else nobody knows which sending it answers.
    pub(super) fn measured(&mut self, sample: Duration) {
        self.doubled = 0;
        let smoothed = self.smoothed.unwrap_or(sample);
        self.variation = match self.smoothed {
            None => sample / 2,
            Some(_) => (self.variation * 3 + smoothed.abs_diff(sample)) / 4,
        };
        self.smoothed = Some((smoothed * 7 + sample) / 8);
    }

    /// Something new was acknowledged, though it measures nothing: perhaps the wait was too short, so it shrinks again
    /// only step by step.
    pub(super) fn progressed(&mut self) {
        self.doubled = self.doubled.saturating_sub(1);
    }

    /// A wait was in vain.
    pub(super) fn expired(&mut self) {
        self.doubled = (self.doubled + 1).min(HOPELESS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn it_follows_the_link_and_backs_off() {
        let mut rto = Rto::new(FIRST, LONGEST);
        assert_eq!(rto.wait(), FIRST);
        for _ in 0..50 {
            rto.measured(100 * MS);
        }
        assert!((100 * MS..110 * MS).contains(&rto.wait()), "{:?}", rto.wait());
        let settled = rto.wait();
        rto.expired();
        assert_eq!(rto.wait(), settled * 2);
        (0..20).for_each(|_| rto.expired());
        assert_eq!(rto.wait(), LONGEST);
        (0..5).for_each(|_| rto.progressed());
        assert_eq!(rto.wait(), settled * 2);
        rto.measured(100 * MS);
        assert!(rto.wait() <= settled, "an answer ends the doubling");
    }

    #[test]
    fn a_fast_link_keeps_the_floor_and_a_client_may_ask_for_less() {
        let mut rto = Rto::new(FIRST, LONGEST);
        rto.measured(MS / 10);
        assert_eq!(rto.wait(), SHORTEST);
        let mut impatient = Rto::new(FIRST, Duration::from_secs(1));
        (0..9).for_each(|_| impatient.expired());
        assert_eq!(impatient.wait(), Duration::from_secs(1));
    }
}
