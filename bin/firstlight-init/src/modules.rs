//! Second phase: the kernel modules that the initrd brings, in the order of its list.

use crate::{console::say, node::Node};
use nix::{
    errno::Errno,
    kmod::{ModuleInitFlags, finit_module},
};
use std::fs::{self, File};

/// One path on a line, written by the initrd's maker: what a module needs stands before it.
const LIST: &str = "/etc/firstlight/modules";

pub(crate) fn run(_: &mut Node) -> Result<(), String> {
    let list = fs::read_to_string(LIST).map_err(|error| format!("cannot read {LIST}: {error}"))?;
    for path in list.lines().filter(|line| !line.is_empty()) {
        if let Err(cause) = load(path) {
            say(format_args!("cannot load {path}: {cause}"));
        }
    }
    Ok(())
}

fn load(path: &str) -> Result<(), String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    match finit_module(file, c"", ModuleInitFlags::empty()) {
        Ok(()) | Err(Errno::EEXIST) => Ok(()),
        Err(errno) => Err(errno.to_string()),
    }
}
