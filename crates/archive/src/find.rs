//! From a path to the member with the content: links followed, and what may have been meant instead.

use crate::{Error, Kind, Member, Result, path};
use std::collections::HashMap;

/// As many links as Linux follows in one path.
pub(crate) const HOPS: usize = 40;
/// How many paths an error suggests.
const SUGGESTIONS: usize = 5;

/// The number of the member that has the content of `wanted`.
pub(crate) fn find(members: &[Member], wanted: &str) -> Result<usize> {
    let known: HashMap<&str, usize> =
        members.iter().enumerate().map(|(at, member)| (member.path.as_str(), at)).collect();
    let end = follow(members, &known, wanted)?;
    let Some((at, member)) = known.get(end.as_str()).and_then(|at| Some((*at, members.get(*at)?))) else {
        return Err(missing(members, wanted, end));
    };
    let not_a_file = |what| Err(Error::NotFile { path: end.clone(), what });
    match member.kind {
        Kind::File => Ok(with_content(members, at, member)),
        Kind::Folder => not_a_file("a folder"),
        Kind::Other(what) => not_a_file(what),
        Kind::Symlink(_) | Kind::HardLink(_) => Err(Error::Links { path: wanted.to_owned() }),
    }
}

/// Where a path leads to, through links in any of its parts.
fn follow(members: &[Member], known: &HashMap<&str, usize>, wanted: &str) -> Result<String> {
    let mut left: Vec<&str> = path::parts(wanted).rev().collect();
    let mut done: Vec<&str> = Vec::new();
    let mut hops = 0;
    while let Some(part) = left.pop() {
        if part == ".." {
            done.pop();
            continue;
        }
        done.push(part);
        let kind = known.get(done.join("/").as_str()).and_then(|at| members.get(*at)).map(|member| &member.kind);
        let target = match kind {
            Some(Kind::Symlink(target)) => {
                if target.starts_with('/') {
                    done.clear();
                }
                done.pop();
                target
            }
            Some(Kind::HardLink(target)) => {
                done.clear();
                target
            }
            _ => continue,
        };
        hops += 1;
        if hops > HOPS {
            return Err(Error::Links { path: wanted.to_owned() });
        }
        left.extend(path::parts(target).rev());
    }
    Ok(done.join("/"))
}

/// In cpio, a file with several names has its content with only one of them.
fn with_content(members: &[Member], at: usize, member: &Member) -> usize {
    if member.size > 0 || member.same.is_none() {
        return at;
    }
    members.iter().rposition(|other| other.same == member.same && other.size > 0).unwrap_or(at)
}

fn missing(members: &[Member], wanted: &str, end: String) -> Error {
    let asked = path::normal(wanted);
    if asked != end {
        return Error::Dangling { path: asked, target: end };
    }
    Error::NoMember { near: near(members, &asked), members: members.len(), path: asked }
}

/// Files of the same name elsewhere, then those whose names have the wanted one in them.
fn near(members: &[Member], wanted: &str) -> Vec<String> {
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_lowercase();
    let asked = name(wanted);
    let rank = |member: &Member| {
        let name = name(&member.path);
        match () {
            () if name == asked => Some(0),
            () if asked.len() > 2 && name.contains(&asked) => Some(1),
            () if name.len() > 2 && asked.contains(&name) => Some(2),
            () => None,
        }
    };
    let files = members.iter().filter(|member| !matches!(member.kind, Kind::Folder | Kind::Other(_)));
    let mut ranked: Vec<_> =
        files.filter_map(|member| Some((rank(member)?, member.path.len(), &member.path))).collect();
    ranked.sort_unstable();
    ranked.dedup();
    ranked.into_iter().take(SUGGESTIONS).map(|(_, _, path)| path.clone()).collect()
}
