//! Kernel modules that a distribution ships compressed (Debian 13: xz, Ubuntu: zstd). They are unpacked by the
//! distribution's own programs: the initrd is compressed as a whole, and not every kernel can unpack a module.

use crate::{Error, Result, error::reading};
use std::{
    path::Path,
    process::{Command, Stdio},
};

/// How a file's name says that it is compressed, the program that unpacks it, and that program's package.
const FORMATS: [(&str, &str, &str); 3] = [("xz", "xz", "xz-utils"), ("zst", "zstd", "zstd"), ("gz", "gzip", "gzip")];

/// Reads a kernel module, unpacked.
pub(crate) fn read_module(path: &Path) -> Result<Vec<u8>> {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    match FORMATS.iter().find(|(suffix, ..)| *suffix == extension) {
        None => std::fs::read(path).map_err(reading(path)),
        Some(&(_, program, package)) => {
            unpack(path, program).map_err(|why| Error::Unpack { path: path.to_owned(), program, package, why })
        }
    }
}

/// The name without the suffix of its compression: `virtio.ko.xz` is `virtio.ko`.
pub(crate) fn plain_name(name: &str) -> &str {
    FORMATS.iter().find_map(|(suffix, ..)| name.strip_suffix(suffix)?.strip_suffix('.')).unwrap_or(name)
}

fn unpack(path: &Path, program: &str) -> std::result::Result<Vec<u8>, String> {
    let output =
        Command::new(program).arg("-dc").arg(path).stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}
