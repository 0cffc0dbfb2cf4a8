//! Who may come in: connections are counted, all together and for each client address. Whoever comes beyond that is
//! told so, and closed. Shared by all networks. That it happened is recorded, at most once a minute: a flood must not
//! fill the record with itself.

use super::limits::Limits;
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// How often it is recorded that clients were turned away.
const SAY_EVERY: Duration = Duration::from_secs(60);

/// Where connections are counted.
#[derive(Debug)]
pub(super) struct Door {
    limits: Limits,
    /// Connections of all; changed only while `inside` is locked.
    all: AtomicUsize,
    inside: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    by_address: HashMap<IpAddr, usize>,
    turned_away: u64,
    said: Option<Instant>,
}

/// A place for one connection, free again when dropped.
#[derive(Debug)]
pub(super) struct Place {
    door: Arc<Door>,
    address: IpAddr,
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Full {
    #[error("this address has too many connections")]
    OfOne,
    #[error("there are too many connections")]
    OfAll,
}

/// Somebody was turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TurnedAway {
    pub(super) why: Full,
    /// How many were, where it is time to say so.
    pub(super) count: Option<u64>,
}

impl Door {
    pub(super) fn new(limits: Limits) -> Door {
        Door { limits, all: AtomicUsize::new(0), inside: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a connection in, or says why not.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Result<Place, TurnedAway> {
        let mut inside = self.lock();
        let here = inside.by_address.get(&address).copied().unwrap_or(0);
        let why = if here >= self.limits.of_one {
            Full::OfOne
        } else if self.all.load(Ordering::Relaxed) >= self.limits.connections {
            Full::OfAll
        } else {
            self.all.fetch_add(1, Ordering::Relaxed);
            inside.by_address.insert(address, here + 1);
            return Ok(Place { door: self.clone(), address });
        };
        Err(TurnedAway { why, count: inside.turn_away(Instant::now()) })
    }

    fn is_crowded(&self) -> bool {
        self.all.load(Ordering::Relaxed) > self.limits.connections / 4 * 3
    }
}

impl Place {
    /// True when places are becoming rare: connections are closed after a response rather than kept.
    pub(super) fn is_rare(&self) -> bool {
        self.door.is_crowded()
    }
}

impl Inside {
    /// Counts one. The count, when it is time to say it.
    fn turn_away(&mut self, now: Instant) -> Option<u64> {
        self.turned_away += 1;
        if self.said.is_some_and(|said| now.duration_since(said) < SAY_EVERY) {
            return None;
        }
        self.said = Some(now);
        Some(std::mem::take(&mut self.turned_away))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inside = self.door.lock();
        self.door.all.fetch_sub(1, Ordering::Relaxed);
        if let Some(here) = inside.by_address.get_mut(&self.address) {
            *here = here.saturating_sub(1);
            if *here == 0 {
                inside.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(n: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, n])
    }

    #[test]
    fn one_address_does_not_take_the_places_of_others() {
        let door = Arc::new(Door::new(Limits { connections: 4, of_one: 2, ..Limits::default() }));
        let greedy: Vec<_> = (0..10).map(|_| door.enter(address(1))).collect();
        assert_eq!(greedy.iter().filter(|place| place.is_ok()).count(), 2);
        assert!(greedy.iter().skip(2).all(|place| matches!(place, Err(TurnedAway { why: Full::OfOne, .. }))));
        let (two, three) = (door.enter(address(2)), door.enter(address(3)));
        assert!(two.is_ok() && three.is_ok() && door.is_crowded());
        assert!(matches!(door.enter(address(4)), Err(TurnedAway { why: Full::OfAll, .. })));
        drop((greedy, two, three));
        assert!(door.enter(address(1)).is_ok() && !door.is_crowded());
        assert!(door.lock().by_address.is_empty(), "nothing is kept of those who left");
    }

    #[test]
    fn it_is_said_once_a_minute_how_many() {
        let (mut inside, now) = (Inside::default(), Instant::now());
        assert_eq!(inside.turn_away(now), Some(1));
        assert_eq!(inside.turn_away(now + Duration::from_secs(59)), None);
        assert_eq!(inside.turn_away(now + Duration::from_secs(61)), Some(2));
    }
}
