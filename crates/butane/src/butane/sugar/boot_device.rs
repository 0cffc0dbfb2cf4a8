//! `boot_device`: Fedora CoreOS's root encrypted, mirrored, or both. The disks get the layout that its images have
//! (coreos-assembler's `create_disk.sh`), so that what boots from the image boots from the copies.

use super::{From, filled, is_true, items, take, text};
use crate::{
    butane::{schema, translate::Translator},
    tree::{Node, Origin},
};

const RESERVED: &str = "8DA63339-0007-60C0-C436-083AC8230908";
const BIOS: &str = "21686148-6449-6E6F-744E-656564454649";
const PREP: &str = "9E1A2D38-C612-4316-AA26-8B49521E5A8B";
const ESP: &str = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B";

/// A partition: label, size in MiB, type.
type Partition = (&'static str, i64, &'static str);

/// The two partitions before `boot` on an architecture.
fn firmware(layout: &str) -> [Partition; 2] {
    match layout {
        "aarch64" => [("reserved", 1, RESERVED), ("esp", 127, ESP)],
        "ppc64le" => [("prep", 4, PREP), ("reserved", 1, RESERVED)],
        // Never mirrored, which the check has seen to.
        layout if layout.starts_with("s390x") => [("reserved", 1, RESERVED), ("reserved", 1, RESERVED)],
        _ => [("bios", 1, BIOS), ("esp", 127, ESP)],
    }
}

impl Translator<'_> {
    /// A config with the volumes that the boot device asks for; none if it asks for none.
    pub(in crate::butane) fn boot_device(&mut self, device: &Node) -> Option<Node> {
        let layout = text(device, "layout").unwrap_or("x86_64");
        let luks = device.get("luks").filter(|luks| wants_luks(luks));
        let mirror = device.get("mirror").filter(|mirror| !items(mirror, "devices").is_empty());
        if luks.is_none() && mirror.is_none() {
            return None;
        }
        let from = From(&device.origin);
        let mut storage = Vec::new();
        let mut filesystems = Vec::new();
        if let Some(mirror) = mirror {
            let devices = items(mirror, "devices");
            storage.push(("disks", disks(mirror, layout)));
            storage.push(("raid", raids(&mirror.origin, devices.len())));
            filesystems = mirror_filesystems(mirror, layout);
        }
        if let Some(luks) = luks {
            let volume = self.root_volume(luks, layout, mirror.is_some());
            storage.push(("luks", From(&luks.origin).list([volume])));
        }
        let root = if luks.is_some() { "/dev/mapper/root" } else { "/dev/md/md-root" };
        filesystems.push(filesystem(&device.origin, root, "xfs", "root"));
        storage.push(("filesystems", from.list(filesystems)));
        Some(from.map([("storage", from.map(storage))]))
    }

    fn root_volume(&mut self, luks: &Node, layout: &str, mirrored: bool) -> Node {
        let from = From(&luks.origin);
        let named = filled(luks, "device").unwrap_or_default();
        let device = match layout {
            "s390x-eckd" => format!("{named}2"),
            "s390x-zfcp" => format!("{named}4"),
            _ if mirrored => "/dev/md/md-root".to_owned(),
            _ => "/dev/disk/by-partlabel/root".to_owned(),
        };
        let mut translated = self.object(luks.clone(), &schema::BOOT_LUKS);
        let discard = take(&mut translated, "discard").map(|discard| ("discard", discard));
        let cex = take(&mut translated, "cex").filter(|cex| is_true(cex, "enabled"));
        let key = match cex {
            Some(cex) => ("cex", cex),
            None => ("clevis", translated),
        };
        let rest = [
            ("device", from.text(device)),
            ("label", from.text("luks-root")),
            ("name", from.text("root")),
            ("wipeVolume", from.truth(true)),
        ];
        from.map([key].into_iter().chain(discard).chain(rest))
    }
}

fn wants_luks(luks: &Node) -> bool {
    let cex = luks.get("cex").is_some_and(|cex| is_true(cex, "enabled"));
    cex || is_true(luks, "tpm2") || !items(luks, "tang").is_empty()
}

/// The disks of a mirror, all with the same partitions.
fn disks(mirror: &Node, layout: &str) -> Node {
    let devices = mirror.get("devices");
    let disk = |(index, device): (usize, &Node)| {
        let from = From(&device.origin);
        let partition = |label: &str, size: Option<i64>, kind: Option<&str>| {
            let label = ("label", from.text(format!("{label}-{}", index + 1)));
            let size = size.map(|size| ("sizeMiB", from.number(size)));
            let kind = kind.map(|kind| ("typeGuid", from.text(kind)));
            from.map([Some(label), size, kind].into_iter().flatten())
        };
        let firmware = firmware(layout).map(|(label, size, kind)| partition(label, Some(size), Some(kind)));
        let system = [partition("boot", Some(384), None), partition("root", None, None)];
        from.map([
            ("device", from.text(device.as_str().unwrap_or_default())),
            ("partitions", from.list(firmware.into_iter().chain(system))),
            ("wipeTable", from.truth(true)),
        ])
    };
    let origin = devices.map_or(&mirror.origin, |devices| &devices.origin);
    From(origin).list(items(mirror, "devices").iter().enumerate().map(disk))
}

fn raids(origin: &Origin, count: usize) -> Node {
    let from = From(origin);
    let raid = |name: &str, options: Option<&str>| {
        let devices = (1..=count).map(|index| from.text(format!("/dev/disk/by-partlabel/{name}-{index}")));
        let options = options.map(|options| ("options", from.list([from.text(options)])));
        let entries = [
            Some(("devices", from.list(devices))),
            Some(("level", from.text("raid1"))),
            Some(("name", from.text(format!("md-{name}")))),
            options,
        ];
        from.map(entries.into_iter().flatten())
    };
    // With the superblock at its end, a partition looks to GRUB like one without RAID.
    from.list([raid("boot", Some("--metadata=1.0")), raid("root", None)])
}

/// The file systems of a mirror's disks, and of the mirrored `boot`.
fn mirror_filesystems(mirror: &Node, layout: &str) -> Vec<Node> {
    let has_esp = firmware(layout).iter().any(|(label, _, _)| *label == "esp");
    let devices = items(mirror, "devices").iter().enumerate().filter(|_| has_esp);
    let esp = |(index, device): (usize, &Node)| {
        let label = format!("esp-{}", index + 1);
        filesystem(&device.origin, &format!("/dev/disk/by-partlabel/{label}"), "vfat", &label)
    };
    let boot = filesystem(&mirror.origin, "/dev/md/md-boot", "ext4", "boot");
    devices.map(esp).chain([boot]).collect()
}

fn filesystem(origin: &Origin, device: &str, format: &str, label: &str) -> Node {
    let from = From(origin);
    from.map([
        ("device", from.text(device)),
        ("format", from.text(format)),
        ("label", from.text(label)),
        ("wipeFilesystem", from.truth(true)),
    ])
}
