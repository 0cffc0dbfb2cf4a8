//! The programs and firmware that a lab needs, found before anything is started. What is missing is named all at once,
//! with the Debian package that has it.

use crate::{Error, Result};
use firstlight_site::LabFirmware;
use std::path::{Path, PathBuf};

/// Where everything is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    /// `qemu-system-x86_64`.
    pub qemu: PathBuf,
    /// `ip` of iproute2.
    pub ip: PathBuf,
    /// OVMF's code and the variables to start with, where a machine has UEFI.
    pub ovmf: Option<(PathBuf, PathBuf)>,
}

/// What is missing: the thing and its Debian package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing(pub Vec<(&'static str, &'static str)>);

impl Missing {
    pub(crate) fn list(&self) -> String {
        let lines: Vec<_> = self.0.iter().map(|(thing, package)| format!("  {thing} (package {package})")).collect();
        lines.join("\n")
    }

    pub(crate) fn packages(&self) -> String {
        let mut packages: Vec<_> = self.0.iter().map(|(_, package)| *package).collect();
        packages.dedup();
        packages.join(" ")
    }
}

const OVMF_CODE: &[&str] = &["/usr/share/OVMF/OVMF_CODE_4M.fd"];
const OVMF_VARS: &[&str] = &["/usr/share/OVMF/OVMF_VARS_4M.fd"];
/// The ROM that QEMU itself gives a virtio network card.
const PXE_ROM: &[&str] =
    &["/usr/share/qemu/efi-virtio.rom", "/usr/lib/ipxe/qemu/efi-virtio.rom", "/usr/share/qemu/pxe-virtio.rom"];

impl Programs {
    /// Looks for what machines with these kinds of firmware need.
    ///
    /// # Errors
    /// [`Error::Missing`], with all that is missing.
    pub fn find(firmware: &[LabFirmware]) -> Result<Self> {
        Self::find_in(Path::new("/"), &search_path(), firmware)
    }

    fn find_in(root: &Path, path: &[PathBuf], firmware: &[LabFirmware]) -> Result<Self> {
        let mut missing = Vec::new();
        let mut look = |thing, package, places: Vec<PathBuf>| {
            let found = places.into_iter().find(|place| place.is_file());
            if found.is_none() {
                missing.push((thing, package));
            }
            found.unwrap_or_default()
        };
        let program = |name: &str| path.iter().map(|dir| dir.join(name)).collect();
        let data = |places: &[&str]| places.iter().map(|place| root.join(place.trim_start_matches('/'))).collect();
        let qemu = look("qemu-system-x86_64", "qemu-system-x86", program("qemu-system-x86_64"));
        let ip = look("ip", "iproute2", program("ip"));
        if firmware.contains(&LabFirmware::Bios) {
            look("the iPXE ROM for QEMU's network card", "ipxe-qemu", data(PXE_ROM));
        }
        let ovmf = firmware.iter().any(|firmware| *firmware != LabFirmware::Bios).then(|| {
            let code = look("UEFI firmware OVMF_CODE_4M.fd", "ovmf", data(OVMF_CODE));
            (code, look("UEFI firmware OVMF_VARS_4M.fd", "ovmf", data(OVMF_VARS)))
        });
        if missing.is_empty() { Ok(Programs { qemu, ip, ovmf }) } else { Err(Error::Missing(Missing(missing))) }
    }
}

/// `PATH`, and the folders of system programs, which users' `PATH` often lacks.
fn search_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).chain(["/usr/sbin", "/sbin", "/usr/bin"].map(PathBuf::from)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use LabFirmware::{Bios, Uefi, UefiHttp};
    use std::fs;

    #[test]
    fn all_that_is_missing_is_named_with_its_package() {
        let root = tempfile::tempdir().unwrap();
        let error = Programs::find_in(root.path(), &[root.path().to_owned()], &[Bios, Uefi]).unwrap_err().to_string();
        for part in
            ["  ip (package iproute2)", "OVMF_VARS_4M", "apt-get install qemu-system-x86 iproute2 ipxe-qemu ovmf"]
        {
            assert!(error.contains(part), "{part} in {error}");
        }
    }

    #[test]
    fn only_what_the_machines_need_is_looked_for() {
        let root = tempfile::tempdir().unwrap();
        let put = |path: &&str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        };
        ["bin/qemu-system-x86_64", "bin/ip", "usr/share/qemu/efi-virtio.rom"].iter().for_each(put);
        let path = [root.path().join("bin")];
        assert_eq!(Programs::find_in(root.path(), &path, &[Bios]).unwrap().ovmf, None);
        assert!(Programs::find_in(root.path(), &path, &[UefiHttp]).is_err());
        ["usr/share/OVMF/OVMF_CODE_4M.fd", "usr/share/OVMF/OVMF_VARS_4M.fd"].iter().for_each(put);
        assert!(Programs::find_in(root.path(), &path, &[UefiHttp]).unwrap().ovmf.is_some());
    }
}
