//! Rules about files, trees, file systems, and what is fetched or embedded.

use super::{
    super::sugar::{filled, is_true},
    Check,
    mode::is_decimal_by_mistake,
    referenced,
};
use crate::tree::Node;

const DECIMAL_MODE: &str =
    "unreasonable mode would be reasonable if specified in octal; remember to add a leading zero";

pub(in crate::butane) fn directory(check: &mut Check<'_>, directory: &Node) {
    mode(check, directory, true);
}

pub(in crate::butane) fn file(check: &mut Check<'_>, file: &Node) {
    mode(check, file, false);
}

fn mode(check: &mut Check<'_>, node: &Node, directory: bool) {
    let mode = node.get("mode").and_then(Node::as_int);
    if mode.is_some_and(|mode| is_decimal_by_mistake(mode, directory)) {
        check.warn(node, "mode", DECIMAL_MODE);
    }
}

pub(in crate::butane) fn tree(check: &mut Check<'_>, tree: &Node) {
    if filled(tree, "local").is_none() {
        check.report.error(&tree.origin, "local is required");
    }
}

pub(in crate::butane) fn filesystem(check: &mut Check<'_>, fs: &Node) {
    const NO_PATH: &str = "path is required if with_mount_unit is true and format is not swap";
    const NO_FORMAT: &str = "format is required if with_mount_unit is true";
    if !is_true(fs, "with_mount_unit") {
        return;
    }
    let (format, path) = (filled(fs, "format"), filled(fs, "path"));
    // Swap came with the fourth layer; before, every mount unit needed a path.
    let needs_path = check.dialect.layer < 4 || format.is_some_and(|format| format != "swap");
    if needs_path && path.is_none() {
        check.error(fs, "path", NO_PATH);
    }
    if format.is_none() {
        check.error(fs, "format", NO_FORMAT);
    }
}

pub(in crate::butane) fn resource(check: &mut Check<'_>, resource: &Node) {
    let given: Vec<&str> =
        ["local", "inline", "source"].into_iter().filter(|field| resource.get(field).is_some()).collect();
    match given[..] {
        [] => {}
        ["inline"] => referenced::check(check, resource),
        [_] => {}
        // The first layer complains of the sugar, the others of what comes last.
        [.., last] => {
            let field = if check.dialect.layer == 1 { "inline" } else { last };
            let origin = resource.origin_of(field.to_owned());
            check.report.error(&origin, "only one of the following can be set: inline, local, source");
        }
    }
}
