//! Leases and events on disk.

mod event;
pub use event::*;
