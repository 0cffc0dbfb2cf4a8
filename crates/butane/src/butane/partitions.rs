//! Warnings about Fedora CoreOS's own partitions: its root needs room, and its labels have their numbers.

use super::sugar::{is_true, items, text};
use crate::{report::Report, tree::Node};

/// The labels of the image, each with its partition's number.
const RESERVED: [(&str, i64); 5] =
    [("BIOS-BOOT", 1), ("PowerPC-PReP-boot", 1), ("EFI-SYSTEM", 2), ("boot", 3), ("root", 4)];

/// Warns about the disks of a translated config.
pub(super) fn warn(config: &Node, minor: u8, report: &mut Report) {
    let Some(storage) = config.get("storage") else { return };
    for disk in items(storage, "disks") {
        let partitions = items(disk, "partitions");
        for (index, partition) in partitions.iter().enumerate() {
            let Some(label) = text(partition, "label") else { continue };
            if label == "root" && minor >= 3 {
                root(partition, index, partitions, report);
            }
            let number = partition.get("number").and_then(Node::as_int).unwrap_or(0);
            let misplaced = RESERVED.iter().any(|(name, at)| *name == label && *at != number);
            if misplaced && !is_true(disk, "wipeTable") {
                let message = "incorrect partition number; a new partition will be created using reserved label";
                report.warn(&partition.origin_of("label"), message);
            }
        }
    }
}

fn root(partition: &Node, index: usize, all: &[Node], report: &mut Report) {
    let filled = |partition: &Node, field| partition.get(field).and_then(Node::as_int).filter(|number| *number != 0);
    let others = || all.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, other)| other);
    match filled(partition, "sizeMiB") {
        None if others().any(|other| filled(other, "startMiB").is_none()) => {
            let message = "root partition cannot expand; it is set to fill available space but is followed by an \
                           auto-positioned partition";
            report.warn(&partition.origin_of("label"), message);
        }
        Some(..8192) => report.warn(&partition.origin_of("sizeMiB"), "root should have 8GiB of space assigned"),
        _ => {}
    }
}
