//! Machine configurations as Flatcar and Fedora CoreOS read them: Ignition JSON (specs 3.0.0 to 3.7.0-experimental).
//!
//! [`tree`] is the one data tree that every stage reads and writes, each node with its place in the user's own file;
//! [`report`] is what the stages have to say about it. [`ignition`] knows Ignition's schema, validation and merge.
//!
//! No I/O, no clock, no randomness.

pub mod ignition;
pub mod report;
pub mod text;
pub mod tree;
