//! Which source is asked next, and after what wait.
//!
//! The sources are tried in order. One that fails for good is not asked again. Any other goes to the end of the round; after
//! a round in which none gave a byte more, there is a wait that grows. A source that has failed so often in a row without a
//! single byte more is given up; all of them together are asked a bounded number of times, so that one that sends a byte
//! and hangs up is no endless loop.

use crate::sources::{Patience, SourceError};
use std::time::Duration;

/// How often sources are asked altogether, for one object.
const MOST: u32 = 200;

pub(super) struct Tries<'a> {
    candidates: Vec<Candidate<'a>>,
    at: usize,
    asked: u32,
    wait: Duration,
    patience: Patience,
}

struct Candidate<'a> {
    url: &'a str,
    left: u32,
    last: Option<SourceError>,
}

impl<'a> Tries<'a> {
    pub(super) fn new(urls: impl IntoIterator<Item = &'a str>, patience: Patience) -> Tries<'a> {
        let candidate = |url| Candidate { url, left: patience.tries.max(1), last: None };
        let candidates = urls.into_iter().map(candidate).collect();
        Tries { candidates, at: 0, asked: 0, wait: Duration::ZERO, patience }
    }

    /// The source to ask now. `None` when none is left.
    pub(super) fn next(&mut self) -> Option<&'a str> {
        self.asked += 1;
        let candidate = self.candidates.get(self.at)?;
        (candidate.left > 0 && self.asked <= MOST).then_some(candidate.url)
    }

    /// The source has failed. Returns how long to wait before the next is asked.
    pub(super) fn failed(&mut self, error: SourceError, gave_bytes: bool) -> Duration {
        let Some(candidate) = self.candidates.get_mut(self.at) else { return Duration::ZERO };
        candidate.left = match (error.is_final(), gave_bytes) {
            (true, _) => 0,
            (false, true) => self.patience.tries.max(1),
            (false, false) => candidate.left.saturating_sub(1),
        };
        candidate.last = Some(error);
        if gave_bytes && candidate.left > 0 {
            // It works, it was only cut off: it goes on from there.
            self.wait = Duration::ZERO;
            return self.patience.first_wait;
        }
        self.advance()
    }

    /// To the next one that may be asked. A new round begins after a wait.
    fn advance(&mut self) -> Duration {
        let alive = |candidate: &Candidate<'_>| candidate.left > 0;
        if let Some(ahead) = self.candidates.iter().skip(self.at + 1).position(alive) {
            self.at += 1 + ahead;
            return Duration::ZERO;
        }
        let Some(first) = self.candidates.iter().position(alive) else {
            self.at = self.candidates.len();
            return Duration::ZERO;
        };
        self.at = first;
        self.wait = self.wait.saturating_mul(2).clamp(self.patience.first_wait, self.patience.longest_wait);
        self.wait
    }

    /// What was wrong with each source, last.
    pub(super) fn ended(self) -> Vec<(String, SourceError)> {
        let said = |candidate: Candidate<'a>| {
            let error = candidate.last.unwrap_or_else(|| SourceError::Other("it was not asked".to_owned()));
            (candidate.url.to_owned(), error)
        };
        self.candidates.into_iter().map(said).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patience() -> Patience {
        Patience {
            tries: 3,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(3),
            ..Default::default()
        }
    }

    fn cut() -> SourceError {
        SourceError::Cut { done: 1, total: None }
    }

    #[test]
    fn rounds_go_over_all_and_wait_longer_each_time() {
        let mut tries = Tries::new(["a", "b"], patience());
        let mut seen = Vec::new();
        while let Some(url) = tries.next() {
            seen.push((url, tries.failed(cut(), false).as_secs()));
        }
        assert_eq!(seen, [("a", 0), ("b", 1), ("a", 0), ("b", 2), ("a", 0), ("b", 0)]);
        assert_eq!(tries.ended().len(), 2);
    }

    #[test]
    fn what_fails_for_good_is_not_asked_again() {
        let mut tries = Tries::new(["a", "b"], patience());
        assert_eq!(tries.next(), Some("a"));
        tries.failed(SourceError::Status(404), false);
        for _ in 0..3 {
            assert_eq!(tries.next(), Some("b"));
            tries.failed(cut(), false);
        }
        assert_eq!(tries.next(), None);
    }

    #[test]
    fn one_that_gives_a_byte_each_time_ends_as_well() {
        let mut tries = Tries::new(["a"], patience());
        let mut asked = 0;
        while tries.next().is_some() {
            asked += 1;
            tries.failed(cut(), true);
        }
        assert_eq!(asked, MOST);
    }
}
