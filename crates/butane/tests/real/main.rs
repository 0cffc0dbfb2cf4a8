//! Configs made at random, given to Debian's own Ignition (package `ignition`) and to us: what it says of them, and how
//! it lays one over another. The schema is what makes them, so that a field that is new in it is tried here too.
//!
//! `FIRSTLIGHT_CONFIGS` is how many, `FIRSTLIGHT_SEED` which ones; a failure names the seed that it was found with.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::unwrap_used)]

mod merging;
mod random;
mod validation;

use std::path::Path;

/// The engine, which dracut puts into an initrd.
const ENGINE: &str = "/usr/lib/dracut/modules.d/30ignition/ignition";
const VALIDATE: &str = "ignition-validate";

fn number_from_environment(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |value| value.parse().expect("a number"))
}

/// Runs a test once for each of so many seeds.
fn for_each_seed(otherwise: u64, test: impl Fn(u64)) {
    assert!(Path::new(ENGINE).exists(), "{ENGINE} is not there: scripts/install-packages test");
    let first = number_from_environment("FIRSTLIGHT_SEED", 1);
    let count = number_from_environment("FIRSTLIGHT_CONFIGS", otherwise);
    (first..first + count).for_each(test);
}
