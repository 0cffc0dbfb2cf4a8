//! Files: the loaders and assets that can be read, room for the record.

use crate::{Finding, Level};
use firstlight_boot::{Loader, LoaderFile, loaders};
use firstlight_site::{Archive, AssetSource, Place, Site};
use nix::sys::statvfs::statvfs;
use std::{fs::File, io, path::Path};

const CHECK: &str = "files";
/// What a day of a busy record may take, in bytes.
const ROOM: u64 = 256 << 20;

pub(crate) fn check(site: &Site, state: &Path) -> Vec<Finding> {
    let mut findings: Vec<Finding> = missing_loaders(site).into_iter().chain(unreadable_assets(site)).collect();
    if findings.is_empty() {
        findings.push(Finding::fine(CHECK, "every loader and asset can be read"));
    }
    findings.extend(room(state));
    findings
}

/// A usual loader that is not there is an error only where none is: few sites have machines of every kind.
fn missing_loaders(site: &Site) -> Vec<Finding> {
    let loaders = loaders(site);
    let any_usual =
        loaders.iter().any(|l| l.place.is_none() && l.files.iter().all(|file| readable(&file.path).is_ok()));
    let files = loaders.iter().flat_map(|loader| loader.files.iter().map(move |file| (loader, file)));
    let mut missing: Vec<(&Loader, &LoaderFile, io::Error, Vec<String>)> = Vec::new();
    for (loader, file) in files {
        let Err(error) = readable(&file.path) else { continue };
        let firmware = loader.firmware.iter().map(ToString::to_string);
        match missing.iter_mut().find(|(_, other, ..)| other.path == file.path) {
            Some((.., all)) => all.extend(firmware),
            None => missing.push((loader, file, error, firmware.collect())),
        }
    }
    let finding = |(loader, file, error, firmware): (&Loader, &LoaderFile, io::Error, Vec<String>)| {
        let text = format!("the loader {} for {} cannot be read: {error}", file.path.display(), firmware.join(", "));
        let next = match file.package {
            Some(package) => format!("where there are such machines: apt-get install {package}"),
            None => "put the file there, or correct the `loader` block".to_owned(),
        };
        let place = loader.named_at(site).cloned();
        let asked_for = loader.place.is_some() || loader.secure_boot;
        let level = if !asked_for && any_usual { Level::Warning } else { Level::Error };
        Finding { place, level, ..Finding::error(CHECK, text, next) }
    };
    missing.into_iter().map(finding).collect()
}

fn unreadable_assets(site: &Site) -> Vec<Finding> {
    let assets = site.assets.values().filter_map(|asset| match &asset.source {
        AssetSource::Path(path) => Some((asset, path)),
        AssetSource::Member { archive: Archive::Path(path), .. } => Some((asset, path)),
        AssetSource::Urls(_) | AssetSource::Member { .. } | AssetSource::Later(_) => None,
    });
    let finding = |name: &str, place: &Place, error: io::Error| {
        let text = format!("the asset {name} cannot be read: {error}");
        let next = "give the user that serves it the right to read it, and to enter each folder above it";
        Finding { place: Some(place.clone()), ..Finding::error(CHECK, text, next) }
    };
    assets.filter_map(|(asset, path)| Some(finding(&asset.name, &asset.place, readable(path).err()?))).collect()
}

fn readable(path: &Path) -> io::Result<()> {
    let file = File::open(path)?;
    if file.metadata()?.is_file() { Ok(()) } else { Err(io::Error::other("it is not a file")) }
}

/// Free room where leases and events are kept.
fn room(state: &Path) -> Option<Finding> {
    let folder = state.ancestors().find(|folder| folder.is_dir())?;
    let disk = statvfs(folder).ok()?;
    let free = disk.blocks_available().saturating_mul(disk.fragment_size());
    (free < ROOM).then(|| {
        Finding::warning(
            CHECK,
            format!("{} MiB are free in {}: when it is full, no lease can be given", free >> 20, folder.display()),
            "make room, or give `--state` another folder",
        )
    })
}
