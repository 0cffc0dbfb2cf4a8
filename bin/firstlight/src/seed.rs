//! `firstlight seed`: what cloud-init reads, on a volume of its own, for machines that do not fetch it from us.

use crate::{Failure, Outcome, SiteOption, output, site};
use firstlight_boot::BootSet;
use firstlight_cloudinit::SEED_LABEL;
use firstlight_image::Volume;
use firstlight_model::ByteSize;
use firstlight_site::Site;
use std::{
    collections::BTreeMap,
    fs::{File, Permissions},
    io::Write,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The declared machine
    machine: String,
    /// Where to write it: an ISO 9660 image
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// Make it another instance, for which cloud-init does the work of a first boot again
    #[arg(long, value_name = "ID")]
    instance: Option<String>,
    #[command(flatten)]
    site: SiteOption,
}

pub(crate) fn run(args: Args) -> Outcome {
    let site = site::load(&args.site.site)?;
    let parts = parts(&site, &args.machine, args.instance.as_deref())?;
    let volume = volume(&parts)?;
    write(&args.output, &volume)?;
    let names: Vec<&str> = parts.iter().map(|(name, _)| name.as_str()).collect();
    let size = ByteSize(volume.len() as u64);
    output::print(&format!("Wrote {}: {} ({size})\n", args.output.display(), names.join(", ")))
}

/// The volumes of these lab machines that have one, by name.
pub(crate) fn for_lab(site: &Site, only: &[String]) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let machines = site.lab.iter().flat_map(|lab| lab.machines.values());
    let wanted = machines.filter(|machine| machine.seed).map(|machine| machine.name.to_string());
    let wanted = wanted.filter(|name| only.is_empty() || only.contains(name));
    wanted.map(|name| Ok((name.clone(), volume(&parts(site, &name, None)?)?))).collect()
}

/// What is on it: a file for each of cloud-init's parts.
fn parts(site: &Site, machine: &str, instance: Option<&str>) -> Result<Vec<(String, String)>, Failure> {
    let Some(declared) = site.machines.get(machine) else {
        return Err(Failure::Failed(format!("the site declares no machine {machine}")));
    };
    let set = BootSet::new(site.clone(), BTreeMap::new(), BTreeMap::new(), 0);
    set.seed(declared, instance).map_err(|not| Failure::Failed(format!("the seed of {machine} cannot be made: {not}")))
}

fn volume(parts: &[(String, String)]) -> Result<Vec<u8>, Failure> {
    let mut volume = Volume::new(SEED_LABEL)?;
    for (name, text) in parts {
        volume.insert(name, text.clone().into_bytes())?;
    }
    Ok(volume.build()?)
}

/// It may hold secrets: nobody but its owner reads it, also where the file was there before.
fn write(path: &Path, bytes: &[u8]) -> Outcome {
    let write = || {
        let mut file = File::options().create(true).truncate(true).write(true).mode(0o600).open(path)?;
        if file.metadata()?.is_file() {
            file.set_permissions(Permissions::from_mode(0o600))?;
        }
        file.write_all(bytes)
    };
    write().map_err(crate::tried("write", path))
}
