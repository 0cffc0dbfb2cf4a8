//! `secrets` in a template: what it is told of them, and which it has asked for.

use firstlight_site::{Machine, SecretText, Site};
use minijinja::{Error, ErrorKind, Value, value::Object};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

/// What a template is told of secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrets {
    /// The machine's own: for its request with the token of the attempt that is under way, and for whoever may read the
    /// site's files anyway.
    Shown,
    /// Words in their place: for records, and for people.
    Redacted,
    /// None. Asking for one is an error, which says why.
    Withheld(&'static str),
}

/// The secrets, as one template sees them.
#[derive(Debug)]
pub(crate) struct Vault {
    of_machine: BTreeMap<String, Result<SecretText, String>>,
    secrets: Secrets,
    asked: Mutex<BTreeSet<String>>,
}

impl Vault {
    pub(crate) fn of(site: &Site, machine: Option<&Machine>, secrets: Secrets) -> Arc<Vault> {
        let stranger = || Err("secrets are for declared machines".to_owned());
        let of_machine = site.secrets.values().map(|secret| {
            let text = machine.map_or_else(stranger, |machine| secret.of(site, machine).cloned());
            (secret.name.clone(), text)
        });
        Arc::new(Vault { of_machine: of_machine.collect(), secrets, asked: Mutex::default() })
    }

    /// The secrets that were asked for.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn tell(&self, name: &str) -> Result<Value, String> {
        let Some(secret) = self.of_machine.get(name) else {
            let known: Vec<&str> = self.of_machine.keys().map(String::as_str).take(24).collect();
            let known = if known.is_empty() {
                "the site has none".to_owned()
            } else {
                format!("known here: {}", known.join(", "))
            };
            return Err(format!("there is no secret `{name}`; {known}"));
        };
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned());
        match (self.secrets, secret) {
            (Secrets::Withheld(why), _) => Err(format!("the secret `{name}` is not given here: {why}")),
            (_, Err(why)) => Err(why.clone()),
            (Secrets::Redacted, Ok(_)) => Ok(Value::from(format!("(secret {name})"))),
            (Secrets::Shown, Ok(text)) => Ok(Value::from(text.expose())),
        }
    }
}

impl Object for Vault {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    /// A name that cannot be told is an error of its own, and not "undefined".
    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        Some(self.tell(key).unwrap_or_else(|why| Value::from(Error::new(ErrorKind::InvalidOperation, why))))
    }
}
