//! What cloud-init reads from a NoCloud source, whether that is a folder of URLs or a seed disk:
//!
//! ```text
//! meta-data        which instance this is, and its host name      made here
//! network-config   its address, version 2                         made here from the site
//! vendor-data      what the operator's user-data may override     made here
//! user-data        the operator's own, of one or more parts       put together here
//! ```
//!
//! As <https://docs.cloud-init.io/en/latest/reference/datasources/nocloud.html> describes it. What the versions of
//! cloud-init do with it was read in 22.4 (Debian 12) and 25.1 (Debian 13), and tried with the latter.
//!
//! Pure: no I/O, no clock, no randomness. It renders no templates and serves nothing.

pub mod check;
mod kind;
mod meta_data;
mod multipart;
mod network_config;
mod quote;
mod vendor_data;

pub use check::check;
pub use kind::Kind;
pub use meta_data::Instance;
pub use multipart::{Part, Unjoined, join};
pub use network_config::Link;
pub use vendor_data::vendor_data;

/// The name of the operator's own part.
pub const USER_DATA: &str = "user-data";
/// The name of the part that says which instance this is.
pub const META_DATA: &str = "meta-data";
/// The name of the part that user-data may override.
pub const VENDOR_DATA: &str = "vendor-data";
/// The name of the part with the addresses.
pub const NETWORK_CONFIG: &str = "network-config";
/// Everything that cloud-init asks a NoCloud source for.
pub const NAMES: [&str; 4] = [USER_DATA, META_DATA, VENDOR_DATA, NETWORK_CONFIG];
/// The label of a volume that cloud-init takes for a seed.
pub const SEED_LABEL: &str = "cidata";
