//! Which network boot program each firmware gets: the site's own `loader` blocks, and what is usual where it has none.
//! The usual ones go by iPXE's own names, as its build and Debian's `ipxe` package have them.

use crate::BootSet;
use firstlight_model::{Arch, Firmware};
use firstlight_site::{Lab, Over, Place, Site, Then};
use std::path::PathBuf;

/// A network boot program, and the firmware that gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loader {
    /// The firmware that can run it.
    pub firmware: Vec<Firmware>,
    /// How the firmware fetches it, where the site says so; else each in its own way.
    pub over: Option<Over>,
    /// What it asks us for once it runs.
    pub then: Then,
    /// Whether it is for the machines with `secure_boot`, or for the others.
    pub secure_boot: bool,
    /// Its own file, and after it those that it fetches from beside itself.
    pub files: Vec<LoaderFile>,
    /// Where the site names it; `None` for a usual one.
    pub place: Option<Place>,
    /// Whether its absence is worth a word. A usual one for Arm is not missed where the site knows no Arm machine.
    pub expected: bool,
}

/// A file that belongs to a network boot program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoaderFile {
    /// What it is served as: `snponly.efi`, `uboot/boot.scr.uimg`.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
    /// The Debian package that has it, where it is a usual one.
    pub package: Option<&'static str>,
}

impl Loader {
    /// Where the site speaks of it: its block; for a usual one what chose it, where the site sets that.
    pub fn named_at<'a>(&'a self, site: &'a Site) -> Option<&'a Place> {
        let chosen_by = if self.secure_boot { &site.set_at.secure_boot } else { &site.set_at.ipxe_dir };
        self.place.as_ref().or(chosen_by.as_ref())
    }

    /// What the firmware is told to fetch.
    pub fn name(&self) -> &str {
        self.files.first().map_or("", |file| &file.name)
    }

    /// How this firmware fetches it.
    pub fn over(&self, firmware: Firmware) -> Over {
        self.over.unwrap_or(if firmware.is_http() { Over::Http } else { Over::Tftp })
    }
}

/// What is usual. `undionly.kpxe` and `snponly.efi` drive the card through the firmware that found it, so they work
/// wherever the firmware itself did. HTTP boot gets the build with drivers of its own: after HTTP boot some firmware
/// leaves its network stack in a state that `snponly.efi` cannot use. For Arm Debian (from 13) has only that build.
const USUAL: [(Firmware, &str); 5] = [
    (Firmware::Bios, "undionly.kpxe"),
    (Firmware::UefiAmd64, "snponly.efi"),
    (Firmware::UefiAmd64Http, "ipxe.efi"),
    (Firmware::UefiArm64, "ipxe-arm64.efi"),
    (Firmware::UefiArm64Http, "ipxe-arm64.efi"),
];

/// What is usual for machines with `secure_boot`, all of it signed: Microsoft's key starts the shim, and the shim starts
/// what Debian signed under the name `grubx64.efi`.
const SIGNED: [(&str, &str, &str); 2] = [
    ("shimx64.efi", "/usr/lib/shim/shimx64.efi.signed", "shim-signed"),
    ("grubx64.efi", "/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed", "grub-efi-amd64-signed"),
];

/// Every network boot program of a site: its own, and the usual ones for all other firmware.
pub fn loaders(site: &Site) -> Vec<Loader> {
    let mut loaders: Vec<Loader> = site.loaders.values().map(own).collect();
    let usual = USUAL.into_iter().map(|(firmware, file)| ipxe(site, firmware, file));
    for mut usual in usual.chain(site.uses_secure_boot().then(signed)) {
        let own = |firmware: &Firmware| {
            loaders.iter().any(|own| own.secure_boot == usual.secure_boot && own.firmware.contains(firmware))
        };
        usual.firmware = usual.firmware.iter().copied().filter(|firmware| !own(firmware)).collect();
        if !usual.firmware.is_empty() {
            loaders.push(usual);
        }
    }
    loaders
}

fn signed() -> Loader {
    let files = SIGNED.map(|(name, path, package)| LoaderFile {
        name: format!("secure-boot/{name}"),
        path: path.into(),
        package: Some(package),
    });
    Loader {
        firmware: vec![Firmware::UefiAmd64, Firmware::UefiAmd64Http],
        over: None,
        then: Then::Grub,
        secure_boot: true,
        files: files.into(),
        place: None,
        expected: true,
    }
}

fn ipxe(site: &Site, firmware: Firmware, name: &str) -> Loader {
    let file = LoaderFile { name: name.to_owned(), path: site.ipxe_dir.join(name), package: Some("ipxe") };
    Loader {
        firmware: vec![firmware],
        over: None,
        then: Then::Ipxe,
        secure_boot: false,
        files: vec![file],
        place: None,
        expected: firmware.arch() != Some(Arch::Arm64) || has_arm(site),
    }
}

/// Whether the site speaks of Arm machines.
fn has_arm(site: &Site) -> bool {
    let in_lab = |lab: &Lab| lab.machines.values().any(|machine| machine.firmware.arch() == Arch::Arm64);
    site.lab.as_ref().is_some_and(in_lab) || site.profiles.values().any(|profile| profile.arch.contains(&Arch::Arm64))
}

/// A `loader` block. Its files are served from a folder of its name, so that two may have files of the same name.
fn own(block: &firstlight_site::Loader) -> Loader {
    let mut firmware: Vec<Firmware> = block.arch.iter().map(|number| Firmware::from_option(*number)).collect();
    firmware.dedup();
    let base = block.path.file_name().map(|base| base.to_string_lossy().into_owned()).unwrap_or_default();
    // Debian's name for what is signed. OVMF's HTTP boot takes nothing for a program that does not end in `.efi`.
    let base = base.strip_suffix(".signed").map(str::to_owned).unwrap_or(base);
    let files = std::iter::once((base, block.path.clone())).chain(block.beside.clone());
    let file =
        |(base, path): (String, PathBuf)| LoaderFile { name: format!("{}/{base}", block.name), path, package: None };
    Loader {
        over: block.over,
        firmware,
        then: block.then,
        secure_boot: block.secure_boot,
        files: files.map(file).collect(),
        place: Some(block.place.clone()),
        expected: true,
    }
}

impl BootSet {
    /// The loader for a firmware, where there is one and its files can be served. With `secure_boot` a UEFI machine
    /// gets one that is meant for it or none; what is no UEFI has no Secure Boot, and gets the usual one.
    pub fn loader_for(&self, firmware: Firmware, secure_boot: bool) -> Option<&Loader> {
        let with = |secure: bool| {
            self.loaders.iter().find(|loader| loader.secure_boot == secure && loader.firmware.contains(&firmware))
        };
        let loader = match (secure_boot, firmware.is_uefi()) {
            (true, true) => with(true)?,
            (true, false) => with(true).or_else(|| with(false))?,
            (false, _) => with(false)?,
        };
        loader.files.iter().all(|file| self.loader(&file.name).is_some()).then_some(loader)
    }

    /// Every network boot program of the site.
    pub fn loaders(&self) -> &[Loader] {
        &self.loaders
    }

    /// The name of the loader's file that a client means by `asked`. A shim asks for what is beside it with two slashes,
    /// or without the folder where it finds none in the answer that DHCP gave it.
    pub fn loader_file(&self, asked: &str) -> Option<&str> {
        let name = asked.split('/').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
        if let Some((name, _)) = self.loader_files.get_key_value(&name) {
            return Some(name);
        }
        let base = |file: &str| file.rsplit('/').next() == Some(&*name);
        self.loader_files.keys().map(String::as_str).find(|file| base(file))
    }
}
