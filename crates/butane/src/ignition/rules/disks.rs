//! Disks and their partitions.

use super::Check;
use crate::{text::path, tree::Node};
use std::collections::{HashMap, HashSet};

/// A disk's device is named, and its partitions do not get into each other's way.
pub(in crate::ignition) fn disk(check: &mut Check<'_>) {
    let Some(device) = check.text("device").filter(|device| !device.is_empty()) else {
        return check.error("device", "disk device is required");
    };
    check.require("device", path::check(device));
    let partitions = check.items("partitions");
    let mistakes = [
        (same_number(partitions), "partition numbers collide"),
        (overlapping(partitions), "partitions overlap"),
        (same_label(partitions), "cannot use the same partition label twice"),
    ];
    for (index, message) in mistakes {
        if let Some(index) = index {
            check.error_at(&["partitions".into(), index.into()], message);
        }
    }
    if mixes_next_and_gone(partitions) {
        let message = "shouldExist is false for a partition and other partition(s) has start or size 0";
        check.error("partitions", message);
    }
}

/// Whether one partition shall go and another asks for the next free number, which may be the one that becomes free.
fn mixes_next_and_gone(partitions: &[Node]) -> bool {
    let gone = |partition: &Node| partition.get("shouldExist").and_then(Node::as_bool) == Some(false);
    let next = |partition: &Node| int(partition, "number").unwrap_or(0) == 0;
    partitions.iter().any(gone) && partitions.iter().any(next)
}

fn int(partition: &Node, field: &str) -> Option<i64> {
    partition.get(field)?.as_int()
}

/// The first partition whose number another one has. 0 is the next free number, which several may ask for.
fn same_number(partitions: &[Node]) -> Option<usize> {
    let mut seen = HashSet::new();
    let number = |partition| int(partition, "number").filter(|number| *number != 0);
    partitions.iter().position(|partition| number(partition).is_some_and(|number| !seen.insert(number)))
}

/// The first partition whose label another one has.
fn same_label(partitions: &[Node]) -> Option<usize> {
    let mut seen = HashMap::new();
    let label = |partition: &Node| partition.get("label")?.as_str().map(str::to_owned);
    partitions.iter().position(|partition| label(partition).is_some_and(|label| seen.insert(label, ()).is_some()))
}

/// A partition that lies where another one does. Only those count whose start and size are given.
fn overlapping(partitions: &[Node]) -> Option<usize> {
    let extents: Vec<(usize, i64, i64)> = partitions
        .iter()
        .enumerate()
        .filter_map(|(index, partition)| extent(partition).map(|(a, b)| (index, a, b)))
        .collect();
    extents.iter().find_map(|(own, first, last)| {
        let others = extents.iter().filter(|(other, ..)| other != own);
        let mut hit = others.filter(|(_, start, end)| first <= end && last >= start);
        hit.next().map(|(other, ..)| *other)
    })
}

/// The first and the last MiB. A partition that takes what is left counts by its start only.
fn extent(partition: &Node) -> Option<(i64, i64)> {
    let start = int(partition, "startMiB").filter(|start| *start != 0)?;
    let size = int(partition, "sizeMiB")?;
    let end = if size == 0 { start } else { start.saturating_add(size).saturating_sub(1) };
    Some((start, end))
}

/// A partition is found by number or label, and one that shall not exist is nothing else.
pub(in crate::ignition) fn partition(check: &mut Check<'_>) {
    let label = check.text("label");
    let gone = check.node.get("shouldExist").and_then(Node::as_bool) == Some(false);
    let described = label.is_some()
        || check.has_text("typeGuid")
        || check.has_text("guid")
        || check.int("startMiB").is_some()
        || check.int("sizeMiB").is_some();
    if gone && described {
        check.error_at(&[], "shouldExist specified false with other options also specified");
    }
    if check.int("number").unwrap_or(0) == 0 && label.is_none() {
        check.error_at(&[], "a partition number >= 1 or a label must be specified");
    }
    check.require("label", label.map_or(Ok(()), plain_label));
    for field in ["guid", "typeGuid"] {
        if !check.text(field).is_none_or(is_guid) {
            check.error(field, "doesn't match the form \"01234567-89AB-CDEF-EDCB-A98765432101\"");
        }
    }
}

/// A label that the partition table has room for (in the reference's count: bytes), and that sgdisk can be told.
fn plain_label(label: &str) -> Result<(), &'static str> {
    match label {
        label if label.len() > 36 => Err("partition labels may not exceed 36 characters"),
        label if label.contains(':') => Err("partition label will be truncated to text before the colon"),
        _ => Ok(()),
    }
}

fn is_guid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    text.is_empty() || (lengths.eq([8, 4, 4, 4, 12]) && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ignition::json;

    fn partitions(text: &str) -> Node {
        json::read(text.as_bytes()).unwrap()
    }

    #[test]
    fn partitions_that_touch_do_not_overlap() {
        let list = partitions(r#"[{"startMiB":1,"sizeMiB":4},{"startMiB":5,"sizeMiB":0},{"startMiB":0,"sizeMiB":9}]"#);
        assert_eq!(overlapping(list.items()), None);
        let list = partitions(r#"[{"startMiB":1,"sizeMiB":4},{"startMiB":4,"sizeMiB":1}]"#);
        assert_eq!(overlapping(list.items()), Some(1));
        let list = partitions(r#"[{"startMiB":2,"sizeMiB":1},{"startMiB":1,"sizeMiB":9223372036854775807}]"#);
        assert_eq!(overlapping(list.items()), Some(1));
    }

    #[test]
    fn numbers_and_labels_are_used_once() {
        let list =
            partitions(r#"[{"number":0,"label":"a"},{"number":0,"label":"b"},{"number":1},{"number":1,"label":"a"}]"#);
        assert_eq!(same_number(list.items()), Some(3));
        assert_eq!(same_label(list.items()), Some(3));
    }

    #[test]
    fn a_guid_is_five_groups_of_digits_or_nothing() {
        assert!(is_guid("01234567-89AB-cdef-EDCB-A98765432101"));
        assert!(is_guid(""));
        assert!(!is_guid("0123456789ABcdefEDCBA98765432101"));
        assert!(!is_guid("g1234567-89AB-cdef-EDCB-A98765432101"));
    }
}
