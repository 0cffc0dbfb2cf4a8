//! First phase: the kernel's own file systems, and the kernel's arguments, which lie in one of them.

use crate::{arguments::Arguments, console::say, node::Node};
use nix::{
    errno::Errno,
    mount::{MsFlags, mount},
};
use std::fs;

/// Kind, folder and options of each mount, in order.
const MOUNTS: [(&str, &str, MsFlags); 4] = [
    ("proc", "/proc", MsFlags::MS_NOSUID.union(MsFlags::MS_NODEV).union(MsFlags::MS_NOEXEC)),
    ("sysfs", "/sys", MsFlags::MS_NOSUID.union(MsFlags::MS_NODEV).union(MsFlags::MS_NOEXEC)),
    ("devtmpfs", "/dev", MsFlags::MS_NOSUID.union(MsFlags::MS_NOEXEC)),
    ("tmpfs", "/run", MsFlags::MS_NOSUID.union(MsFlags::MS_NODEV)),
];

pub(crate) fn run(node: &mut Node) -> Result<(), String> {
    for (kind, folder, flags) in MOUNTS {
        if let Err(cause) = mount_one(kind, folder, flags) {
            say(format_args!("cannot mount {kind} on {folder}: {cause}"));
        }
    }
    let line = fs::read("/proc/cmdline").map_err(|error| format!("cannot read /proc/cmdline: {error}"))?;
    node.arguments = Arguments::parse(&String::from_utf8_lossy(&line));
    node.arguments.complaints.iter().for_each(say);
    Ok(())
}

/// A kernel may have mounted devtmpfs itself (CONFIG_DEVTMPFS_MOUNT): that is as good.
fn mount_one(kind: &str, folder: &str, flags: MsFlags) -> Result<(), Errno> {
    let _ = fs::create_dir_all(folder);
    match mount(Some(kind), folder, Some(kind), flags, None::<&str>) {
        Err(Errno::EBUSY) => Ok(()),
        outcome => outcome,
    }
}
