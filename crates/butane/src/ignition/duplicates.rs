//! Items that a list, or several lists together, may hold only once.

use super::{
    merge::{key_of, sharing},
    schema::{CONFIG, Field, Kind, Merge, Type},
    version::Version,
};
use crate::{report::Report, tree::Node};
use std::collections::{HashMap, HashSet};

/// Complains about each item whose key another one before it has.
pub fn duplicates(config: &Node, version: Version) -> Report {
    let mut report = Report::default();
    mapping(config, &CONFIG, version, &mut report);
    report
}

fn mapping(node: &Node, kind: &'static Type, version: Version, report: &mut Report) {
    let mut seen: HashMap<&str, HashSet<String>> = HashMap::new();
    let fields = || kind.fields(version).filter_map(|field| Some((field, node.get(field.name)?)));
    for (field, list) in fields().filter(|(field, _)| has_keys(field)) {
        let seen = seen.entry(sharing(field).unwrap_or(field.name)).or_default();
        for item in list.items() {
            if !seen.insert(key_of(item, field.kind)) {
                report.error(&item.origin, "duplicate entry defined");
            }
        }
    }
    for (field, child) in fields() {
        match field.kind {
            Kind::Mapping(kind) => mapping(child, kind, version, report),
            Kind::Mappings(kind, _) => child.items().iter().for_each(|item| mapping(item, kind, version, report)),
            _ => {}
        }
    }
}

fn has_keys(field: &Field) -> bool {
    match field.kind {
        Kind::Texts(merge) | Kind::Mappings(_, merge) => merge != Merge::Append,
        _ => false,
    }
}
