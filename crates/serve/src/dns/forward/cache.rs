//! Answers that may be given again. Two halves: what is asked for lives in the young one; when that is full it becomes
//! the old one, and what was not asked for since is gone. So memory is bounded, by [`HALF`] and [`BYTES`] at some 8 MB in
//! all, and nothing is ever searched.

use super::{Key, Stored};
use std::{collections::HashMap, sync::Arc, time::Instant};

/// Answers in each half.
const HALF: usize = 5_000;

/// Bytes of the answers in each half.
const BYTES: usize = 2 << 20;

/// Bytes of an answer that is kept.
const LONGEST: usize = 4096;

#[derive(Debug, Default)]
pub(super) struct Cache {
    young: HashMap<Key, Arc<Stored>>,
    old: HashMap<Key, Arc<Stored>>,
    /// Of the young ones' answers and names. What is put again counts again: a half is full sooner then, never later.
    bytes: usize,
}

impl Cache {
    /// What is known and has not run out.
    pub(super) fn get(&mut self, key: &Key, now: Instant) -> Option<Arc<Stored>> {
        if let Some(stored) = self.young.get(key) {
            return Some(stored.clone()).filter(|stored| stored.is_fresh(now));
        }
        let stored = self.old.remove(key).filter(|stored| stored.is_fresh(now))?;
        self.put(key.clone(), stored.clone());
        Some(stored)
    }

    pub(super) fn put(&mut self, key: Key, stored: Arc<Stored>) {
        if stored.lifetime() == 0 || stored.len() > LONGEST {
            return;
        }
        let bytes = stored.len() + key.name.len();
        if self.young.len() >= HALF || self.bytes + bytes > BYTES {
            self.old = std::mem::take(&mut self.young);
            self.bytes = 0;
        }
        self.bytes += bytes;
        self.young.insert(key, stored);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn key(n: usize) -> Key {
        let name = n.to_be_bytes().into();
        Key { name, rtype: 1, dnssec_ok: false, checking_disabled: false }
    }

    #[test]
    fn it_is_bounded_and_keeps_what_is_asked_for() {
        let (mut cache, stored) = (Cache::default(), Arc::new(Stored::empty(60)));
        for n in 0..10 * HALF {
            cache.put(key(n), stored.clone());
            assert!(cache.get(&key(0), Instant::now()).is_some());
        }
        assert!(cache.young.len() + cache.old.len() <= 2 * HALF);
        assert!(cache.get(&key(1), Instant::now()).is_none());
        assert!(cache.get(&key(0), Instant::now() + Duration::from_secs(60)).is_none(), "it has run out");
    }

    #[test]
    fn long_answers_are_bounded_by_their_bytes() {
        let (mut cache, stored) = (Cache::default(), Arc::new(Stored::long(60, LONGEST)));
        for n in 0..2 * HALF {
            cache.put(key(n), stored.clone());
            let kept: usize = cache.young.values().chain(cache.old.values()).map(|stored| stored.len()).sum();
            assert!(kept <= 2 * BYTES, "{kept}");
        }
        assert!(cache.young.len() + cache.old.len() > 500);
    }

    #[test]
    fn what_may_not_be_kept_is_not() {
        let mut cache = Cache::default();
        cache.put(key(1), Arc::new(Stored::empty(0)));
        assert!(cache.get(&key(1), Instant::now()).is_none());
    }
}
