//! Who boots what, and why.
//!
//! A [`BootSet`] is one immutable generation of everything that the servers answer from: the site, the verified
//! content, the compiled templates. [`BootSet::decide`] is the only place where it is decided what a machine boots,
//! from the site and from where the machine stands; HTTP and `firstlight explain` call it, and DHCP asks the same of the
//! site alone. Scripts and configs are rendered from its decision.
//!
//! Pure: no I/O, no clock, no randomness. Tokens are made by the caller.

mod ask;
mod check;
mod configs;
mod decide;
mod find_disk;
mod greet;
mod grub;
mod lifecycle;
mod loaders;
mod render;
mod script;
mod set;
mod subject;
mod templates;
mod urls;
mod waiting;

pub use ask::{Ask, Client};
pub use check::{ConfigProblem, check_configs};
pub use configs::{CloudConfig, Document, Finding, NotRendered, Recipient, Rendered, Unclear, cloud_configs, readable};
pub use decide::{Choice, Decision, Outcome, Reason};
pub use greet::{FirstStep, Greeting};
pub use loaders::{Loader, LoaderFile, loaders};
pub use set::{BootSet, Content};
pub use templates::{RenderError, Secrets};
pub use urls::{Token, Urls};
pub use waiting::{Awaited, HowFar};
