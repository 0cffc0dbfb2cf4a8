//! By what a machine's standing is known: its declared name, or for a stranger its hardware address.

use firstlight_model::Mac;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Whose standing it is. Written as the name or the address: no host name has a colon in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    /// A declared machine, by name. It stays the same machine when its card is replaced.
    Machine(String),
    /// One that nobody declared.
    Stranger(Mac),
}

impl Who {
    /// True for one that nobody declared.
    pub fn is_stranger(&self) -> bool {
        matches!(self, Who::Stranger(_))
    }
}

impl From<&str> for Who {
    fn from(text: &str) -> Who {
        text.parse().map_or_else(|_| Who::Machine(text.to_lowercase()), Who::Stranger)
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Who::Machine(name) => f.write_str(name),
            Who::Stranger(mac) => mac.fmt(f),
        }
    }
}

impl Serialize for Who {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Who {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Who::from(&*<std::borrow::Cow<'de, str>>::deserialize(deserializer)?))
    }
}
