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
    /// How the firmware fetches it.
    pub over: Over,
    /// What it asks us for once it runs.
    pub then: Then,
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
    /// What the firmware is told to fetch.
    pub fn name(&self) -> &str {
        self.files.first().map_or("", |file| &file.name)
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

/// Every network boot program of a site: its own, and the usual ones for all other firmware.
pub fn loaders(site: &Site) -> Vec<Loader> {
    let mut loaders: Vec<Loader> = site.loaders.values().map(own).collect();
    let usual = USUAL.into_iter().filter(|(firmware, _)| !loaders.iter().any(|l| l.firmware.contains(firmware)));
    let usual: Vec<Loader> = usual.map(|(firmware, file)| ipxe(site, firmware, file)).collect();
    loaders.extend(usual);
    loaders
}

fn ipxe(site: &Site, firmware: Firmware, name: &str) -> Loader {
    let file = LoaderFile { name: name.to_owned(), path: site.ipxe_dir.join(name), package: Some("ipxe") };
    Loader {
        firmware: vec![firmware],
        over: over(&[firmware]),
        then: Then::Ipxe,
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
    let files = std::iter::once((base, block.path.clone())).chain(block.beside.clone());
    let file =
        |(base, path): (String, PathBuf)| LoaderFile { name: format!("{}/{base}", block.name), path, package: None };
    Loader {
        over: block.over.unwrap_or(over(&firmware)),
        firmware,
        then: block.then,
        files: files.map(file).collect(),
        place: Some(block.place.clone()),
        expected: true,
    }
}

fn over(firmware: &[Firmware]) -> Over {
    if firmware.iter().any(|firmware| firmware.is_http()) { Over::Http } else { Over::Tftp }
}

impl BootSet {
    /// The loader for a firmware, where there is one and its file can be served.
    pub fn loader_for(&self, firmware: Firmware) -> Option<&Loader> {
        let loader = self.loaders.iter().find(|loader| loader.firmware.contains(&firmware))?;
        self.loader(loader.name()).is_some().then_some(loader)
    }

    /// Every network boot program of the site.
    pub fn loaders(&self) -> &[Loader] {
        &self.loaders
    }
}
