//! Debian's real installer, by the profile in examples/profiles: it installs to a disk over the network, and the machine
//! comes up from it.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use firstlight_tests::{Lifetime, Mirror, repository};
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// Another system is translated here instruction by instruction, on two processors that others use as well.
const PATIENCE: Duration = Duration::from_secs(60 * 60);

/// Where the mirror is for the machine.
const MIRROR: &str = "10.20.0.1:3142";

const SITE: &str = r#"
site {
  domain = "lab.example"
}
network "boot" {
  interface = "eth1"
  subnet    = "10.20.0.0/24"
  gateway   = "10.20.0.1"
  dns       = ["10.20.0.1"]
}
machine "kitt" {
  mac     = "52:54:00:00:00:01"
  profile = "debian"
  address = "10.20.0.11"
  config  = "components.preseed"
  vars = {
    mirror   = "MIRROR"
    args     = "console=ttyS0 TERM=dumb DEBIAN_FRONTEND=text"
    packages = ["curl"]
    kernel   = "linux-image-cloud-amd64"
  }
}
# One processor: another one is only more to translate.
lab {
  machine "kitt" {
    firmware = "bios"
    memory   = "1G"
    disk     = "4G"
  }
}
"#;

/// Where the mirror lacks some of the installer's components, they come from a suite that scripts/prepare-installer has made.
const COMPONENTS: &str =
    "d-i mirror/udeb/suite string components\nd-i debian-installer/allow_unauthenticated boolean true\n";

fn components() -> PathBuf {
    repository().join("examples/assets/debian-13/components")
}

/// The site: the ready profile, its kernel and initrd, and one machine.
fn site(folder: &Path) {
    let examples = repository().join("examples");
    let copy = |from: &str, to: &str| {
        let to = folder.join(to);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(examples.join(from), to).unwrap();
    };
    let profile = fs::read_to_string(examples.join("profiles/debian.hcl")).unwrap();
    fs::write(folder.join("debian.hcl"), profile.replace("wipe = false", "wipe    = true\n    timeout = \"2h\""))
        .unwrap();
    copy("profiles/debian/preseed.cfg", "debian/preseed.cfg");
    copy("profiles/debian/install.sh", "debian/install.sh");
    copy("assets/debian-13/linux", "assets/debian/linux");
    copy("assets/debian-13/initrd.gz", "assets/debian/initrd.gz");
    let lacks = components().join("dists").exists();
    fs::write(folder.join("components.preseed"), if lacks { COMPONENTS } else { "# The mirror has all.\n" }).unwrap();
    fs::write(folder.join("site.hcl"), SITE.replace("MIRROR", MIRROR)).unwrap();
}

#[test]
#[ignore = "make test-boot: half an hour or more"]
fn debian_installs_itself_comes_up_from_its_disk_and_is_not_installed_again() {
    let Some(mirror) = Mirror::find() else { return };
    let installer = repository().join("examples/assets/debian-13/initrd.gz");
    assert!(installer.exists(), "there is no installer: scripts/prepare-installer");
    let lifetime = Lifetime::begin_with(site, PATIENCE);
    let relay = mirror.with_files_of(&components()).relay(lifetime.lab(), MIRROR.parse().unwrap());
    lifetime.wait_until(|lifetime| lifetime.shown("kitt"), "Debian's installer runs");
    lifetime.wait_until(|lifetime| lifetime.shown("kitt"), "installs to /dev/vda");
    lifetime.wait_until(|lifetime| lifetime.shown("kitt"), "reported that the install is done");
    println!("{} MiB came from the mirror", relay.fetched() >> 20);
    let shown = lifetime.wait_until(|lifetime| lifetime.shown("kitt"), "kitt runs from its disk");
    assert!(shown.contains("installed → in service: asked, and starts its local disk: it was installed"), "{shown}");
    // The machine is reset, and asks the network again, as it does first each time.
    lifetime.wait_until(Lifetime::console, "kitt login:");
    let boots = lifetime.console().matches("kitt login:").count();
    lifetime.reset();
    lifetime.wait_until(|lifetime| format!("{}", lifetime.console().matches("kitt login:").count() > boots), "true");
    let shown = lifetime.shown("kitt");
    assert_eq!(shown.matches("boots profile debian").count(), 1, "{shown}");
    assert_eq!(shown.matches("boots disk").count(), 2, "{shown}");
    println!("{shown}");
}
