//! The package cache: a caching proxy for apt and other package managers, so that a hundred installers cost one download.
//!
//! ```text
//!  client ──▶ http: request, answer ──▶ rules: which upstream, or refused
//!                     │                     │
//!                     │◀── store: here      ▼
//!                     └◀── flight: one fetch from upstream, read by all who ask while it arrives ──▶ store
//! ```
//!
//! It is asked as a proxy (`Acquire::http::Proxy`; absolute-form, RFC 9112 section 3.2.2) or by a path that begins with
//! the upstream's host or the name of a mirror of the site. Only hosts that the site names are asked, and only clients in
//! the site's networks are answered: it is never an open proxy.
//!
//! Files that never change under their names (packages, indexes by hash) are kept for good; everything else is asked for
//! anew each time, with what is known of it, and served as it was where the upstream cannot be reached. What is kept is
//! bounded, and the longest unused goes first. Whether packages are right the package manager knows, by their signatures.
//!
//! Not here: CONNECT (what is encrypted cannot be cached), uploads, several ranges in one answer.

mod cache;
mod flight;
mod http;
mod lasting;
mod rules;
mod server;
mod store;
mod upstream;

pub use cache::{Cache, Counts};
pub use rules::Rules;
pub use server::{CurrentRules, serve};
pub use store::Error;
