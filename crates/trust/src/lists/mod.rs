//! Lists of hashes: which hash belongs to a file.
//!
//! ```text
//! <hash>  name · <hash> *name               sha256sum, sha512sum; DIGESTS of Flatcar, with headings
//! SHA256 (name) = <hash>                    BSD; CHECKSUM of Fedora and Rocky
//! <hash>                                    the only line of a name.sha256
//! name = sha256:<hash>                      .treeinfo of Fedora and what is made from it
//!  <hash> <size> path                       Release and InRelease of Debian
//! Filename: path … SHA256: <hash>           Packages of Debian
//! ```
//!
//! Only SHA-256 and SHA-512 are taken; MD5, SHA-1 and others in between are passed over. A list says nothing by itself:
//! whoever asks has verified its signature, or pinned it.

mod entries;

use entries::{Entry, entries};
use firstlight_model::{Sha256, Sha512, nearest};
use std::collections::BTreeSet;

/// Lists that are longer are not read, in bytes: Debian's index of all its packages is shorter.
pub const MAX_LIST: usize = 128 << 20;

/// A hash from a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hash {
    /// SHA-256, which is taken where a list has both.
    Sha256(Sha256),
    /// SHA-512.
    Sha512(Sha512),
}

/// What a list says of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its name there.
    pub name: String,
    /// Its hash.
    pub hash: Hash,
    /// Its length in bytes, where the list tells.
    pub size: Option<u64>,
}

/// Why a list does not tell the hash of a file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is longer than lists are.
    #[error("the list is {0} bytes long; at most {MAX_LIST} are read")]
    TooLong(usize),
    /// It has no hash at all.
    #[error("there is no SHA-256 or SHA-512 in it: is it a list of hashes?")]
    NoHashes,
    /// It has others.
    #[error("it does not say the hash of {wanted}{}", near.as_ref().map(|near| format!("; {near}")).unwrap_or_default())]
    Absent {
        /// What was looked for.
        wanted: String,
        /// What is in it and may have been meant.
        near: Option<String>,
    },
    /// It has more than one.
    #[error("it has several that {wanted} could be: {}; give more of its path", names.join(", "))]
    Ambiguous {
        /// What was looked for.
        wanted: String,
        /// What it could be.
        names: Vec<String>,
    },
}

/// Finds a file by its name or path, of which one must end in the other: `https://…/images/netboot/linux` is
/// `./netboot/linux` in a list, and so is `linux` where there is no other. The longest such match counts; it is an error
/// when there are several, with different hashes.
pub fn find(list: &[u8], wanted: &str) -> Result<Found, Error> {
    if list.len() > MAX_LIST {
        return Err(Error::TooLong(list.len()));
    }
    let text = String::from_utf8_lossy(list);
    let path = path_of(wanted);
    let mut best: (usize, Vec<Entry<'_>>) = (0, Vec::new());
    let (mut count, mut alone) = (0u64, None);
    for entry in entries(&text) {
        count += 1;
        let common = common(&path, entry.name);
        if common > best.0 {
            best = (common, Vec::new());
        }
        if common > 0 && common == best.0 {
            best.1.push(entry.clone());
        }
        alone = (count == 1 && entry.name.is_empty()).then_some(entry);
    }
    best.1.extend(alone);
    match count {
        0 => Err(Error::NoHashes),
        _ => choose(best.1, &path, &text),
    }
}

/// The path in a URL, without what is not part of the file's name; a path stays as it is.
fn path_of(wanted: &str) -> String {
    let Some((_, after)) = wanted.split_once("://") else { return wanted.to_owned() };
    let path = after.split(['?', '#']).next().unwrap_or_default();
    unescape(path)
}

fn unescape(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit())).and_then(|d| u8::from_str_radix(d, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.rsplit('/').filter(|part| !part.is_empty() && *part != ".")
}

/// How many parts two paths have in common from their ends, if one of them is thereby used up; else 0.
fn common(one: &str, other: &str) -> usize {
    let (mut one, mut other) = (parts(one), parts(other));
    let mut count = 0;
    loop {
        match (one.next(), other.next()) {
            (Some(one), Some(other)) if one == other => count += 1,
            (Some(_), Some(_)) => return 0,
            _ => return count,
        }
    }
}

/// Of the matches that are equally good, the one, if their hashes agree.
fn choose(matches: Vec<Entry<'_>>, wanted: &str, text: &str) -> Result<Found, Error> {
    let of_kind = |sha256: bool| matches.iter().filter(move |entry| matches!(entry.hash, Hash::Sha256(_)) == sha256);
    for sha256 in [true, false] {
        let hashes: BTreeSet<Hash> = of_kind(sha256).map(|entry| entry.hash).collect();
        if hashes.len() > 1 {
            let names: BTreeSet<&str> = of_kind(sha256).map(|entry| entry.name).collect();
            let names = names.into_iter().take(8).map(shown).collect();
            return Err(Error::Ambiguous { wanted: shown(last(wanted)), names });
        }
    }
    match of_kind(true).chain(of_kind(false)).next() {
        Some(entry) => Ok(Found { name: shown(entry.name), hash: entry.hash, size: entry.size }),
        None => Err(Error::Absent { wanted: shown(last(wanted)), near: near(last(wanted), text) }),
    }
}

fn last(path: &str) -> &str {
    parts(path).next().unwrap_or(path)
}

fn shown(name: &str) -> String {
    crate::verdict::printable(name.as_bytes())
}

/// What else there is that may have been meant.
fn near(wanted: &str, text: &str) -> Option<String> {
    let names: BTreeSet<String> = entries(text).take(5000).map(|entry| shown(last(entry.name))).collect();
    nearest::suggestion(wanted, names.iter().map(String::as_str))
}

#[cfg(test)]
mod tests;
