//! Whose bytes these are, and which hash belongs to which name.
//!
//! - [`openpgp`]: detached and clear-signed signatures (RFC 9580, RFC 4880), by the keys that a site gives.
//! - [`minisign`]: signatures by minisign.
//! - [`lists`]: `SHA256SUMS` and what else says "this file has this hash".
//!
//! Pure: bytes in, a verdict out. The time is passed in; nothing is fetched. There is no web of trust and there are no
//! key servers: a key is trusted because it is in the site, and for nothing but what the site uses it for.

pub mod lists;
pub mod minisign;
pub mod openpgp;
mod verdict;

pub use verdict::Verdict;
