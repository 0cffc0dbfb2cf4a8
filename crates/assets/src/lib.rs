//! Content that is what it says: every asset of a site is verified, and only then served.
//!
//! - [`Fetcher`] gives an asset's [`Content`](firstlight_boot::Content): from a local file, the store, or its sources, with
//!   mirrors, retries and resuming; one fetch for all who want the same.
//! - [`resolve`] does so for a whole site.
//! - [`Store`] keeps what was fetched, by hash: written aside, verified, made durable, renamed into place.
//! - [`systems`] finds out which versions of operating systems there are.
//! - `sources` are where bytes come from, one small module for each kind.
//! - `firstlight.lock` holds what nothing else says: [`Fetcher::write_lock`].
//!
//! docs/assets.md describes all of it for users.

mod bundle;
mod error;
mod fetch;
mod file;
mod keys;
mod known;
mod lock_file;
mod progress;
mod resolve;
mod sources;
mod store;
pub mod systems;

pub use bundle::{Exported, Imported, export, import};
pub use error::{Error, Mismatch, Missing};
pub use fetch::{Fetcher, Options};
pub use file::verify;
pub use keys::{KeyProblem, check_keys};
pub use known::Known;
pub use lock_file::Written;
pub use progress::{Progress, Step, Told};
pub use resolve::{Resolved, check_local, look, resolve};
pub use sources::{Patience, SourceError, shown};
pub use store::{Checked, Collected, Leftover, Store};
