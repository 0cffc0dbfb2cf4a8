//! The attempts to boot that are under way, by the hash of their token. The record keeps the hash: whoever reads it
//! cannot report in a machine's name.

use super::{query::Query, repeats::Repeats};
use crate::lifecycle::Subject;
use firstlight_boot::{Ask, Choice, Token};
use firstlight_model::{Mac, Sha256, Timestamp};
use firstlight_state::{Event, What, Who};
use sha2::Digest;
use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// How many attempts are kept; the oldest is forgotten first. A machine that boots over and over takes its own share
/// of them, so this bounds memory at some tens of megabytes.
const KEPT: usize = 100_000;

/// A machine that is told to wait is recorded again after this long, and not each time that it asks.
const PARKED_AGAIN_MS: u64 = 3_600_000;

/// One attempt to boot.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    /// The hash of its token: its name in the record.
    pub(super) id: String,
    /// Who asked for the script.
    pub(super) ask: Ask,
    /// What was chosen at the menu.
    pub(super) choice: Option<Choice>,
    /// Whose standing it belongs to.
    pub(super) who: Who,
    /// The profile that its script named.
    pub(super) profile: Option<String>,
    /// The address that its script was given to; not known of one that was recorded by an older server.
    pub(super) from: Option<IpAddr>,
}

#[derive(Debug, Default)]
pub(super) struct Attempts {
    inner: Mutex<Inner>,
    /// GRUB's scripts, which it may ask for twice.
    pub(super) repeats: Repeats,
}

#[derive(Debug, Default)]
struct Inner {
    by_id: HashMap<String, Attempt>,
    oldest_first: VecDeque<String>,
    /// The newest attempt of each hardware address.
    newest: HashMap<Mac, String>,
    parked: HashMap<Mac, (String, Timestamp)>,
}

impl Attempts {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new attempt, and its id.
    pub(super) fn begin(&self, token: &Token, subject: &Subject<'_>, profile: Option<String>, from: IpAddr) -> String {
        let (id, from) = (id_of(token), Some(from));
        let (ask, choice, who) = (subject.ask.clone(), subject.choice.cloned(), subject.who.clone());
        self.lock().insert(Attempt { id: id.clone(), ask, choice, who, profile, from });
        id
    }

    /// The attempt that a token belongs to.
    pub(super) fn find(&self, token: &Token) -> Option<Attempt> {
        let found = self.lock().by_id.get(&id_of(token)).cloned();
        // It has read its script: from now on it would mean another one.
        found.inspect(|attempt| self.repeats.forget(attempt.ask.mac))
    }

    /// True for the last script that a machine was given.
    pub(super) fn is_newest(&self, attempt: &Attempt) -> bool {
        self.lock().newest.get(&attempt.ask.mac) == Some(&attempt.id)
    }

    /// True when this is news: the machine was not told to wait for this reason within the last hour.
    pub(super) fn waiting_is_news(&self, mac: Mac, reason: &str, now: Timestamp) -> bool {
        let mut inner = self.lock();
        let known = inner.parked.get(&mac);
        let news = known.is_none_or(|(why, at)| why != reason || now.0.saturating_sub(at.0) > PARKED_AGAIN_MS);
        if news {
            if inner.parked.len() >= KEPT {
                inner.parked.clear();
            }
            inner.parked.insert(mac, (reason.to_owned(), now));
        }
        news
    }

    /// Takes in a recorded event, so that what was under way before a restart goes on.
    pub(super) fn replay(&self, event: &Event) {
        let What::Script { attempt, asked, profile, from, .. } = &event.what else { return };
        let Some(query) = Query::parse(asked) else { return };
        let Ok(ask) = query.ask() else { return };
        let who = event.machine.clone().map_or(Who::Stranger(ask.mac), Who::Machine);
        let (choice, profile) = (query.choice(), profile.clone());
        self.lock().insert(Attempt { id: attempt.clone(), ask, choice, who, profile, from: *from });
    }
}

impl Inner {
    fn insert(&mut self, attempt: Attempt) {
        if self.oldest_first.len() >= KEPT
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.forget(&oldest);
        }
        self.newest.insert(attempt.ask.mac, attempt.id.clone());
        self.oldest_first.push_back(attempt.id.clone());
        self.by_id.insert(attempt.id.clone(), attempt);
    }

    fn forget(&mut self, id: &str) {
        let Some(attempt) = self.by_id.remove(id) else { return };
        if self.newest.get(&attempt.ask.mac).is_some_and(|newest| newest == id) {
            self.newest.remove(&attempt.ask.mac);
        }
    }
}

pub(super) fn id_of(token: &Token) -> String {
    Sha256(sha2::Sha256::digest(token.as_str()).into()).to_string()[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script_event(attempt: &str, asked: &str) -> Event {
        let what = What::Script {
            attempt: attempt.to_owned(),
            asked: asked.to_owned(),
            from: None,
            boots: "profile linux".to_owned(),
            leads: Default::default(),
            profile: Some("linux".to_owned()),
            reasons: Vec::new(),
            text: String::new(),
        };
        Event { at: Timestamp(1), mac: None, machine: None, what }
    }

    #[test]
    fn an_attempt_is_known_again_from_the_record() {
        let token = Token::new(7);
        let attempts = Attempts::default();
        attempts.replay(&script_event(&id_of(&token), "mac=52:54:00:00:00:01&profile=linux&serial=A%201"));
        let attempt = attempts.find(&token).unwrap();
        assert_eq!(attempt.ask.serial.as_deref(), Some("A 1"));
        assert_eq!(attempt.choice, Some(Choice::Profile("linux".to_owned())));
        assert!(attempts.find(&Token::new(8)).is_none());
    }

    #[test]
    fn the_newest_attempt_of_a_machine_is_the_one_of_its_last_script() {
        let (first, second, other) = (Token::new(1), Token::new(2), Token::new(3));
        let attempts = Attempts::default();
        let (kitt, karr) = ("mac=52:54:00:00:00:01", "mac=52:54:00:00:00:02");
        for (token, asked) in [(&first, kitt), (&other, karr), (&second, kitt)] {
            attempts.replay(&script_event(&id_of(token), asked));
        }
        let newest = [&first, &second, &other].map(|token| attempts.is_newest(&attempts.find(token).unwrap()));
        assert_eq!(newest, [false, true, true]);
        attempts.lock().forget(&id_of(&other));
        assert_eq!(attempts.lock().newest.len(), 1, "nothing is kept of what is forgotten");
    }

    #[test]
    fn a_parked_machine_is_news_once() {
        let (attempts, mac) = (Attempts::default(), Mac([2, 0, 0, 0, 0, 1]));
        assert!(attempts.waiting_is_news(mac, "unknown", Timestamp(0)));
        assert!(!attempts.waiting_is_news(mac, "unknown", Timestamp(30_000)));
        assert!(attempts.waiting_is_news(mac, "no profile", Timestamp(60_000)));
        assert!(attempts.waiting_is_news(mac, "no profile", Timestamp(60_001 + PARKED_AGAIN_MS)));
    }
}
