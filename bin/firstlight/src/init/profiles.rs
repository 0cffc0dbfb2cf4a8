//! The ready profiles of `examples/profiles`, as `firstlight init --profile` writes them: they are in the program.

use std::path::PathBuf;

/// The names of the profiles.
pub(super) const NAMES: [&str; 8] = ["alpine", "coreos", "debian", "fedora", "flatcar", "opensuse", "talos", "ubuntu"];

/// A file of a profile, by its path in a site.
type File = (&'static str, &'static str);

macro_rules! files {
    ($($path:literal)*) => {
        &[$(($path, include_str!(concat!("../../../../examples/profiles/", $path)))),*]
    };
}

/// Every file of every profile. Those of one are its own HCL file and its own folder.
const FILES: &[File] = files! {
    "alpine.hcl"
    "alpine/install.sh"
    "alpine/make-overlay"
    "alpine/overlay/firstlight.start"
    "coreos.hcl"
    "coreos/install.sh"
    "coreos/live.bu"
    "coreos/target.bu"
    "debian.hcl"
    "debian/install.sh"
    "debian/preseed.cfg"
    "fedora.hcl"
    "fedora/install.ks"
    "flatcar.hcl"
    "flatcar/install.sh"
    "flatcar/live.bu"
    "flatcar/target.bu"
    "opensuse.hcl"
    "opensuse/autoinst.xml"
    "opensuse/install.sh"
    "talos.hcl"
    "talos/machine.yaml"
    "ubuntu.hcl"
    "ubuntu/install.sh"
    "ubuntu/meta-data"
    "ubuntu/user-data"
};

/// The files of a profile.
pub(super) fn files(name: &str) -> impl Iterator<Item = &'static File> {
    let (hcl, folder) = (format!("{name}.hcl"), format!("{name}/"));
    FILES.iter().filter(move |(path, _)| *path == hcl || path.starts_with(&folder))
}

/// Where its assets are to be put: the paths in its HCL file.
pub(super) fn assets(name: &str) -> Vec<PathBuf> {
    let lines = files(name).filter(|(path, _)| path.ends_with(".hcl")).flat_map(|(_, text)| text.lines());
    let path = |line: &str| Some(line.trim().strip_prefix("path")?.split('"').nth(1)?.into());
    lines.filter_map(path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeSet, fs, path::Path};

    fn below(folder: &Path, found: &mut BTreeSet<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()) {
            if entry.is_dir() {
                below(&entry, found);
            } else {
                found.insert(entry);
            }
        }
    }

    #[test]
    fn every_file_of_the_examples_is_here_and_belongs_to_a_profile() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/profiles");
        let mut there = BTreeSet::new();
        below(&folder, &mut there);
        there.retain(|path| !path.starts_with(folder.join("assets")));
        let here: BTreeSet<PathBuf> = NAMES.into_iter().flat_map(files).map(|(path, _)| folder.join(path)).collect();
        assert_eq!(here, there);
        assert_eq!(here.len(), FILES.len());
    }

    #[test]
    fn its_assets_are_those_of_its_file() {
        assert_eq!(assets("debian"), ["assets/debian/linux", "assets/debian/initrd.gz"].map(PathBuf::from));
        assert!(NAMES.into_iter().all(|name| !assets(name).is_empty()));
    }
}
