//! Ignition's own language: the [schema] of each spec version, and what follows from it — reading, writing, validation,
//! duplicates, merging.
//!
//! Specification: <https://coreos.github.io/ignition/specs/>. Messages, their order and their places are those of
//! `ignition-validate` 2.26, but for values of wrong types: these are all named, each with its path.
//!
//! Nothing is fetched: what a config refers to by URL is not looked at.

pub mod decode;
mod documents;
mod duplicates;
mod encode;
pub mod json;
mod merge;
pub mod recognise;
mod rules;
pub mod schema;
mod upgrade;
mod version;

pub use documents::{Parsed, Refusal, merge_documents, parse};
pub use duplicates::duplicates;
pub use encode::to_json;
pub use merge::merge;
pub use rules::{Check, Missing, Rule, validate};
pub use upgrade::upgrade;
pub use version::{Version, VersionError};
