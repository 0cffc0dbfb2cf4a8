//! Files, directories and links, and how they go together.

use super::{Check, has_text, is_true, text_or_empty};
use crate::{
    ignition::version::Version,
    text::path,
    tree::{Node, Segment},
};
use std::collections::HashMap;

/// Nothing is written through a link, a hard link leads to a file, and a filesystem spares what its disk has.
pub(in crate::ignition) fn storage(check: &mut Check<'_>) {
    let mut links: HashMap<&str, usize> = HashMap::new();
    for link in check.items("links") {
        *links.entry(text_or_empty(link, "path")).or_default() += 1;
    }
    for (list, message) in
        [("directories", "directory path includes link in config"), ("files", "file path includes link in config")]
    {
        for (index, node) in check.items(list).iter().enumerate() {
            through_links(check, &links, list, index, node, message);
        }
    }
    for (index, link) in check.items("links").iter().enumerate() {
        through_links(check, &links, "links", index, link, "link path includes link in config");
        if check.version >= Version::V3_3 && !has_text(link, "target") {
            check.error_at(&["links".into(), index.into(), "target".into()], "link target is required");
        } else if is_true(link, "hard") {
            hard_link(check, index, link);
        }
    }
    super::filesystems::on_disks(check);
}

/// One complaint for each link that lies above this path.
fn through_links(
    check: &mut Check<'_>,
    links: &HashMap<&str, usize>,
    list: &'static str,
    index: usize,
    node: &Node,
    message: &str,
) {
    let path = text_or_empty(node, "path");
    let above = path.match_indices('/').filter_map(|(slash, _)| links.get(&path[..slash]));
    for _ in 0..above.sum::<usize>() {
        check.error_at(&[list.into(), index.into()], message);
    }
}

fn hard_link(check: &mut Check<'_>, index: usize, link: &Node) {
    let (own, target) = (text_or_empty(link, "path"), text_or_empty(link, "target"));
    let target = if target.starts_with('/') { path::clean(target) } else { path::join(own, target) };
    let way = |rest: &[&'static str]| -> Vec<Segment> {
        ["links".into(), index.into()].into_iter().chain(rest.iter().map(|field| Segment::from(*field))).collect()
    };
    for _ in check.items("directories").iter().filter(|directory| text_or_empty(directory, "path") == target) {
        check.error_at(&way(&[]), "hard link target is a directory");
    }
    for (owner, field) in [("user", "id"), ("user", "name"), ("group", "id"), ("group", "name")] {
        if link.get(owner).and_then(|owner| owner.get(field)).is_some_and(|field| !field.is_null()) {
            check.warn_at(&way(&[owner, field]), "user/group ignored for hard link");
        }
    }
}

/// A file is overwritten only by something.
pub(in crate::ignition) fn file(check: &mut Check<'_>) {
    directory(check);
    let source = check.node.get("contents").and_then(|contents| contents.get("source")?.as_str());
    if check.is_true("overwrite") && source.is_none() {
        check.error("overwrite", "overwrite must be false if source is unspecified");
    }
}

/// A path that Ignition takes, and a mode that there is.
pub(in crate::ignition) fn directory(check: &mut Check<'_>) {
    link(check);
    let Some(mode) = check.int("mode") else { return };
    if !(0..=0o7777).contains(&mode) {
        check.error("mode", "illegal file mode");
    }
    if mode & 0o7000 != 0 && check.version < Version::V3_6 {
        let message = "setuid/setgid/sticky bits are not supported or functional in spec versions older than 3.6.0";
        check.warn("mode", message);
    }
}

/// A path that Ignition takes.
pub(in crate::ignition) fn link(check: &mut Check<'_>) {
    check.require("path", path::check(check.text("path").unwrap_or("")));
}

/// An owner is given by number or by name.
pub(in crate::ignition) fn owner(check: &mut Check<'_>) {
    if check.int("id").is_some() && check.has_text("name") {
        check.error_at(&[], "cannot set both id and name");
    }
}
