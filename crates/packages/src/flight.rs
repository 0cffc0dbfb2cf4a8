//! A fetch that many wait for: what has arrived is read by all of them from the file that it is written to.

use crate::{store::Meta, upstream::Failed};
use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

/// What a fetch has come to, once the upstream has answered.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    /// The content is arriving.
    Body(Body),
    /// What is kept still holds.
    Unchanged,
    /// Anything but content: it is passed on, and not kept.
    Other(Arc<Other>),
    /// The upstream cannot be asked.
    Failed(Failed),
    /// It cannot be kept: it is larger than the cache, or the disk is full. Each client asks for itself.
    Aside,
}

/// Content that is arriving.
#[derive(Debug, Clone)]
pub(crate) struct Body {
    /// Its size is not known yet; see `length`.
    pub(crate) meta: Meta,
    pub(crate) length: Option<u64>,
    pub(crate) file: Arc<File>,
}

/// A short answer that is no content: `404 Not Found` and its like.
#[derive(Debug)]
pub(crate) struct Other {
    pub(crate) status: u16,
    pub(crate) kind: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// One fetch.
#[derive(Debug, Default)]
pub(crate) struct Flight {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    outcome: Option<Outcome>,
    /// Bytes that have arrived.
    done: u64,
    /// All has arrived, or why no more will.
    end: Option<Result<(), Failed>>,
}

impl Flight {
    /// Waits for the upstream's answer. The fetch itself bounds how long that takes.
    pub(crate) fn outcome(&self) -> Outcome {
        let mut state = self.lock();
        loop {
            match &state.outcome {
                Some(outcome) => return outcome.clone(),
                None => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// Reads what has arrived from an offset on; waits where that is nothing. No bytes are the end.
    pub(crate) fn read_at(&self, body: &Body, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        let mut state = self.lock();
        let there = loop {
            match &state.end {
                _ if state.done > offset => break state.done - offset,
                Some(Ok(())) => return Ok(0),
                Some(Err(why)) => return Err(io::Error::other(why.to_string())),
                None => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        };
        drop(state);
        let most = usize::try_from(there).unwrap_or(usize::MAX).min(out.len());
        body.file.read_at(&mut out[..most], offset)
    }

    pub(crate) fn answer(&self, outcome: Outcome) {
        self.change(|state| {
            state.outcome.get_or_insert(outcome);
        });
    }

    pub(crate) fn arrived(&self, bytes: u64) {
        self.change(|state| state.done += bytes);
    }

    /// It is over. Whoever still waits for an answer is told why there is none.
    pub(crate) fn end(&self, end: Result<(), Failed>) {
        self.change(|state| {
            let why = end.clone().err().unwrap_or_else(|| "the fetch has ended without an answer".into());
            state.outcome.get_or_insert(Outcome::Failed(why));
            state.end.get_or_insert(end);
        });
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
