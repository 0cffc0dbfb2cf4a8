//! Butane: `butane` 0.29. Exit code, output, and what is said, line by line.
//!
//! Compared are JSON byte for byte, or with its data URLs decoded where it has `gzip`, since compressors differ; and what
//! is said as a set, since the reference finds the unused keys of an object in random order. Where YAML cannot be read the
//! words differ, but the line is named.

use super::decoded::decoded;
use base64::{Engine, engine::general_purpose::STANDARD};
use firstlight_butane::{Failure, Files, Folder, NoFiles, Options, translate};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

#[test]
fn butane_tables() {
    super::compare("butane-tables.jsonl", compare);
}

#[test]
fn butane_documentation() {
    super::compare("butane-docs.jsonl", compare);
}

#[test]
fn butane_probes() {
    super::compare("butane-probes.jsonl", compare);
}

/// What differs between the record and what we do.
fn compare(case: &Value) -> Result<(), String> {
    difference(case).map_or(Ok(()), Err)
}

fn difference(case: &Value) -> Option<String> {
    let args: Vec<&str> = case["args"].as_array().unwrap().iter().map(|arg| arg.as_str().unwrap()).collect();
    let dir = tempfile::tempdir().unwrap();
    let files = dir.path().join("files");
    lay_out(&files, &case["files"]);
    let folder = Folder::new(&files);
    let with_files = args.contains(&"--files-dir");
    let source: &dyn Files = if with_files { &folder } else { &NoFiles };
    let outcome = translate(case["in"].as_str().unwrap(), source, Options::default());

    let strict = args.contains(&"--strict") && !outcome.report.is_empty();
    let fails = outcome.failure.is_some() || strict;
    if fails != (case["rc"].as_i64() == Some(1)) {
        return Some(format!("fails: {fails}\n{}{:?}", outcome.report, outcome.failure));
    }
    let stderr = case["stderr"].as_str().unwrap();
    if outcome.failure == Some(Failure::Yaml) {
        return names_the_line(stderr, &outcome.report.to_string());
    }
    let said = outcome.report.to_string().replace(files.to_str().unwrap(), "files");
    let mut said: BTreeSet<String> = said.lines().map(str::to_owned).collect();
    said.extend(outcome.failure.map(|failure| format!("Error translating config: {failure}")));
    if strict {
        said.insert("Config produced warnings and --strict was specified".to_owned());
    }
    let expected: BTreeSet<String> = stderr.lines().map(str::to_owned).collect();
    if said != expected {
        return Some(format!("says {said:#?}\ninstead of {expected:#?}"));
    }
    let output = outcome.ignition.filter(|_| !strict).unwrap_or_default();
    let stdout = case["stdout"].as_str().unwrap();
    if !stdout.contains("gzip") {
        let same = output == stdout.trim_end();
        return (!same).then(|| format!("makes {output}\ninstead of {stdout}"));
    }
    let (ours, theirs) = (decoded(&output), decoded(stdout));
    (ours != theirs).then(|| format!("makes {ours:#}\ninstead of {theirs:#}"))
}

/// The reference names no line for some mistakes, but where it does, we name one too.
fn names_the_line(theirs: &str, ours: &str) -> Option<String> {
    let line = theirs.split("line ").nth(1).map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next().unwrap());
    let named = line.is_none_or(|line| ours.contains(&format!("line {line} col ")));
    (!named).then(|| format!("says {ours}instead of {theirs}"))
}

pub(super) fn lay_out(files: &Path, list: &Value) {
    fs::create_dir(files).unwrap();
    for file in list.as_array().into_iter().flatten() {
        let path = files.join(file["path"].as_str().unwrap());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        if file["dir"] == true {
            fs::create_dir_all(&path).unwrap();
        } else if let Some(target) = file["link"].as_str() {
            symlink(target, &path).unwrap();
        } else {
            fs::write(&path, content(file)).unwrap();
            let mode = if file["executable"] == true { 0o755 } else { 0o644 };
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }
    }
}

/// A file's content in a record: text, or base64.
fn content(file: &Value) -> Vec<u8> {
    match (file["content"].as_str(), file["content"]["base64"].as_str()) {
        (Some(text), _) => text.as_bytes().to_vec(),
        (_, Some(text)) => STANDARD.decode(text).unwrap(),
        _ => Vec::new(),
    }
}
