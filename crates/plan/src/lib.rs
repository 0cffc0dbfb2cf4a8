//! The lifecycle of a machine: where it stands, and what takes it further.
//!
//! ```text
//!             declared, or approved                    asked                     reported
//!  unknown ──────────────────────▶ approved ─────────▶ booting ─────────────────▶ in-service
//!     │                               │                   │ no report in time        ▲
//!     ▼                               │ it installs       ▼                          │ starts its disk
//!  parked ── approve, arm ─────────▶ armed            boot-failed                     │
//!                                     │ asked                              reported   │
//!                                     └────────▶ installing ───────────────────▶ installed
//!                                                  │      ▲
//!            asked again, failed, or out of time   ▼      │ asked, tries are left
//!                                           install-failed ── none left ──▶ held
//!
//!  From anywhere by order: held, retired, armed. Boot-once is an excursion that changes no stage.
//! ```
//!
//! What must never happen is kept out by this table alone: an install begins only from `armed`, and a machine becomes
//! armed only by an order, or by the first `wipe = true` of a declaration that it meets before it has ever booted.
//! docs/lifecycle.md describes the same for users.
//!
//! Pure: no I/O, no clock, no randomness. Time is passed in, and ids of attempts are made by the caller.

mod input;
mod orders;
mod standing;
mod step;
mod walk;

pub use input::{Boots, Input, Install, Order, Refused, Rules};
pub use standing::{Attempt, Failure, Once, Stage, Standing};
pub use step::{BOOT_TIMEOUT, ONCE_TRIES, step};
pub use walk::{Step, Transition};
