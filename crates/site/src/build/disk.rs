//! `disk` in an `install` block: a name, or a block with what the disk must be.

use crate::{DiskChoice, DiskMatch, SizeRule, fields::Fields, source::At};

/// Longer than any disk's serial number or model (ATA: 40 characters, NVMe: 40).
const LONGEST: usize = 64;

/// `None` where there is none, or a wrong one.
pub(super) fn read(install: &Fields<'_, '_>) -> Option<DiskChoice> {
    match (install.written("disk"), install.inner("disk")) {
        (Some(written), Some(inner)) => {
            let note = install.error(inner.block.header, "the disk is chosen twice");
            note.related(written.key, "here by its name").next("remove one of the two");
            None
        }
        (_, Some(inner)) => fitting(&inner),
        (_, None) => by_name(install),
    }
}

fn by_name(install: &Fields<'_, '_>) -> Option<DiskChoice> {
    install.require("disk", "\"/dev/vda\"");
    let disk = install.text("disk")?;
    let is_disk =
        |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "/._:-".contains(c));
    if !disk.value.strip_prefix("/dev/").is_some_and(is_disk) {
        let note = install.error(disk.span, format!("`{}` is not the name of a disk", disk.value));
        note.next("write it as the installer will see it, like /dev/vda or /dev/disk/by-id/…");
    }
    Some(DiskChoice::Path(disk.value))
}

fn fitting(disk: &Fields<'_, '_>) -> Option<DiskChoice> {
    let text = |name: &str| disk.text(name).and_then(|at| plain(disk, name, at));
    let sizes = disk.parsed_list::<SizeRule>("size").unwrap_or_default();
    let wanted = DiskMatch {
        serial: text("serial"),
        model: text("model"),
        size: sizes.iter().map(|at| at.value).collect(),
        rotational: disk.flag("rotational"),
    };
    if !["serial", "model", "size", "rotational"].iter().any(|name| disk.is_set(name)) {
        let note = disk.error(disk.block.header, "nothing says which disk");
        note.next("add `serial`, `model`, `size` or `rotational`");
        return None;
    }
    check_sizes(disk, &wanted, &sizes);
    Some(DiskChoice::Fitting(Box::new(wanted)))
}

/// What is compared on the machine, in a shell there.
fn plain(disk: &Fields<'_, '_>, name: &str, at: At<String>) -> Option<String> {
    let text = at.value.trim();
    let fits = (1..=LONGEST).contains(&text.len()) && text.chars().all(|c| c == ' ' || c.is_ascii_graphic());
    if !fits {
        let note = disk.error(at.span, format!("no disk has the `{name}` `{text}`"));
        note.help(format!("write it as the disk itself says it: 1 to {LONGEST} characters of ASCII"));
    }
    fits.then(|| text.to_owned())
}

fn check_sizes(disk: &Fields<'_, '_>, wanted: &DiskMatch, sizes: &[At<SizeRule>]) {
    let is_pick = |at: &&At<SizeRule>| matches!(at.value, SizeRule::Smallest | SizeRule::Largest);
    if let Some(second) = sizes.iter().filter(is_pick).nth(1) {
        disk.error(second.span, "only one of `smallest` and `largest` can hold").next("remove one of them");
    }
    let (least, most) = wanted.bounds();
    if let (Some(most), Some(at)) = (most, sizes.first())
        && most < least
    {
        disk.error(at.span, "no disk is as large and as small as that").next("make the bounds overlap");
    }
}
