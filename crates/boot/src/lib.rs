//! Who boots what, and why. Pure: no I/O, clock or randomness.

mod ask;
mod set;

pub use ask::{Ask, Client};
pub use set::{BootSet, Content, FirstStep, Greeting};
