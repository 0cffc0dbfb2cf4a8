//! Names that machines are given from their class's names, and that are free again once they are retired. Who has which is
//! durable before anybody is told; which is the next, the site decides ([`firstlight_site::Class::next_name`]).

use super::{Lifecycle, NOBODY, Subject, nobody};
use crate::context::now;
use firstlight_boot::{Ask, BootSet};
use firstlight_model::{Hostname, Mac};
use firstlight_plan::{Input, Standing};
use firstlight_state::{NotChanged, Who};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Names that are on their way to the disk: nobody else may be given them meanwhile.
#[derive(Clone, Default)]
pub(super) struct BeingGiven(Arc<Mutex<BTreeSet<Hostname>>>);

impl BeingGiven {
    fn lock(&self) -> MutexGuard<'_, BTreeSet<Hostname>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lifecycle {
    /// The name of a machine that nobody declared: the one that it was given before, or the next of the class.
    ///
    /// # Errors
    /// Why it has none, with the next step.
    pub fn name(&self, mac: Mac, class: &str) -> Result<String, String> {
        let set = self.context.boot.load_full();
        let who = Who::Stranger(mac);
        // Given before, and the site was not changed then; somebody may have declared another one by it since.
        let before = self.standings.get(&who).name.filter(|name| !set.site.machines.contains_key(name));
        if let Some(name) = before {
            return Ok(name);
        }
        let name = self.choose(&set, class)?;
        let named = self.put(&set, &who, mac, Input::Named(name.to_string()));
        self.names.lock().remove(&name);
        named.map_err(|error| error.to_string()).map(|_| name.to_string())
    }

    fn choose(&self, set: &BootSet, class: &str) -> Result<Hostname, String> {
        let class = set.site.classes.get(class).ok_or_else(|| format!("there is no class `{class}` in the site"))?;
        let mut being_given = self.names.lock();
        let given = self.standings.names();
        // What is known of a machine that was declared by this name once must not become another one's.
        let known = |name: &Hostname| self.standings.get(&Who::Machine(name.to_string())) != Standing::default();
        let taken = |name: &Hostname| {
            set.site.is_name_taken(name)
                || given.contains_key(name.as_str())
                || being_given.contains(name)
                || known(name)
        };
        let name = class.next_name(taken).map_err(|error| error.to_string())?;
        being_given.insert(name.clone());
        Ok(name)
    }

    /// Takes a name back. Its machine is retired, by its hardware address; whoever is given the name next begins anew.
    ///
    /// # Errors
    /// Nobody was given this name, or it is declared still.
    pub fn release(&self, name: &str) -> Result<Standing, String> {
        let set = self.context.boot.load_full();
        let mac = self.standings.names().get(name).copied();
        let mac = mac.ok_or_else(|| format!("{name} is no name that was given from a class's names"))?;
        if let Some(machine) = set.site.machines.get(name) {
            return Err(format!("{name} is declared still, in {}", machine.place));
        }
        let put = |who: &Who, mac, input| self.put(&set, who, mac, input).map_err(|error| error.to_string());
        put(&Who::Machine(name.to_owned()), NOBODY, Input::Forgotten)?;
        put(&Who::Stranger(mac), mac, Input::Unnamed)
    }

    fn put(&self, set: &BootSet, who: &Who, mac: Mac, input: Input) -> Result<Standing, NotChanged> {
        let ask = Ask { mac, ..nobody() };
        let subject = Subject { who, ask: &ask, choice: None };
        let transition = self.standings.change_and_wait(self.change(set, &subject, input, now()))?;
        transition.steps.iter().for_each(|step| self.record_step(who, mac, step));
        Ok(transition.standing)
    }
}
