//! Ignition's own language: the schema of each spec version, its validation and its merge.
//!
//! Specification: <https://coreos.github.io/ignition/specs/>.
