//! Where machines stand, for the servers and for the orders of people: what happened is turned into a change, the change
//! is made durable, and each of its steps is recorded. What the changes are is decided in `firstlight_plan`.

mod names;

use crate::{BEAT, Context, Stop, context::now, pulse::Pulse};
use firstlight_boot::{Ask, BootSet, Choice};
use firstlight_model::{Mac, Timestamp};
use firstlight_plan::{Input, Order, Stage, Standing, Step, Transition};
use firstlight_state::{Change, Changed, Event, NotChanged, Standings, What, Who};
use std::{io, net::IpAddr, thread::JoinHandle, time::Duration};

/// How often it is looked for attempts whose time is over.
const TICK: Duration = BEAT;

/// The lifecycle of every machine. Cheap to clone.
#[derive(Clone)]
pub struct Lifecycle {
    context: Context,
    standings: Standings,
    names: names::BeingGiven,
}

/// Whose question or report it is.
#[derive(Debug, Clone)]
pub(crate) struct Subject<'a> {
    pub(crate) who: &'a Who,
    pub(crate) ask: &'a Ask,
    pub(crate) choice: Option<&'a Choice>,
}

/// Who asks, as far as their standing goes.
pub(crate) fn who(set: &BootSet, ask: &Ask) -> Who {
    match set.machine_of(ask) {
        Some(machine) => Who::Machine(machine.name.to_string()),
        None => Who::Stranger(ask.mac),
    }
}

impl Lifecycle {
    /// Judges by the site of the moment, and records where `context` says.
    pub fn new(context: Context, standings: Standings) -> Lifecycle {
        Lifecycle { context, standings, names: Default::default() }
    }

    /// Where a machine stands.
    pub fn standing(&self, who: &Who) -> Standing {
        self.standings.get(who)
    }

    fn change(&self, set: &BootSet, subject: &Subject<'_>, input: Input, now: Timestamp) -> Change {
        let rules = set.rules(subject.ask, subject.choice, &self.standings.get(subject.who));
        Change { who: subject.who.clone(), input, rules, now }
    }

    /// Takes in what happened, and waits until it is on disk.
    pub(crate) async fn take(&self, set: &BootSet, subject: &Subject<'_>, input: Input, now: Timestamp) -> Changed {
        let (done, wait) = tokio::sync::oneshot::channel();
        self.standings.change(self.change(set, subject, input, now), move |changed| drop(done.send(changed)));
        let closed = |_| NotChanged::NotStored(io::Error::other("the journal of machines is closed"));
        let transition = wait.await.map_err(closed)??;
        self.record(subject.who, subject.ask.mac, &transition);
        Ok(transition)
    }

    /// The same on a thread that may wait.
    pub(crate) fn take_and_wait(&self, set: &BootSet, subject: &Subject<'_>, input: Input, now: Timestamp) -> Changed {
        let transition = self.standings.change_and_wait(self.change(set, subject, input, now))?;
        self.record(subject.who, subject.ask.mac, &transition);
        Ok(transition)
    }

    /// Takes in what nobody needs to rely on.
    pub(crate) fn take_note(&self, set: &BootSet, subject: &Subject<'_>, input: Input, now: Timestamp) {
        self.standings.change(self.change(set, subject, input, now), drop);
    }

