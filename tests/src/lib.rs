//! Helpers for the black-box tests. They run the real `firstlight` and the field's real clients, in network namespaces
//! of their own, and take everything down again when they are dropped.
//!
//! They need root and the packages of `scripts/install-packages demo test`; `make test` brings both along.

// What these helpers cannot do, a test cannot go on without.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod beside;
mod boot;
mod cable;
mod capture;
mod installer;
mod ipfs;
mod late;
mod lifetime;
mod live;
mod mirror;
mod misbehaving;
mod net;
mod run;
mod serve;
pub mod storm;

pub use boot::{Boot, Machine, has_installer};
pub use cable::Faults;
pub use capture::{Capture, Capturing};
pub use installer::{INSTALLED_SAYS, make_installer};
pub use ipfs::{Gateway, Served};
pub use late::Late;
pub use lifetime::{Lifetime, MAC};
pub use live::Live;
pub use mirror::{Mirror, Relay};
pub use misbehaving::{Fault, Misbehaving};
pub use net::Net;
pub use run::{Output, firstlight, repository, run};
pub use serve::{Server, Used, WIDE_SITE};
