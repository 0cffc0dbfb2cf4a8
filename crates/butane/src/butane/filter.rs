//! What a variant's system cannot do, though the language could say it.

use super::dialect::{Dialect, Variant};
use crate::{
    report::Report,
    tree::{Node, Value},
};

/// What is forbidden: the way to it in Ignition's shape, through lists too, and why.
type Forbidden = (&'static [&'static str], &'static str);

const NO_CLEVIS: &[Forbidden] = &[(&["storage", "luks", "clevis"], "clevis is not supported in this spec version")];

const NO_CEX: &[Forbidden] = &[(&["storage", "luks", "cex"], "cex is not currently supported on the target platform")];

/// Systems that come as an image for the edge have their disks made by it.
const EDGE: &[Forbidden] = &[
    (&["kernelArguments"], "kernel argument customization is not supported in this spec version"),
    (&["storage", "disks"], "disk customization is not supported in this spec version"),
    (&["storage", "filesystems"], "filesystem customization is not supported in this spec version"),
    (&["storage", "luks"], "luks is not supported in this spec version"),
    (&["storage", "raid"], "raid is not supported in this spec version"),
];

/// An error for everything in a translated config that its variant forbids.
pub(super) fn verify(config: &Node, dialect: &Dialect) -> Report {
    let forbidden = match dialect.variant {
        Variant::Flatcar if dialect.layer < 8 => NO_CLEVIS,
        Variant::Flatcar => NO_CEX,
        Variant::R4e | Variant::Fiot => EDGE,
        Variant::Fcos(_) => &[],
    };
    let mut report = Report::default();
    for (way, why) in forbidden {
        find(config, way, why, &mut report);
    }
    report
}

fn find(node: &Node, way: &[&str], why: &str, report: &mut Report) {
    match (way, &node.value) {
        ([], _) if !is_empty(node) => report.error(&node.origin, why),
        ([], _) => {}
        (_, Value::List(items)) => items.iter().for_each(|item| find(item, way, why, report)),
        ([next, rest @ ..], _) => {
            if let Some(child) = node.get(next) {
                find(child, rest, why, report);
            }
        }
    }
}

/// Whether nothing is said.
fn is_empty(node: &Node) -> bool {
    match &node.value {
        Value::Null => true,
        Value::List(items) => items.is_empty(),
        Value::Map(entries) => entries.iter().all(|(_, value)| is_empty(value)),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) => false,
    }
}