    /// Does what a person orders. The order is recorded, be it refused.
    ///
    /// # Errors
    /// Why nothing has changed.
    pub fn order(&self, name: &str, order: Order) -> Result<Standing, String> {
        let set = self.context.boot.load_full();
        let who = Who::from(name);
        let machine = match &who {
            Who::Machine(name) => set.site.machines.get(name),
            Who::Stranger(mac) => set.machine_by_mac(*mac),
        };
        let (who, ask) = match (machine, who) {
            (Some(machine), _) => (Who::Machine(machine.name.to_string()), Ask::of(machine)),
            (None, Who::Stranger(mac)) => (Who::Stranger(mac), Ask { mac, ..nobody() }),
            (None, who) if self.standings.knows(&who) => (who, nobody()),
            (None, who) => {
                return Err(format!("{who} is not declared; an undeclared machine is named by its MAC address"));
            }
        };
        let mut change =
            self.change(&set, &Subject { who: &who, ask: &ask, choice: None }, order.clone().into(), now());
        if let Order::BootOnce { profile } = &order {
            change.rules.once_is_safe = set.may_boot_once(profile);
        }
        let changed = self.standings.change_and_wait(change);
        let refused = changed.as_ref().err().map(ToString::to_string);
        self.event(&who, ask.mac, What::Ordered { order, refused });
        let transition = changed.map_err(|error| error.to_string())?;
        self.record(&who, ask.mac, &transition);
        Ok(transition.standing)
    }

    /// Ends attempts whose time is over, until `stop`.
    ///
    /// # Errors
    /// There is no room for another thread.
    pub fn spawn(self, stop: Stop) -> io::Result<JoinHandle<()>> {
        let run = move || {
            let pulse = stop.pulse("lifecycle");
            while !stop.wait(TICK) {
                pulse.beat();
                self.tick(now(), &pulse);
            }
        };
        std::thread::Builder::new().name("lifecycle".to_owned()).spawn(run)
    }

    fn tick(&self, now: Timestamp, pulse: &Pulse) {
        let set = self.context.boot.load_full();
        for who in self.standings.due(now) {
            pulse.beat();
            let ask = match &who {
                Who::Machine(name) => set.site.machines.get(name).map_or_else(nobody, Ask::of),
                Who::Stranger(mac) => Ask { mac: *mac, ..nobody() },
            };
            let subject = Subject { who: &who, ask: &ask, choice: None };
            match self.standings.change_and_wait(self.change(&set, &subject, Input::Tick, now)) {
                Ok(transition) => self.record(&who, ask.mac, &transition),
                Err(error) => tracing::warn!("{who}: {error}"),
            }
        }
    }

    /// Records each step. That a stranger is parked has an event of its own.
    fn record(&self, who: &Who, mac: Mac, transition: &Transition) {
        let steps = transition.steps.iter().filter(|step| !(who.is_stranger() && step.to == Stage::Parked));
        steps.for_each(|step| self.record_step(who, mac, step));
    }

    fn record_step(&self, who: &Who, mac: Mac, step: &Step) {
        tracing::info!("{who}: {} → {}: {}", step.from, step.to, step.cause);
        let (from, to, cause, attempt) = (step.from, step.to, step.cause.clone(), step.attempt.clone());
        self.event(who, mac, What::Stage { from, to, cause, attempt });
    }

    fn event(&self, who: &Who, mac: Mac, what: What) {
        let machine = match who {
            Who::Machine(name) => Some(name.clone()),
            Who::Stranger(_) => None,
        };
        self.context.events.record(Event { at: now(), mac: (mac != NOBODY).then_some(mac), machine, what });
    }

    /// Why a request from this address cannot be this machine's: the address is leased to another one. `mac` is what the
    /// machine says of itself.
    pub(crate) fn foreign(&self, from: IpAddr, who: &Who, mac: Mac) -> Option<String> {
        let leased = self.context.client(from).filter(|leased| *leased != mac)?;
        let set = self.context.boot.load();
        match set.machine_by_mac(leased) {
            Some(other) if *who == Who::Machine(other.name.to_string()) => None,
            Some(other) => Some(format!("the address is leased to machine {}", other.name)),
            None => {
                let stranger = self.standings.get(&Who::Stranger(leased));
                stranger.attempt.map(|_| format!("the address is leased to {leased}, which has a boot of its own"))
            }
        }
    }
}

const NOBODY: Mac = Mac([0; 6]);

/// A machine of which the site knows nothing any more.
fn nobody() -> Ask {
    Ask { mac: NOBODY, uuid: None, serial: None, client: firstlight_boot::Client::Ipxe(None) }
}
