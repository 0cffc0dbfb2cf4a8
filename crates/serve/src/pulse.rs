//! Whether the servers' threads are alive: each shows it by a beat, at least every [`BEAT`], from the very loop in which
//! it serves. A thread that hangs, has panicked or has ended shows none.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// How long a thread that has nothing to do may sleep before its next beat.
pub const BEAT: Duration = Duration::from_secs(2);

/// The pulses of all threads of a server. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Pulses {
    epoch: Instant,
    all: Arc<Mutex<Vec<Pulse>>>,
}

/// One thread's pulse.
#[derive(Clone, Debug)]
pub struct Pulse {
    name: Arc<str>,
    epoch: Instant,
    /// Milliseconds since the epoch.
    last: Arc<AtomicU64>,
}

impl Default for Pulses {
    fn default() -> Self {
        Pulses { epoch: Instant::now(), all: Arc::default() }
    }
}

impl Pulses {
    pub(crate) fn add(&self, name: &str) -> Pulse {
        let pulse = Pulse { name: name.into(), epoch: self.epoch, last: Arc::default() };
        pulse.beat();
        self.all.lock().unwrap_or_else(PoisonError::into_inner).push(pulse.clone());
        pulse
    }

    /// Who has shown no beat for this long.
    pub(crate) fn silent_for(&self, limit: Duration) -> Vec<String> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter(|pulse| pulse.age() >= limit).map(|pulse| pulse.name.to_string()).collect()
    }
}

impl Pulse {
    /// Shows that the thread is alive.
    pub fn beat(&self) {
        self.last.store(self.now(), Ordering::Relaxed);
    }

    fn now(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn age(&self) -> Duration {
        Duration::from_millis(self.now().saturating_sub(self.last.load(Ordering::Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_silent_is_named_until_it_beats_again() {
        let pulses = Pulses::default();
        let (one, _other) = (pulses.add("dhcp"), pulses.add("tftp"));
        std::thread::sleep(Duration::from_millis(30));
        one.beat();
        assert_eq!(pulses.silent_for(Duration::from_millis(20)), ["tftp"]);
        assert!(pulses.silent_for(Duration::from_secs(10)).is_empty());
    }
}
