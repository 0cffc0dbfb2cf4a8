//! Operating systems as data. [`SYSTEMS`] are `os` blocks in the site's own language, which crates/site reads as it reads
//! a user's; this crate holds their text and knows what their makers' listings look like:
//!
//! - [`listing`] finds out which versions a listing offers, and what it says of their hashes;
//! - [`version`] says which of two versions is newer;
//! - [`fill`] puts a version into a URL.
//!
//! It is pure: no network, no files, no clock. What it reads comes from the network: every text and count is bounded,
//! nothing panics.

mod fill;
mod keys;
pub mod listing;
mod sums;
mod systems;
pub mod version;

pub use fill::{fill, words};
pub use keys::KEYS;
pub use systems::{FOLDER, SYSTEMS};
