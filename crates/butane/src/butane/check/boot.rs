//! Rules of Fedora CoreOS: its boot disk, and GRUB's users.

use super::{
    super::{
        dialect::Variant,
        sugar::{filled, is_true, items, text},
    },
    Check,
};
use crate::tree::Node;

const BOOT_DISK: &str = "/dev/disk/by-id/coreos-boot-disk";

/// The minor version of Fedora CoreOS's variant; 0 for others, which have none of this.
fn minor(check: &Check<'_>) -> u8 {
    match check.dialect.variant {
        Variant::Fcos(minor) => minor,
        _ => 0,
    }
}

pub(in crate::butane) fn config(check: &mut Check<'_>, config: &Node) {
    let Some(storage) = config.get("storage").filter(|_| minor(check) >= 6) else { return };
    let mirror = config.get("boot_device").and_then(|device| device.get("mirror"));
    let mirrored = mirror.map(|mirror| items(mirror, "devices")).unwrap_or_default();
    for disk in items(storage, "disks") {
        let device = text(disk, "device").unwrap_or_default();
        let is_mirrored = mirrored.iter().any(|other| other.as_str() == Some(device));
        if device != BOOT_DISK && !is_true(disk, "wipe_table") && !is_mirrored {
            items(disk, "partitions").iter().for_each(|partition| reused_by_label(check, partition));
        }
    }
    for fs in items(storage, "filesystems") {
        let forbidden = text(fs, "path").is_some_and(|path| !may_be_mounted(path));
        if forbidden && is_true(fs, "with_mount_unit") {
            check.error(fs, "path", "path must be under /etc or /var if with_mount_unit is true");
        }
    }
}

fn reused_by_label(check: &mut Check<'_>, partition: &Node) {
    let number = partition.get("number").and_then(Node::as_int).unwrap_or(0);
    if number == 0 && partition.get("label").is_some() {
        let message = "partitions cannot be reused by label; number must be specified except on boot disk \
                       (/dev/disk/by-id/coreos-boot-disk) or when wipe_table is true";
        check.warn(partition, "number", message);
    }
}

fn may_be_mounted(path: &str) -> bool {
    let below = ["/etc", "/var"].iter().find_map(|top| path.strip_prefix(top));
    below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

pub(in crate::butane) fn boot_device(check: &mut Check<'_>, device: &Node) {
    let layout = text(device, "layout");
    let mirrored = device.get("mirror").is_some_and(|mirror| !items(mirror, "devices").is_empty());
    if mirrored && layout.is_none() {
        let message = "boot_device.layout should be specified when boot_device.mirror is specified";
        match minor(check) {
            ..7 => check.warn(device, "mirror", message),
            _ => check.error(device, "mirror", message),
        }
    }
    if let Some(layout) = layout {
        check_layout(check, device, layout);
    }
    if minor(check) >= 6 {
        if mirrored && layout.is_some_and(|layout| layout.starts_with("s390x")) {
            let message = "mirroring not supported on layouts: s390x-eckd, s390x-zfcp, s390x-virt";
            check.error(device, "layout", message);
        }
        cex(check, device, layout);
    }
}

fn check_layout(check: &mut Check<'_>, device: &Node, layout: &str) {
    let named = device.get("luks").and_then(|luks| filled(luks, "device"));
    let disks = match layout {
        "aarch64" | "ppc64le" | "x86_64" => return,
        _ if minor(check) < 6 => {
            return check.error(device, "layout", "layout must be one of: aarch64, ppc64le, x86_64");
        }
        "s390x-virt" => return,
        "s390x-eckd" => "/dev/dasd",
        "s390x-zfcp" => "/dev/sd",
        _ => {
            let known = "aarch64, ppc64le, s390x-eckd, s390x-virt, s390x-zfcp, x86_64";
            return check.error(device, "layout", &format!("layout must be one of: {known}"));
        }
    };
    match named {
        None => check.error(device, "layout", "device is required for layouts: s390x-eckd, s390x-zfcp"),
        Some(named) if !is_disk(named, disks) => {
            let message = "device name must start with /dev/dasd on s390x-eckd layout or /dev/sd on s390x-zfcp layout";
            check.error(device, "layout", message);
        }
        Some(_) => {}
    }
}

/// Whether a name ends in such a disk's: the prefix and one small letter.
fn is_disk(name: &str, prefix: &str) -> bool {
    let letter = name.chars().next_back().filter(char::is_ascii_lowercase);
    letter.and_then(|letter| name.strip_suffix(letter)).is_some_and(|rest| rest.ends_with(prefix))
}

/// IBM's crypto cards are in s390x machines only, and replace Clevis.
fn cex(check: &mut Check<'_>, device: &Node, layout: Option<&str>) {
    const MISMATCH: &str = "when using cex the targeted architecture must match s390x";
    let Some(luks) = device.get("luks") else { return };
    if !luks.get("cex").is_some_and(|cex| is_true(cex, "enabled")) {
        return;
    }
    match layout {
        None => check.error(luks, "cex", MISMATCH),
        Some(layout) if !layout.starts_with("s390x") => check.error(device, "layout", MISMATCH),
        Some(_) => {}
    }
    if !items(luks, "tang").is_empty() || is_true(luks, "tpm2") {
        check.error(device, "luks", "cannot use cex with clevis");
    }
}

pub(in crate::butane) fn luks(check: &mut Check<'_>, luks: &Node) {
    if minor(check) < 7 || filled(luks, "device").is_none() {
        return;
    }
    // A Tang server without any key is none.
    let tang = items(luks, "tang").iter().any(|tang| !tang.entries().is_empty());
    let cex = luks.get("cex").is_some_and(|cex| is_true(cex, "enabled"));
    if !tang && !cex && !is_true(luks, "tpm2") {
        check.error(luks, "luks", "no method specified for luks");
    }
}

pub(in crate::butane) fn mirror(check: &mut Check<'_>, mirror: &Node) {
    if items(mirror, "devices").len() == 1 {
        check.error(mirror, "devices", "mirroring requires at least two devices");
    }
}

pub(in crate::butane) fn grub_user(check: &mut Check<'_>, user: &Node) {
    if filled(user, "name").is_none() {
        check.error(user, "name", "field \"name\" is required");
    }
    if filled(user, "password_hash").is_none() {
        check.error(user, "password_hash", "field \"password_hash\" is required");
    }
}
