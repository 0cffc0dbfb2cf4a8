//! `firstlight butane` as scripts use `butane`: exit codes, what is written where, and a sample of the recorded cases of
//! the reference through the binary (the others are compared in `crates/butane`).

#![allow(clippy::unwrap_used)]

use firstlight_tests::firstlight;
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use tempfile::TempDir;

const GOOD: &str = "variant: flatcar\nversion: 1.1.0\nstorage:\n  files:\n    - path: /a\n";
const DOUBTFUL: &str = "variant: flatcar\nversion: 1.1.0\nodd: 1\n";
const BAD: &str = "variant: flatcar\nversion: 1.1.0\nstorage:\n  files:\n    - path: a\n";

struct Said {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn butane(dir: &Path, arguments: &[&str], stdin: &str) -> Said {
    let mut child = Command::new(firstlight())
        .arg("butane")
        .args(arguments)
        .current_dir(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn ignition_goes_to_standard_output_or_a_file() {
    let dir = folder();
    let good = "{\"ignition\":{\"version\":\"3.4.0\"},\"storage\":{\"files\":[{\"path\":\"/a\"}]}}\n";
    let said = butane(dir.path(), &[], GOOD);
    assert_eq!((said.code, said.stdout.as_str(), said.stderr.as_str()), (Some(0), good, ""));
    fs::write(dir.path().join("a.bu"), GOOD).unwrap();
    assert_eq!(butane(dir.path(), &["a.bu"], "").stdout, good);
    assert_eq!(butane(dir.path(), &["--input", "a.bu"], "").stdout, good);
    let said = butane(dir.path(), &["-o", "a.ign", "a.bu"], "");
    assert_eq!((said.code, said.stdout.as_str()), (Some(0), ""));
    assert_eq!(fs::read_to_string(dir.path().join("a.ign")).unwrap(), good);
    assert!(butane(dir.path(), &["--pretty", "a.bu"], "").stdout.starts_with("{\n  \"ignition\": {\n"));
    let checked = butane(dir.path(), &["--check", "a.bu"], "");
    assert_eq!((checked.code, checked.stdout.as_str()), (Some(0), ""));
}

#[test]
fn warnings_fail_where_that_is_asked_for() {
    let dir = folder();
    let said = butane(dir.path(), &["--raw-errors"], DOUBTFUL);
    assert_eq!(said.code, Some(0));
    assert_eq!(said.stderr, "warning at $.odd, line 3 col 1: unused key odd\n");
    let strict = butane(dir.path(), &["--strict", "--raw-errors", "-o", "a.ign"], DOUBTFUL);
    assert_eq!((strict.code, strict.stdout.as_str()), (Some(1), ""));
    assert_eq!(strict.stderr, format!("{}Config produced warnings and --strict was specified\n", said.stderr));
    assert!(!dir.path().join("a.ign").exists(), "nothing is written");
}

#[test]
fn mistakes_are_shown_at_the_users_lines() {
    let dir = folder();
    fs::write(dir.path().join("a.bu"), BAD).unwrap();
    let said = butane(dir.path(), &["a.bu"], "");
    assert_eq!((said.code, said.stdout.as_str()), (Some(1), ""));
    let shown =
        "error: path not absolute\n --> a.bu:5:13\n  |\n5 |     - path: a\n  |             ^ $.storage.files.0.path\n";
    assert!(said.stderr.starts_with(shown), "{}", said.stderr);
    let coloured = butane(dir.path(), &["--color", "a.bu"], "");
    assert!(coloured.stderr.contains("\u{1b}["), "{}", coloured.stderr);
    let raw = butane(dir.path(), &["--raw-errors", "a.bu"], "");
    let line = "error at $.storage.files.0.path, line 5 col 13: path not absolute\n";
    assert_eq!(raw.stderr, format!("{line}Error translating config: config generated was invalid\n"));
    let old = butane(dir.path(), &[], "locksmith:\n  reboot_strategy: off\n");
    assert!(old.code == Some(1) && old.stderr.contains("Container Linux Config"), "{}", old.stderr);
}

#[test]
fn wrong_usage_is_2_and_a_missing_file_1() {
    let dir = folder();
    assert_eq!(butane(dir.path(), &["--nonsense"], "").code, Some(2));
    assert_eq!(butane(dir.path(), &["a.bu", "b.bu"], "").code, Some(2));
    let missing = butane(dir.path(), &["none.bu"], "");
    assert!(missing.code == Some(1) && missing.stderr.contains("cannot open none.bu"), "{}", missing.stderr);
    assert!(butane(dir.path(), &["--version"], "").stdout.contains("butane 0.29.0"));
    assert_eq!(butane(dir.path(), &["--help"], "").code, Some(0));
}

/// Several unused keys of one object come in no order.
fn lines(text: &str) -> BTreeSet<&str> {
    text.lines().collect()
}

/// Every fortieth recorded case without files, with the reference's own arguments.
#[test]
fn recorded_cases_through_the_binary() {
    let records = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance/butane-tables.jsonl");
    let Ok(records) = fs::read_to_string(&records) else {
        println!("SKIPPED: {} is not there, so that nothing was compared", records.display());
        return;
    };
    let cases = records.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut compared = 0;
    for case in cases.filter(|case| case["files"].as_array().is_none_or(Vec::is_empty)).step_by(40) {
        let arguments: Vec<&str> = case["args"].as_array().unwrap().iter().map(|arg| arg.as_str().unwrap()).collect();
        let said = butane(folder().path(), &arguments, case["in"].as_str().unwrap());
        assert_eq!(said.code.map(i64::from), case["rc"].as_i64(), "{case}\n{}", said.stderr);
        assert_eq!(lines(&said.stderr), lines(case["stderr"].as_str().unwrap()), "{case}");
        if !case["stdout"].as_str().unwrap().contains("gzip") {
            assert_eq!(said.stdout, case["stdout"].as_str().unwrap(), "{case}");
        }
        compared += 1;
    }
    println!("{compared} recorded cases are the same through the binary");
    assert!(compared > 10);
}
