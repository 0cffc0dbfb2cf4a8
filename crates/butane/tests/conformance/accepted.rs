//! What we make of the recorded Butane configs, given to Debian's own `ignition-validate`, as far as it knows the spec
//! version: it takes every one.

use super::butane::lay_out;
use firstlight_butane::{Folder, Options, translate};
use serde_json::Value;
use std::{
    io::Write,
    process::{Command, Stdio},
};

/// Debian's version knows no later ones.
const KNOWN: [&str; 4] = ["3.0.0", "3.1.0", "3.2.0", "3.3.0"];

#[test]
fn ignition_validate_takes_what_we_make() {
    let mut taken = 0;
    for file in ["butane-tables.jsonl", "butane-docs.jsonl", "butane-probes.jsonl"] {
        for case in super::cases(file).into_iter().flatten() {
            let Some(output) = made_of(&case) else { continue };
            let refusal = refused(&output);
            assert_eq!(refusal, None, "{file} {}: {output}", case["id"]);
            taken += 1;
        }
    }
    println!("ignition-validate takes all {taken} outputs of specs up to 3.3.0");
}

/// What we make of a case, if Debian's version knows its spec.
fn made_of(case: &Value) -> Option<String> {
    let recorded = case["stdout"].as_str().unwrap();
    KNOWN.iter().find(|version| recorded.contains(&format!("\"{version}\"")))?;
    let dir = tempfile::tempdir().unwrap();
    let files = dir.path().join("files");
    lay_out(&files, &case["files"]);
    let output = translate(case["in"].as_str().unwrap(), &Folder::new(&files), Options::default()).ignition?;
    let json: Value = serde_json::from_str(&output).unwrap();
    KNOWN.contains(&json["ignition"]["version"].as_str().unwrap()).then_some(output)
}

/// What `ignition-validate` says against a config.
fn refused(config: &str) -> Option<String> {
    let mut command = Command::new("ignition-validate");
    command.arg("-").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("ignition-validate is there: scripts/install-packages test");
    child.stdin.take().unwrap().write_all(config.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (!output.status.success()).then(|| String::from_utf8_lossy(&said).into_owned())
}
