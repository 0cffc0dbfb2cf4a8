//! What `ignition-validate` says of a config, against what we say. `FIRSTLIGHT_IGNITION_VALIDATE` names one that is newer
//! than Debian's (2.26): then all versions of the specification are tried, and every word is compared.

use super::{VALIDATE, for_each_seed, random::Random};
use firstlight_butane::ignition::{Refusal, Version, parse};
use std::{collections::BTreeMap, fs, process::Command};

/// What Debian's version reads too.
const VERSIONS: [Version; 4] = [Version::V3_0, Version::V3_1, Version::V3_2, Version::V3_3];

#[test]
fn ignition_validate_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.ign");
    let newest = std::env::var("FIRSTLIGHT_IGNITION_VALIDATE").ok();
    let program = newest.as_deref().unwrap_or(VALIDATE);
    let versions = if newest.is_some() { &Version::ALL[..] } else { &VERSIONS };
    let lines = if newest.is_some() { lines } else { lines_of_debian };
    for_each_seed(150, |seed| {
        let mut random = Random::new(seed, true);
        let version = versions[random.below(versions.len())];
        let text = serde_json::to_string_pretty(&random.config(version)).unwrap();
        fs::write(&file, &text).unwrap();
        let reference = Command::new(program).arg(&file).output().expect("ignition-validate runs");
        let said = String::from_utf8(reference.stdout).unwrap();
        let ours = match parse(text.as_bytes()) {
            Ok(parsed) => parsed.report.to_string(),
            Err(Refusal::Invalid(report)) => report.to_string(),
            Err(refusal) => panic!("seed {seed}: {refusal}\n{text}"),
        };
        let (said, ours) = (lines(&said), lines(&ours));
        let fails = ours.keys().any(|line| line.starts_with("error"));
        assert_eq!(reference.status.success(), !fails, "seed {seed}\n{text}\n{said:#?}\n{ours:#?}");
        let differing = |a: &BTreeMap<String, usize>, b: &BTreeMap<String, usize>| -> Vec<String> {
            a.iter()
                .filter(|(line, count)| b.get(*line) != Some(count))
                .map(|(line, n)| format!("{n} x {line}"))
                .collect()
        };
        let (missing, added) = (differing(&said, &ours), differing(&ours, &said));
        assert!(missing.is_empty() && added.is_empty(), "seed {seed}\n{text}\nmissing {missing:#?}\nadded {added:#?}");
    });
}

/// What later versions say and Debian's does not.
const NEWER: [&str; 4] = [
    "path conflicts with systemd unit or dropin",
    "filesystem overwrites partitioned device",
    "device matches disk with wipeTable enabled; filesystem will be wiped",
    "user/group ignored for hard link",
];

/// How often each line is said, in the words of a later version than Debian's.
fn lines_of_debian(text: &str) -> BTreeMap<String, usize> {
    let text =
        text.replace("Unused key ", "unused key ").replace("may not be reported.\n", "may not be reported\n").replace(
            "supported in spec versions older than 3.4.0",
            "supported or functional in spec versions older than 3.6.0",
        );
    let mut lines = lines(&text);
    lines.retain(|line, _| !NEWER.iter().any(|newer| line.ends_with(newer)));
    lines
}

/// How often each line is said.
fn lines(text: &str) -> BTreeMap<String, usize> {
    let mut lines = BTreeMap::new();
    for line in text.lines() {
        *lines.entry(line.to_owned()).or_default() += 1;
    }
    lines
}
