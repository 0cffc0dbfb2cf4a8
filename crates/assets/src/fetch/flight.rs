//! Fetches that are under way in this process: who wants the same object waits for it instead of fetching it again.

use crate::{Error, Progress, Step, Told};
use firstlight_boot::Content;
use std::{
    collections::HashMap,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// How often who waits is told how far it is.
const EVERY: Duration = Duration::from_millis(250);

#[derive(Debug, Default)]
pub(super) struct Flights(Mutex<HashMap<String, Arc<Flight>>>);

#[derive(Debug, Default)]
struct Flight {
    state: Mutex<State>,
    landed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    done: u64,
    total: Option<u64>,
    result: Option<Result<Content, Error>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends a flight also where its thread panics: nobody waits for ever.
struct Landing<'f> {
    flights: &'f Flights,
    key: &'f str,
    flight: Arc<Flight>,
    result: Option<Result<Content, Error>>,
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        lock(&self.flights.0).remove(self.key);
        let broken = || Err(Error::of(self.key)(std::io::Error::other("the fetch ended unexpectedly")));
        lock(&self.flight.state).result = Some(self.result.take().unwrap_or_else(broken));
        self.flight.landed.notify_all();
    }
}

impl Flights {
    /// Fetches the object `key` with `fetch`, or waits for who does it already. The error is the same for all of them.
    pub(super) fn join(
        &self,
        key: &str,
        name: &str,
        told: Told<'_>,
        fetch: impl FnOnce(Told<'_>) -> Result<Content, Error>,
    ) -> Result<Content, Error> {
        let (flight, is_new) = {
            let mut flights = lock(&self.0);
            match flights.get(key) {
                Some(flight) => (flight.clone(), false),
                None => (flights.entry(key.to_owned()).or_default().clone(), true),
            }
        };
        if !is_new {
            return flight.wait(name, told);
        }
        let mut landing = Landing { flights: self, key, flight: flight.clone(), result: None };
        let result = fetch(&|progress| {
            if let Step::Bytes { done, total } = progress.step {
                let mut state = lock(&flight.state);
                (state.done, state.total) = (done, total);
            }
            told(progress);
        });
        landing.result = Some(result.clone());
        result
    }
}

impl Flight {
    fn wait(&self, name: &str, told: Told<'_>) -> Result<Content, Error> {
        let mut state = lock(&self.state);
        loop {
            if let Some(result) = &state.result {
                return result.clone();
            }
            let step = Step::Bytes { done: state.done, total: state.total };
            drop(state);
            told(Progress { name, step });
            state = lock(&self.state);
            if state.result.is_none() {
                state = self.landed.wait_timeout(state, EVERY).unwrap_or_else(PoisonError::into_inner).0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn many_who_want_the_same_cost_one_fetch() {
        let (flights, fetched) = (Flights::default(), AtomicU32::new(0));
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let wait = Mutex::new(wait);
        std::thread::scope(|scope| {
            let one = || {
                flights.join("key", "kernel", &|_| {}, |_| {
                    fetched.fetch_add(1, Ordering::SeqCst);
                    let _ = lock(&wait).recv();
                    Ok(Content::Bytes(b"hello".as_slice().into()))
                })
            };
            let all: Vec<_> = (0..20).map(|_| scope.spawn(one)).collect();
            while fetched.load(Ordering::SeqCst) == 0 {
                std::thread::yield_now();
            }
            // The others are waiting, or come to a flight that has ended and fetch again: then there is nothing to receive.
            std::thread::sleep(Duration::from_millis(200));
            drop(go);
            assert!(all.into_iter().all(|thread| thread.join().unwrap().unwrap().size() == 5));
        });
        assert!(fetched.load(Ordering::SeqCst) < 20);
        assert!(lock(&flights.0).is_empty());
    }

    #[test]
    fn a_panic_is_an_error_for_who_waits() {
        let flights = Flights::default();
        let crashed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            flights.join("key", "kernel", &|_| {}, |_| panic!("as planted"))
        }));
        assert!(crashed.is_err() && lock(&flights.0).is_empty());
    }
}
