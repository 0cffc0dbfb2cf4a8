//! Leases, events and machines' standings on disk, crash-safe: append-only journals of checksummed text lines in a state folder, written
//! by one server with group commit, readable by anyone at any time. Why journals: docs/decisions/0002-journal.md.
//!
//! The lease table itself is pure: it takes the time as an argument and touches no disk. Not here: which machine
//! is who, what it boots, and any network.

mod client;
mod configs;
mod diagnosis;
mod error;
mod event;
mod events;
mod folder;
mod hex;
mod journal;
mod lease;
mod line;
mod log;
mod marks;
mod quota;
mod read;
mod segment;
mod standings;
mod summary;
mod table;
mod tail;
mod who;

pub use client::ClientKey;
pub use configs::{CONFIG_KEPT, KeptConfig, forget_configs, keep_config, read_configs};
pub use diagnosis::{Diagnosis, diagnose};
pub use error::StateError;
pub use event::*;
pub use events::{Events, EventsWriter};
pub use folder::StateFolder;
pub use hex::Hex;
pub use lease::{Lease, LeaseState};
pub use log::{LeaseLog, Recovered, SharedTable};
pub use marks::Marker;
pub use read::{EventFilter, read_events, read_leases};
pub use standings::{Change, Changed, NotChanged, Standings, StandingsWriter, read_standings};
pub use table::{Claim, LeaseTable, Pool, QUARANTINE, Refusal};
pub use tail::EventTail;
pub use who::Who;
