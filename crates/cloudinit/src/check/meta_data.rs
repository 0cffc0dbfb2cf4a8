//! `meta-data`.

use super::Findings;
use firstlight_butane::tree::{Node, Value};

pub(super) fn check(root: &Node, findings: &mut Findings) {
    if !matches!(root.value, Value::Map(_)) {
        return findings.error(root.origin.at, "meta-data is a map, like `instance-id: kitt`").help(None);
    }
    match root.get("instance-id") {
        None => findings
            .warning(
                root.origin.at,
                "there is no `instance-id`, by which cloud-init tells a new machine from an old one",
            )
            .next("add `instance-id: {{ machine.name }}`, or leave meta-data to Firstlight"),
        Some(id) if !matches!(id.value, Value::Str(_) | Value::Int(_)) => {
            findings.error(id.origin.at, "`instance-id` has to be a text").help(None);
        }
        Some(_) => {}
    }
    if let Some(name) = root.get("local-hostname").filter(|name| name.as_str().is_none()) {
        findings.error(name.origin.at, "`local-hostname` has to be a text").next("quote it");
    }
}
