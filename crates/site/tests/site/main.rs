//! Whole sites through the crate's border.

// Clippy takes helpers of integration tests for production code.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;
mod docs;
mod language;
mod mistakes;
mod mistakes_page;
mod properties;
mod secrets;
mod systems;
mod whole;
