//! `firstlight seed`: the volume is read by `blkid` and by `isoinfo`, in both of its dialects. That the kernel and cloud-init
//! read it too is in `cloud_init.rs`.
#![allow(clippy::unwrap_used)]

use firstlight_tests::{Output, firstlight, run};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};
use tempfile::TempDir;

const SITE: &str = r#"
site { domain = "lab.example" }
network "boot" {
  interface = "eth1"
  subnet    = "10.20.0.0/24"
  gateway   = "10.20.0.254"
}
asset "linux" { path = "linux" }
profile "debian" {
  kernel = asset.linux
  config = "base.yaml"
}
class "node" {
  profile = profile.debian
  config  = { file = "setup.sh", kind = "user-data" }
}
machine "kitt" {
  mac     = "52:54:00:12:34:56"
  class   = class.node
  address = "10.20.0.11"
  config  = "kitt.yaml"
}
machine "hal" {
  serial = "HAL"
  class  = class.node
}
"#;

struct Site(TempDir);

impl Site {
    fn new(base: &str) -> Site {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("site.hcl", SITE),
            ("linux", "no kernel"),
            ("base.yaml", base),
            ("setup.sh", "#!/bin/sh\necho {{ machine.name }}\n"),
            ("kitt.yaml", "#cloud-config\npackages: [git]\n"),
        ] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        Site(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn seed(&self, machine: &str, file: &str, more: &[&str]) -> Output {
        let mut command = Command::new(firstlight());
        command.args(["seed", machine, "--output"]).arg(self.path(file)).args(more).arg("--site").arg(self.0.path());
        run(&mut command, Duration::from_secs(30))
    }
}

/// What a program says of a volume.
fn said(program: &str, arguments: &[&str], volume: &Path) -> String {
    let output = run(Command::new(program).args(arguments).arg(volume), Duration::from_secs(10));
    assert_eq!(output.code, Some(0), "{program}: {}", output.text);
    output.text
}

/// A file on a volume: its real name is known to Rock Ridge (`-R`) and to Joliet (`-J`).
fn read(volume: &Path, dialect: &str, name: &str) -> String {
    let mut command = Command::new("isoinfo");
    run(command.args([dialect, "-x", name, "-i"]).arg(volume), Duration::from_secs(10)).text
}

#[test]
fn a_seed_is_a_volume_that_others_read() {
    let site = Site::new("#cloud-config\npackages: [vim]\n");
    let output = site.seed("kitt", "kitt.iso", &[]);
    assert_eq!(output.code, Some(0), "{}", output.text);
    assert!(output.text.contains("kitt.iso: user-data, meta-data, network-config ("), "{}", output.text);
    let volume = site.path("kitt.iso");
    assert_eq!(said("blkid", &["-o", "value", "-s", "LABEL"], &volume).trim(), "cidata");
    assert_eq!(said("blkid", &["-o", "value", "-s", "TYPE"], &volume).trim(), "iso9660");
    for dialect in ["-R", "-J"] {
        assert!(read(&volume, dialect, "/meta-data").contains("local-hostname: \"kitt.lab.example\""));
        assert!(read(&volume, dialect, "/network-config").contains("addresses: [\"10.20.0.11/24\"]"));
        let user_data = read(&volume, dialect, "/user-data");
        for part in ["filename=\"01-base.yaml\"", "packages: [vim]", "packages: [git]", "echo kitt"] {
            assert!(user_data.contains(part), "{part} is not in\n{user_data}");
        }
    }
}

#[test]
fn a_seed_is_its_owners_and_the_same_each_time() {
    let site = Site::new("#cloud-config\npackages: [vim]\n");
    fs::write(site.path("a.iso"), "what was there before").unwrap();
    fs::set_permissions(site.path("a.iso"), PermissionsExt::from_mode(0o644)).unwrap();
    for file in ["a.iso", "b.iso"] {
        assert_eq!(site.seed("kitt", file, &[]).code, Some(0));
        assert_eq!(fs::metadata(site.path(file)).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(fs::read(site.path("a.iso")).unwrap(), fs::read(site.path("b.iso")).unwrap());
    assert_eq!(site.seed("kitt", "c.iso", &["--instance", "2"]).code, Some(0));
    assert!(read(&site.path("c.iso"), "-R", "/meta-data").contains("instance-id: \"kitt-2\""));
}

#[test]
fn a_machine_without_a_hardware_address_is_left_to_dhcp() {
    let site = Site::new("#cloud-config\npackages: [vim]\n");
    let output = site.seed("hal", "hal.iso", &[]);
    assert!(output.text.contains("hal.iso: user-data, meta-data ("), "{}", output.text);
}

#[test]
fn there_is_nowhere_to_report_to_before_any_boot() {
    let site = Site::new("#cloud-config\nphone_home:\n  url: {{ report_url }}\n");
    let output = site.seed("kitt", "kitt.iso", &[]);
    assert_eq!(output.code, Some(1), "{}", output.text);
    assert!(output.text.contains("base.yaml:3"), "{}", output.text);
    assert!(!site.path("kitt.iso").exists());
}
