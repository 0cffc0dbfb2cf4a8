//! Machine configurations as Flatcar and Fedora CoreOS read them: Butane YAML, and the Ignition JSON (specs 3.0.0 to
//! 3.7.0-experimental) that it becomes.
//!
//! [`tree`] is the one data tree that every stage reads and writes, each node with its place in the user's own file;
//! [`report`] is what the stages have to say about it. [`butane`] translates; [`ignition`] knows Ignition's schema,
//! validation and merge.
//!
//! No clock, no randomness, and no I/O but in [`folder`], which reads the files that a config embeds.

pub mod butane;
pub mod files;
pub mod folder;
pub mod ignition;
pub mod render;
pub mod report;
pub mod text;
pub mod tree;
pub mod yaml;

pub use butane::{Failure, Options, Outcome, translate};
pub use files::{Files, FilesError, NoFiles, TreeEntry, TreeKind};
pub use folder::Folder;
