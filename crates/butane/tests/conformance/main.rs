//! What the reference implementations were recorded to say, against what we say. The cases lie beside the checkout, in
//! `../shared/conformance`, and are no part of the project; where they are absent these tests say so and do nothing.
//!
//! Cases that are known to differ stand in `differences.txt`, each with its reason. One that differs and does not stand
//! there fails the test, and so does one that stands there and does not differ.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, clippy::print_stdout, clippy::unwrap_used)]

mod accepted;
mod butane;
mod decoded;
mod ignition;

use serde_json::Value;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance")
}

/// The cases of a file; none, with a notice, where there are no recorded cases.
fn cases(file: &str) -> Option<Vec<Value>> {
    let path = folder().join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("SKIPPED: {} is not there, so that nothing was compared", path.display());
        return None;
    };
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// The known differences of a file's cases, by their names.
fn known_differences(file: &str) -> BTreeMap<&'static str, &'static str> {
    let lines = include_str!("differences.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let rows = lines.map(|line| {
        let mut columns = line.splitn(3, ' ').map(str::trim);
        (columns.next().unwrap(), columns.next().unwrap(), columns.next().expect("a difference has a reason"))
    });
    rows.filter(|(of, ..)| *of == file).map(|(_, case, reason)| (case, reason)).collect()
}

/// Compares every case of a file, prints the totals, and fails on any difference that is not a known one.
fn compare(file: &str, compare: impl Fn(&Value) -> Result<(), String>) {
    let Some(cases) = cases(file) else { return };
    let known = known_differences(file);
    let (mut equal, mut wrong) = (0, Vec::new());
    for case in &cases {
        let id = case["id"].as_str().unwrap();
        match (compare(case), known.get(id)) {
            (Ok(()), None) => equal += 1,
            (Err(_), Some(_)) => {}
            (Err(difference), None) => wrong.push(format!("{id}: {difference}")),
            (Ok(()), Some(_)) => wrong.push(format!("{id}: stands in differences.txt, and does not differ")),
        }
    }
    println!("{file}: {equal} of {} cases equal, {} known differences", cases.len(), known.len());
    assert!(wrong.is_empty(), "{file}: {} unknown differences\n{}", wrong.len(), wrong.join("\n"));
}
