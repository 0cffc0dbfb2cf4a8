//! A standing on its way: the steps that one input takes it through.

use crate::{Attempt, Failure, Stage, Standing};
use firstlight_model::Timestamp;

/// One step, with its cause. From a stage to itself where something else about the machine changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The stage before.
    pub from: Stage,
    /// The stage after.
    pub to: Stage,
    /// Why.
    pub cause: String,
    /// The attempt that it belongs to.
    pub attempt: Option<String>,
}

/// What an input has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// Where the machine stands now.
    pub standing: Standing,
    /// The steps that led there, in order. Empty where nothing changed but counters.
    pub steps: Vec<Step>,
    /// Whether it has to survive a restart. Counters need not.
    pub lasting: bool,
}

pub(crate) struct Walk {
    pub(crate) standing: Standing,
    pub(crate) now: Timestamp,
    steps: Vec<Step>,
    lasting: bool,
}

impl Walk {
    pub(crate) fn from(standing: &Standing, now: Timestamp) -> Walk {
        Walk { standing: standing.clone(), now, steps: Vec::new(), lasting: false }
    }

    pub(crate) fn end(self) -> Transition {
        Transition { standing: self.standing, steps: self.steps, lasting: self.lasting }
    }

    pub(crate) fn stage(&self) -> Stage {
        self.standing.stage
    }

    /// Goes to a stage, be it the same one for another cause.
    pub(crate) fn go(&mut self, to: Stage, cause: impl Into<String>) {
        let cause = cause.into();
        let attempt = self.standing.attempt.as_ref().map(|attempt| attempt.id.clone());
        self.steps.push(Step { from: self.stage(), to, cause: cause.clone(), attempt });
        (self.standing.stage, self.standing.since, self.standing.cause) = (to, self.now, cause);
        self.lasting = true;
        if !to.waits() {
            self.standing.parked = 0;
        }
        if !matches!(to, Stage::Booting | Stage::Installing) {
            self.standing.deadline = None;
        }
    }

    /// Notes something in the machine's history without touching its stage.
    pub(crate) fn note(&mut self, cause: impl Into<String>, attempt: Option<String>) {
        let (from, to) = (self.stage(), self.stage());
        self.steps.push(Step { from, to, cause: cause.into(), attempt });
        self.lasting = true;
    }

    /// What was changed has to survive a restart.
    pub(crate) fn keep(&mut self) {
        self.lasting = true;
    }

    /// The machine is given the script of this attempt.
    pub(crate) fn attempt(&mut self, id: &str, installs: bool) {
        let (id, began) = (id.to_owned(), self.now);
        self.standing.attempt = Some(Attempt { id, began, installs, ended: false, fetched: false, from_disk: false });
    }

    /// It is told to wait, once more.
    pub(crate) fn wait(&mut self) {
        self.standing.parked = self.standing.parked.saturating_add(1);
    }

    /// Its attempt to install failed.
    pub(crate) fn install_failed(&mut self, cause: &str) {
        let began = self.standing.attempt.as_ref().map_or(self.now, |attempt| attempt.began);
        self.standing.failures.push(Failure { began, cause: cause.to_owned() });
        self.go(Stage::InstallFailed, cause);
    }

    /// All attempts are used up.
    pub(crate) fn exhausted(&mut self) {
        let told = |(n, failure): (usize, &Failure)| format!("attempt {n} of {} {}", failure.began, failure.cause);
        let failures: Vec<String> = (1..).zip(&self.standing.failures).map(told).collect();
        let cause = format!("{} installs failed, none is left: {}", self.standing.tries, failures.join("; "));
        self.go(Stage::Held, cause);
    }

    /// A new cycle: nothing of the one before counts any more.
    pub(crate) fn new_cycle(&mut self) {
        self.standing.attempt = None;
        self.standing.tries = 0;
        self.standing.failures.clear();
    }
}
