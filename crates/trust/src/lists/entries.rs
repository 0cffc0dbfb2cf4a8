//! The lines of a list, whichever kind of list it is: a line can be told by its look alone.

use super::Hash;

/// One file of a list.
#[derive(Debug, Clone)]
pub(super) struct Entry<'a> {
    /// As it is written; empty where a line is a hash and nothing else.
    pub(super) name: &'a str,
    pub(super) hash: Hash,
    pub(super) size: Option<u64>,
}

/// The files of a list that have a SHA-256 or SHA-512.
pub(super) fn entries(text: &str) -> impl Iterator<Item = Entry<'_>> {
    let mut state = State::default();
    text.lines().filter_map(move |line| state.line(line.trim_end()))
}

/// What earlier lines say of later ones.
#[derive(Debug, Default)]
struct State<'a> {
    /// The heading above says that these are hashes of another kind, though as long: `# BLAKE2B HASH`, `MD5Sum:`.
    other_kind: bool,
    /// `Filename:` of the stanza that this is in.
    file: Option<&'a str>,
    size: Option<u64>,
    /// In a stanza about a package, which anybody's description is a part of: only fields count.
    in_package: bool,
}

impl<'a> State<'a> {
    fn line(&mut self, line: &'a str) -> Option<Entry<'a>> {
        if line.is_empty() {
            *self = State::default();
            return None;
        }
        if let Some(comment) = line.strip_prefix('#') {
            self.heading(comment);
            return None;
        }
        if let Some(entry) = self.field(line) {
            return entry;
        }
        if self.in_package {
            return None;
        }
        bsd(line).or_else(|| treeinfo(line)).or_else(|| if self.other_kind { None } else { listed(line) })
    }

    /// `# SHA512 HASH`. Any other comment changes nothing.
    fn heading(&mut self, comment: &str) {
        if let Some(kind) = comment.trim().strip_suffix(" HASH") {
            self.other_kind = !matches!(kind, "SHA256" | "SHA512");
        }
    }

    /// A field of Debian's: `None` when the line is not one, `Some(None)` when it is one without a hash.
    fn field(&mut self, line: &'a str) -> Option<Option<Entry<'a>>> {
        let (name, value) = line.split_once(':')?;
        let value = value.trim();
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return None;
        }
        match name {
            "Package" => self.in_package = true,
            "Filename" => self.file = Some(value),
            "Size" => self.size = value.parse().ok(),
            "SHA256" | "SHA512" if !value.is_empty() => {
                let (file, size) = (self.file, self.size);
                return Some(file.and_then(|name| Some(Entry { name, hash: hash(value)?, size })));
            }
            // The heading of a section of Release: its lines say by their length what they are.
            _ => self.other_kind = false,
        }
        Some(None)
    }
}

/// `SHA256 (name) = hash`, with or without the blanks.
fn bsd(line: &str) -> Option<Entry<'_>> {
    let (before, after) = line.rsplit_once('=')?;
    let (kind, name) = before.trim_end().strip_suffix(')')?.split_once('(')?;
    let hash = hash(after.trim())?;
    match (kind.trim_end(), &hash) {
        ("SHA256", Hash::Sha256(_)) | ("SHA512", Hash::Sha512(_)) => Some(Entry { name, hash, size: None }),
        _ => None,
    }
}

/// `name = sha256:hash`.
fn treeinfo(line: &str) -> Option<Entry<'_>> {
    let (name, hash) = line.split_once('=')?;
    let hash = hash.trim().strip_prefix("sha256:")?.parse().ok()?;
    Some(Entry { name: name.trim_end(), hash: Hash::Sha256(hash), size: None })
}

/// `hash  name`, `hash *name`, ` hash size path`, or `hash` alone.
fn listed(line: &str) -> Option<Entry<'_>> {
    let is_release = line.starts_with(' ');
    let line = line.trim_start();
    let (digits, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
    let hash = hash(digits)?;
    let rest = rest.trim_start();
    if is_release
        && let Some((size, name)) = rest.split_once(' ')
        && let Ok(size) = size.parse()
    {
        return Some(Entry { name: name.trim_start(), hash, size: Some(size) });
    }
    Some(Entry { name: rest.strip_prefix('*').unwrap_or(rest), hash, size: None })
}

/// By its length: 64 hex digits are SHA-256, 128 are SHA-512.
fn hash(digits: &str) -> Option<Hash> {
    match digits.len() {
        64 => digits.parse().ok().map(Hash::Sha256),
        128 => digits.parse().ok().map(Hash::Sha512),
        _ => None,
    }
}
