//! Versions out of the names of files and folders, wherever they stand: an index in HTML, a list of hashes. The pattern
//! has `{version}` once: `href="{version}/"`, `ubuntu-{version}-live-server-amd64.iso`.

use super::{MOST, Offer, is_version};
use crate::sums;
use std::collections::BTreeSet;

/// How far a version may reach in a line, in bytes.
const WINDOW: usize = 64;

pub(super) fn offers(text: &str, pattern: &str) -> Vec<Offer> {
    let Some((before, after)) = pattern.split_once("{version}") else { return Vec::new() };
    let mut versions = BTreeSet::new();
    for line in text.lines() {
        versions.extend(in_line(line, before, after));
        if versions.len() > MOST {
            break;
        }
    }
    // The hashes are those of the whole text: which of them belongs to which version, their names say.
    let files = if versions.is_empty() { Default::default() } else { sums::of_files(text) };
    versions.into_iter().map(|version| Offer { version: version.to_owned(), files: files.clone() }).collect()
}

fn in_line<'l>(line: &'l str, before: &'l str, after: &'l str) -> impl Iterator<Item = &'l str> {
    let starts: Vec<usize> = match before {
        "" => vec![0],
        before => line.match_indices(before).map(|(at, _)| at + before.len()).take(100).collect(),
    };
    starts.into_iter().filter_map(move |start| {
        let rest = line.get(start..)?;
        let end = match after {
            "" => rest.find(|c: char| !(c.is_ascii_alphanumeric() || "._+~-".contains(c))).unwrap_or(rest.len()),
            after => rest.find(after)?,
        };
        rest.get(..end).filter(|version| end <= WINDOW && is_version(version))
    })
}
