//! Filesystems: what each can have, and the disks that they lie on.

use super::{Check, is_true, text_or_empty};
use crate::{ignition::version::Version, text::path, tree::Node};
use std::collections::HashMap;

/// A filesystem has a device, a known format, and a label that this has room for.
pub(in crate::ignition) fn filesystem(check: &mut Check<'_>) {
    if check.has_text("path") {
        check.require("path", path::check(check.text("path").unwrap_or("")));
    }
    let format = check.text("format").unwrap_or("");
    check.require("device", path::check(check.text("device").unwrap_or("")));
    check.require("format", known_format(check, format));
    check.require("label", fitting_label(check, format));
}

fn known_format(check: &Check<'_>, format: &str) -> Result<(), &'static str> {
    match format {
        "ext4" | "btrfs" | "xfs" | "swap" | "vfat" => Ok(()),
        "none" if check.version >= Version::V3_3 => Ok(()),
        "" if !is_described(check) => Ok(()),
        "" => {
            Err("format cannot be empty when path, label, uuid, wipeFilesystem, options, or mountOptions is specified")
        }
        _ => Err("invalid filesystem format"),
    }
}

/// Whether anything is said of a filesystem that only one with a format has.
fn is_described(check: &Check<'_>) -> bool {
    ["path", "label", "uuid"].iter().any(|field| check.has_text(field))
        || check.is_true("wipeFilesystem")
        || ["mountOptions", "options"].iter().any(|list| !check.items(list).is_empty())
}

/// How long a label may be, in bytes, after mkfs.ext4(8) and its like.
fn fitting_label(check: &Check<'_>, format: &str) -> Result<(), &'static str> {
    let length = check.text("label").map_or(0, str::len);
    match format {
        _ if length == 0 => Ok(()),
        "" => Err("filesystem must specify format if label is specified"),
        "ext4" if length > 16 => Err("filesystem labels cannot be longer than 16 characters when using ext4"),
        "btrfs" if length > 256 => Err("filesystem labels cannot be longer than 256 characters when using btrfs"),
        "xfs" if length > 12 => Err("filesystem labels cannot be longer than 12 characters when using xfs"),
        "swap" if length > 15 => Err("filesystem labels cannot be longer than 15 characters when using swap"),
        "vfat" if length > 11 => Err("filesystem labels cannot be longer than 11 characters when using vfat"),
        _ => Ok(()),
    }
}

/// What a filesystem on a whole disk does to what the disk has.
pub(super) fn on_disks(check: &mut Check<'_>) {
    let disks: HashMap<&str, &Node> =
        check.items("disks").iter().map(|disk| (text_or_empty(disk, "device"), disk)).collect();
    for (index, filesystem) in check.items("filesystems").iter().enumerate() {
        let Some(disk) = disks.get(text_or_empty(filesystem, "device")) else { continue };
        let way = ["filesystems".into(), index.into(), "device".into()];
        if !super::items(disk, "partitions").is_empty() {
            check.warn_at(&way, "filesystem overwrites partitioned device");
        } else if is_true(disk, "wipeTable") && !is_true(filesystem, "wipeFilesystem") {
            check.warn_at(&way, "device matches disk with wipeTable enabled; filesystem will be wiped");
        }
    }
}
