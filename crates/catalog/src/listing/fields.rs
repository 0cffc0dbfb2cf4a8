//! Lines of `KEY=value` (a shell's variables, `.ini`) or `Key: value` (Debian's control files): the value of one of them is
//! the version. One listing offers one version.
//!
//! - Flatcar's `version.txt`: <https://www.flatcar.org/docs/latest/installing/bare-metal/booting-with-ipxe/>
//! - Debian's `Release`: <https://wiki.debian.org/DebianRepository/Format#A.22Release.22_files>
//! - `.treeinfo` of Fedora and what is made from it: <https://productmd.readthedocs.io/en/latest/treeinfo-1.0.html>

use super::Offer;
use crate::sums;

pub(super) fn offers(text: &str, key: &str) -> Vec<Offer> {
    let (section, key) = key.split_once('.').unwrap_or(("", key));
    let value = value(text, section, key);
    value.map(|version| Offer { version: version.to_owned(), files: sums::of_files(text) }).into_iter().collect()
}

/// The first value of this name, in its section where one is named.
fn value<'t>(text: &'t str, section: &str, key: &str) -> Option<&'t str> {
    let mut inside = "";
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            inside = name;
        } else if section.is_empty() || inside == section {
            let rest = line.strip_prefix(key).map(str::trim_start);
            let value = rest.and_then(|rest| rest.strip_prefix(['=', ':']));
            if let Some(value) = value {
                return Some(value.trim().trim_matches('"'));
            }
        }
    }
    None
}
