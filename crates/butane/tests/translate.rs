//! Every sugar and every message of the translation, by the cases in `cases/*.txt`: what is written, what becomes of it,
//! and what is said. `UPDATE=1 cargo test -p firstlight-butane --test translate` writes anew what becomes of them; read
//! what it changes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "conformance/decoded.rs"]
mod decoded;

use firstlight_butane::{Files, FilesError, NoFiles, Options, TreeEntry, TreeKind, files::beneath, translate};
use std::{collections::BTreeMap, fs, path::PathBuf};

/// Where a case's input ends.
const MAKES: &str = "--- makes";
const SAYS: &str = "--- says";

/// Files in memory, as a server has them.
struct Memory(BTreeMap<&'static str, TreeKind>);

impl Memory {
    fn new() -> Self {
        let file = |executable| TreeKind::File { executable };
        let link = |target: &str| TreeKind::Link { target: target.to_owned() };
        Self(BTreeMap::from([
            ("hello", file(false)),
            ("keys", file(false)),
            ("tree", TreeKind::Directory),
            ("tree/bin", TreeKind::Directory),
            ("tree/bin/run", file(true)),
            ("tree/etc", TreeKind::Directory),
            ("tree/etc/conf", file(false)),
            ("tree/etc/link", link("../bin/run")),
            ("odd", TreeKind::Directory),
            ("odd/pipe", TreeKind::Other),
        ]))
    }
}

impl Files for Memory {
    fn read(&self, local: &str) -> Result<Vec<u8>, FilesError> {
        match (self.0.get(beneath(local)?.as_str()), beneath(local)?.as_str()) {
            (Some(TreeKind::File { .. }), "keys") => Ok(b"ssh-ed25519 A\r\n\nssh-ed25519 B\n".to_vec()),
            (Some(TreeKind::File { .. }), path) => Ok(format!("content of {path}\n").into_bytes()),
            (_, path) => Err(FilesError::NotAFile(path.to_owned())),
        }
    }

    fn walk(&self, local: &str) -> Result<Vec<TreeEntry>, FilesError> {
        let root = beneath(local)?;
        if self.0.get(root.as_str()) != Some(&TreeKind::Directory) {
            return Err(FilesError::NotADirectory);
        }
        let below = |path: &str| Some(path.strip_prefix(&root)?.trim_start_matches('/').to_owned());
        let entries = self.0.iter().filter(|(path, _)| **path == root || path.starts_with(&format!("{root}/")));
        Ok(entries.filter_map(|(path, kind)| Some(TreeEntry { path: below(path)?, kind: kind.clone() })).collect())
    }
}

/// What becomes of a config and what is said, as a case has it.
fn outcome(source: &str, title: &str) -> String {
    let memory = Memory::new();
    let files: &dyn Files = if title.contains("without a files directory") { &NoFiles } else { &memory };
    let outcome = translate(source, files, Options::default());
    let mut text = String::new();
    if let Some(json) = &outcome.ignition {
        text.push_str(&format!("{MAKES}\n{:#}\n", decoded::decoded(json)));
    }
    if !outcome.report.is_empty() || outcome.failure.is_some() {
        text.push_str(&format!("{SAYS}\n{}", outcome.report));
    }
    if let Some(failure) = outcome.failure {
        text.push_str(&format!("{failure}\n"));
    }
    text
}

/// A case: its title, its input, and all of it as it should be.
fn replay(case: &str) -> String {
    let (title, rest) = case.split_once('\n').unwrap();
    let input = rest.split(MAKES).next().unwrap().split(SAYS).next().unwrap();
    format!("{title}\n{input}{}\n", outcome(input, title))
}

#[test]
fn cases() {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let (mut wrong, mut count) = (Vec::new(), 0);
    for file in fs::read_dir(dir).unwrap() {
        let path = file.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let mut parts = text.split("## ");
        let mut replayed = parts.next().unwrap().to_owned();
        for case in parts {
            let now = replay(case);
            if now != case {
                wrong.push(format!("{} in {}", now.trim_end(), path.display()));
            }
            count += 1;
            replayed.push_str(&format!("## {now}"));
        }
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&path, replayed).unwrap();
        }
    }
    assert!(count > 60, "only {count} cases were found");
    assert!(wrong.is_empty(), "not as written there:\n{}", wrong.join("\n----\n"));
}
