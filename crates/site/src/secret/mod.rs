//! Secrets: what only the machine that a config is for may see. Read when the site is, and held in a type that shows
//! itself to nobody who does not ask for it by name.
//!
//! Where a secret is rendered, and for whom, is decided in crates/boot and crates/serve.

pub(crate) mod age;
mod content;

pub(crate) use content::pick;

use crate::{Machine, Place, Site};
use serde::Serialize;
use std::{collections::BTreeMap, fmt, sync::Arc};
use zeroize::Zeroizing;

/// A text that is not shown: neither `Debug` nor `Display` nor `Serialize` gives it away. Its memory is overwritten when
/// the last copy of it here goes; what it was rendered into is not.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(Arc<Zeroizing<String>>);

impl SecretText {
    /// Holds a text.
    pub fn new(text: String) -> SecretText {
        SecretText(Arc::new(Zeroizing::new(text)))
    }

    /// The text itself. Whoever calls this answers for where it goes.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(…)")
    }
}

/// A `secret` block.
#[derive(Debug, Clone, Serialize)]
pub struct Secret {
    /// The block's label.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// Where it comes from.
    pub source: SecretSource,
    /// Which entry of its content it is; all of it where not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The classes whose machines may have it. With `machines` empty as well: every machine.
    pub classes: Vec<String>,
    /// The machines that may have it.
    pub machines: Vec<String>,
    #[serde(skip)]
    pub(crate) value: SecretValue,
}

/// Where a secret comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretSource {
    /// A file.
    File(String),
    /// A file that age has encrypted.
    Age(String),
    /// An environment variable of the server.
    Env(String),
    /// A folder with a file for each machine, named as it, or so with `.age` behind the name where age has encrypted it.
    Folder(String),
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SecretValue {
    /// The same for all that may have it.
    One(SecretText),
    /// Each machine's own, by its name.
    Each(BTreeMap<String, SecretText>),
}

impl Secret {
    /// What a machine has of it.
    ///
    /// # Errors
    /// Why it has none.
    pub fn of(&self, site: &Site, machine: &Machine) -> Result<&SecretText, String> {
        let name = &self.name;
        if !self.may_have(site, machine) {
            return Err(format!("the secret `{name}` is not for {}", machine.name));
        }
        match (&self.value, &self.source) {
            (SecretValue::One(text), _) => Ok(text),
            (SecretValue::Each(texts), SecretSource::Folder(folder)) => {
                texts.get(machine.name.as_str()).ok_or_else(|| {
                    format!("the secret `{name}` has nothing for {0}: there is no {folder}/{0}", machine.name)
                })
            }
            (SecretValue::Each(_), _) => Err(format!("the secret `{name}` has nothing for {}", machine.name)),
        }
    }

    fn may_have(&self, site: &Site, machine: &Machine) -> bool {
        let everybody = self.classes.is_empty() && self.machines.is_empty();
        let by_class = || {
            let class = machine.class.as_deref().and_then(|name| site.classes.get(name));
            class.is_some_and(|class| site.line_of(class).any(|class| self.classes.contains(&class.name)))
        };
        everybody || self.machines.iter().any(|name| *name == machine.name.as_str()) || by_class()
    }

    /// True where another generation of the site holds something else.
    pub fn differs(&self, other: &Secret) -> bool {
        self.value != other.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_itself_to_nobody() {
        let secret = SecretText::new("hunter2".to_owned());
        assert_eq!(format!("{secret:?} {secret:#?}"), "SecretText(…) SecretText(…)");
        assert_eq!(secret.expose(), "hunter2");
    }
}
