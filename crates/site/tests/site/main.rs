//! Whole sites through the crate's border.

mod common;
mod docs;
mod language;
mod mistakes;
mod mistakes_page;
mod properties;
mod whole;
