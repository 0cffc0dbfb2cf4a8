//! What is different between two generations, in lines: `machine "kitt" is new`.

use firstlight_boot::{BootSet, Content};
use firstlight_site::{Entry, Site, show};
use std::{collections::BTreeMap, sync::Arc};

/// Each block of the site, each file that it renders and each asset that is not as it was.
pub(super) fn between(old: &BootSet, new: &BootSet) -> Vec<String> {
    let mut changes = compare(&blocks(&show(&old.site)), &blocks(&show(&new.site)));
    changes.extend(compare(&files(&old.site), &files(&new.site)));
    changes.extend(embedded(&old.site, &new.site));
    changes.extend(other_secrets(&old.site, &new.site));
    changes.extend(other_content(old, new));
    changes
}

/// The changes in a line: the first few of them.
pub(super) fn brief(changes: &[String]) -> String {
    const FEW: usize = 5;
    match changes.len() {
        0 => "nothing is different".to_owned(),
        n if n <= FEW => changes.join(", "),
        n => format!("{}, and {} more", changes.get(..FEW).unwrap_or(changes).join(", "), n - FEW),
    }
}

/// The blocks of a site as `config show` prints it, by their first lines. It says nothing of where in a file they
/// stand, so a block that only moved is the same.
fn blocks(text: &str) -> BTreeMap<String, String> {
    let mut blocks = BTreeMap::new();
    let mut current = String::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        match line.strip_suffix(" {").filter(|header| !header.starts_with(' ')) {
            Some(header) => header.clone_into(&mut current),
            None => {
                let body: &mut String = blocks.entry(current.clone()).or_default();
                body.push_str(line);
                body.push('\n');
            }
        }
    }
    blocks
}

/// The texts that are rendered, by file.
fn files(site: &Site) -> BTreeMap<String, Arc<str>> {
    site.text_files().map(|file| (format!("file {}", file.file), file.text.clone())).collect()
}

/// The files that configs may embed.
fn embedded(old: &Site, new: &Site) -> Vec<String> {
    let of = |site: &Site| -> BTreeMap<String, Entry> {
        let folder = site.files.folder().to_owned();
        let all = site.files.below("").filter(|(_, entry)| **entry != Entry::Folder);
        all.map(|(path, entry)| (format!("file {folder}/{path}"), entry.clone())).collect()
    };
    compare(&of(old), &of(new))
}

/// The secrets that are others now. What they are is not said.
fn other_secrets<'a>(old: &'a Site, new: &'a Site) -> impl Iterator<Item = String> + 'a {
    let both = new.secrets.values().filter_map(|secret| Some((old.secrets.get(&secret.name)?, secret)));
    both.filter(|(before, now)| before.differs(now)).map(|(_, now)| format!("secret \"{}\" is another one", now.name))
}

fn compare<T: PartialEq>(old: &BTreeMap<String, T>, new: &BTreeMap<String, T>) -> Vec<String> {
    let gone = old.keys().filter(|key| !new.contains_key(*key)).map(|key| format!("{key} is gone"));
    let other = new.iter().filter_map(|(key, body)| match old.get(key) {
        None => Some(format!("{key} is new")),
        Some(before) if before != body => Some(format!("{key} is different")),
        Some(_) => None,
    });
    gone.chain(other).collect()
}

/// Assets with other bytes, or that can be served again.
fn other_content<'a>(old: &'a BootSet, new: &'a BootSet) -> impl Iterator<Item = String> + 'a {
    let hash = |content: Option<&Content>| match content {
        Some(Content::File { sha256, .. }) => Some(*sha256),
        _ => None,
    };
    let both = new.site.assets.keys().filter(|name| old.site.assets.contains_key(*name));
    both.filter(move |name| hash(old.asset(name)) != hash(new.asset(name)))
        .map(|name| format!("asset \"{name}\" has other content"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_told_apart_by_their_headers() {
        let before = "site {\n  name = \"a\"\n}\n\nmachine \"kitt\" {\n  vars = {\n    x = 1\n  }\n}\n";
        let after =
            "site {\n  name = \"a\"\n}\n\nmachine \"kitt\" {\n  vars = {\n    x = 2\n  }\n}\n\nmachine \"hal\" {\n}\n";
        let changes = compare(&blocks(before), &blocks(after));
        assert_eq!(changes, ["machine \"hal\" is new", "machine \"kitt\" is different"]);
        assert_eq!(compare(&blocks(after), &blocks(before))[0], "machine \"hal\" is gone");
        assert!(compare(&blocks(after), &blocks(after)).is_empty());
    }

    #[test]
    fn many_changes_are_said_in_short() {
        let changes: Vec<String> = (0..7).map(|n| n.to_string()).collect();
        assert_eq!(brief(&changes), "0, 1, 2, 3, 4, and 2 more");
        assert_eq!(brief(&[]), "nothing is different");
    }
}
