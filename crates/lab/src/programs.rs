//! The programs and firmware that a lab needs, found before anything is started. What is missing is named all at once,
//! with the Debian package that has it.

use crate::{Error, Result};
use firstlight_model::Arch;
use firstlight_site::LabFirmware;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// Where everything is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    /// `ip` of iproute2.
    pub ip: PathBuf,
    /// What each kind of machine runs on.
    emulators: BTreeMap<LabFirmware, Emulator>,
}

/// What machines with one kind of firmware run on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emulator {
    /// `qemu-system-x86_64` or `qemu-system-aarch64`.
    pub qemu: PathBuf,
    /// The firmware's files, where QEMU does not bring its own.
    pub uefi: Option<Uefi>,
}

/// A UEFI firmware.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uefi {
    /// The firmware itself, shared by all machines.
    pub code: PathBuf,
    /// The variables that each machine starts with a copy of.
    pub variables: PathBuf,
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

/// What QEMU a processor needs: the program and its package.
fn emulator(arch: Arch) -> (&'static str, &'static str) {
    match arch {
        Arch::Arm64 => ("qemu-system-aarch64", "qemu-system-arm"),
        Arch::Amd64 | Arch::I386 => ("qemu-system-x86_64", "qemu-system-x86"),
    }
}

/// A firmware's files: the package, the code and the variables. `None` for SeaBIOS, which is QEMU's own.
fn files(firmware: LabFirmware) -> Option<(&'static str, [&'static str; 2])> {
    let ovmf = ["/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"];
    let secure = ["/usr/share/OVMF/OVMF_CODE_4M.secboot.fd", "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"];
    let aavmf = ["/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF_VARS.fd"];
    match firmware {
        LabFirmware::Bios => None,
        LabFirmware::Uefi | LabFirmware::UefiHttp => Some(("ovmf", ovmf)),
        LabFirmware::UefiSecure | LabFirmware::UefiSecureHttp => Some(("ovmf", secure)),
        LabFirmware::Arm64 | LabFirmware::Arm64Http => Some(("qemu-efi-aarch64", aavmf)),
    }
}

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

    /// What a machine with this firmware runs on; `None` where it was not asked for.
    pub fn emulator(&self, firmware: LabFirmware) -> Option<&Emulator> {
        self.emulators.get(&firmware)
    }

    /// The QEMU for x86-64 machines, where there are any.
    pub(crate) fn x86(&self) -> Option<&Path> {
        let x86 = self.emulators.iter().find(|(firmware, _)| firmware.arch() == Arch::Amd64);
        x86.map(|(_, emulator)| emulator.qemu.as_path())
    }

    fn find_in(root: &Path, path: &[PathBuf], firmware: &[LabFirmware]) -> Result<Self> {
        let mut search = Search { root, path, missing: Vec::new() };
        let kinds: BTreeSet<_> = firmware.iter().copied().collect();
        let emulators = kinds.into_iter().map(|kind| (kind, search.emulator(kind))).collect();
        let ip = search.program("ip", "iproute2");
        if search.missing.is_empty() {
            Ok(Programs { ip, emulators })
        } else {
            Err(Error::Missing(Missing(search.missing)))
        }
    }
}

/// A search that goes on when something is not found, and notes it.
struct Search<'a> {
    root: &'a Path,
    path: &'a [PathBuf],
    missing: Vec<(&'static str, &'static str)>,
}

impl Search<'_> {
    fn emulator(&mut self, firmware: LabFirmware) -> Emulator {
        let (qemu, package) = emulator(firmware.arch());
        let qemu = self.program(qemu, package);
        if firmware == LabFirmware::Bios {
            self.first("the iPXE ROM for QEMU's network card", "ipxe-qemu", self.data(PXE_ROM));
        }
        let uefi = files(firmware).map(|(package, files)| {
            let [code, variables] = files.map(|file| self.first(file, package, self.data(&[file])));
            Uefi { code, variables }
        });
        Emulator { qemu, uefi }
    }

    fn program(&mut self, name: &'static str, package: &'static str) -> PathBuf {
        self.first(name, package, self.path.iter().map(|folder| folder.join(name)).collect())
    }

    fn data(&self, places: &[&str]) -> Vec<PathBuf> {
        places.iter().map(|place| self.root.join(place.trim_start_matches('/'))).collect()
    }

    /// The first of these places that is a file.
    fn first(&mut self, thing: &'static str, package: &'static str, places: Vec<PathBuf>) -> PathBuf {
        let found = places.into_iter().find(|place| place.is_file());
        if found.is_none() && !self.missing.contains(&(thing, package)) {
            self.missing.push((thing, package));
        }
        found.unwrap_or_default()
    }
}

/// A program that only some labs need.
pub(crate) fn find(name: &'static str, package: &'static str) -> Result<PathBuf> {
    let found = search_path().into_iter().map(|dir| dir.join(name)).find(|path| path.is_file());
    found.ok_or_else(|| Error::Missing(Missing(vec![(name, package)])))
}

/// `PATH`, and the folders of system programs, which users' `PATH` often lacks.
fn search_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).chain(["/usr/sbin", "/sbin", "/usr/bin"].map(PathBuf::from)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use LabFirmware::{Arm64, Bios, Uefi, UefiHttp};
    use std::fs;

    #[test]
    fn all_that_is_missing_is_named_once_with_its_package() {
        let root = tempfile::tempdir().unwrap();
        let kinds = [Bios, Uefi, UefiHttp, Arm64];
        let error = Programs::find_in(root.path(), &[root.path().to_owned()], &kinds).unwrap_err().to_string();
        for part in [
            "  ip (package iproute2)",
            "OVMF_VARS_4M",
            "apt-get install qemu-system-x86 ipxe-qemu ovmf qemu-system-arm qemu-efi-aarch64 iproute2",
        ] {
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
        let found = Programs::find_in(root.path(), &path, &[Bios]).unwrap();
        assert_eq!((&found.emulator(Bios).unwrap().uefi, found.emulator(Uefi)), (&None, None));
        assert!(Programs::find_in(root.path(), &path, &[UefiHttp]).is_err());
        ["usr/share/OVMF/OVMF_CODE_4M.fd", "usr/share/OVMF/OVMF_VARS_4M.fd"].iter().for_each(put);
        let found = Programs::find_in(root.path(), &path, &[UefiHttp]).unwrap();
        assert!(found.emulator(UefiHttp).unwrap().uefi.is_some());
    }
}
