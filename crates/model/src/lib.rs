//! The words of the field as types that are valid by construction: a [`Mac`] is a MAC address, an [`Ipv4Net`]
//! has no host bits set, a [`Hostname`] follows RFC 1123. Parse once at the border, then pass the type on.
//!
//! No I/O, no clock, no randomness.

mod arch;
mod hash;
mod hostname;
mod inventory;
mod mac;
pub mod nearest;
mod net;
mod size;
mod time;
mod uuid;

pub use arch::{Arch, Firmware};
pub use hash::{Sha256, Sha512};
pub use hostname::{Domain, Hostname};
pub use inventory::{BootedBy, Disk, Inventory, Nic, PARTS_LIMIT, SAID_LIMIT, Said};
pub use mac::Mac;
pub use net::Ipv4Net;
pub use size::ByteSize;
pub use time::{Timestamp, format_duration, parse_duration};
pub use uuid::Uuid;

/// Why a text is not a value of one of these types. Says what was expected; the caller knows where it stood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub String);

/// Serialises a type as its text, and reads it back through `FromStr`.
macro_rules! serde_as_text {
    ($type:ty) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use serde_as_text;
