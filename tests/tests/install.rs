//! Machines with disks, real firmware and an installer that does overwrite them: what must not be overwritten is not, what
//! never reports is held, and what was installed boots from its disk.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use firstlight_tests::{INSTALLED_SAYS, Lifetime, MAC};
use std::time::Duration;

const SITE: &str = r#"
site {
  unknown         = "UNKNOWN"
  default_profile = "DEFAULT"
  parking         = "inventory"
  menu_timeout    = "2s"
}
network "boot" {
  interface = "eth1"
  subnet    = "10.20.0.0/24"
}
asset "linux" {
  path = "ASSETS/vmlinuz"
}
asset "initrd" {
  path = "ASSETS/initrd"
}
asset "installer" {
  path = "installer"
}
profile "inventory" {
  menu   = false
  kernel = asset.linux
  initrd = asset.initrd
  args   = "console=ttyS0 quiet firstlight.inventory={{ inventory_url }} firstlight.parked={{ parked_url }}"
}
profile "small" {
  kernel = asset.linux
  initrd = asset.initrd
  args   = "console=ttyS0 quiet firstlight.report={{ report_url }} firstlight.inventory={{ inventory_url }}"
}
profile "wiping" {
  kernel = asset.linux
  initrd = [asset.initrd, asset.installer]
  args   = "console=ttyS0 quiet rdinit=/installer install.disk={{ install.disk }} install.address=10.20.0.11 REPORT={{ report_url }}"
  install {
    disk     = "/dev/vda"
    wipe     = true
    attempts = 2
  }
}
"#;

fn site(unknown: &str, default: &str) -> String {
    SITE.replace("UNKNOWN", unknown).replace("DEFAULT", default).replace("REPORT", "install.report")
}

fn declared() -> String {
    format!("machine \"kitt\" {{\n  mac = \"{MAC}\"\n  profile = \"wiping\"\n  address = \"10.20.0.11\"\n}}\n")
}

/// The list of machines.
fn listed(lifetime: &Lifetime) -> String {
    lifetime.firstlight("machines SITE --lab").text
}

#[test]
fn a_machine_that_nobody_declared_is_parked_and_listed_and_its_disk_is_as_it_was() {
    let lifetime = Lifetime::begin(&site("park", "wiping"));
    let before = lifetime.disk_sum();
    let shown = lifetime.wait_until(|lifetime| lifetime.shown(MAC), "\n  disk       vda  16 MiB");
    let list = listed(&lifetime);
    assert!(list.contains(MAC) && list.contains("  parked "), "{list}");
    let armed = lifetime.firstlight(&format!("machines arm {MAC} --lab --site SITE"));
    assert!(armed.code == Some(1) && armed.text.contains("only declared machines can be armed"), "{}", armed.text);
    assert_eq!(lifetime.disk_sum(), before);
    println!("{list}\n{shown}\n{}\nsha256 before {before}\nsha256 after  {}", armed.text, lifetime.disk_sum());
}

#[test]
#[ignore = "make test-boot"]
fn a_parked_machine_starts_again_by_itself_when_somebody_has_approved_it() {
    let lifetime = Lifetime::begin(&site("park", "small"));
    lifetime.wait_until(Lifetime::console, "parked: this machine waits");
    let order = format!("machines approve {MAC} --name deep --profile small --lab --site SITE");
    let said = lifetime.firstlight(&order);
    assert!(said.code == Some(0) && said.text.contains("deep is approved"), "{}", said.text);
    lifetime.wait_until(Lifetime::console, "there is something else to boot now");
    let list = lifetime.wait_until(listed, "in service");
    assert!(list.starts_with("NAME") && list.contains("\ndeep  52:54:00:00:00:01"), "{list}");
}

#[test]
#[ignore = "make test-boot"]
fn a_menu_does_not_lead_it_to_an_installer_either() {
    let lifetime = Lifetime::begin(&site("menu", "wiping"));
    let before = lifetime.disk_sum();
    lifetime.wait_until(|lifetime| lifetime.shown(MAC), "boots menu");
    // The menu has chosen by itself long before that.
    std::thread::sleep(Duration::from_secs(20));
    let shown = lifetime.shown(MAC);
    assert!(!shown.contains("wiping") && !lifetime.console().contains("installer:"), "{shown}");
    assert_eq!(lifetime.disk_sum(), before);
    println!("{shown}");
}

#[test]
#[ignore = "make test-boot"]
fn a_default_profile_for_everybody_cannot_be_an_installer_and_another_leaves_the_disk_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("site.hcl"), site("boot", "wiping")).unwrap();
    let check = firstlight_tests::run(
        std::process::Command::new(firstlight_tests::firstlight()).arg("check").arg(folder.path()),
        Duration::from_secs(20),
    );
    assert!(check.text.contains("`unknown = \"boot\"` with the profile `wiping`, which installs"), "{}", check.text);
    let lifetime = Lifetime::begin(&site("boot", "small"));
    let before = lifetime.disk_sum();
    let shown = lifetime.wait_until(|lifetime| lifetime.shown(MAC), "\n  disk       vda  16 MiB");
    assert!(shown.contains("reported up") && lifetime.disk_sum() == before, "{shown}");
}

#[test]
#[ignore = "make test-boot"]
fn an_install_that_is_reported_is_done_and_the_machine_boots_from_its_disk() {
    let lifetime = Lifetime::begin(&(site("park", "small") + &declared()));
    let before = lifetime.disk_sum();
    lifetime.wait_until(Lifetime::console, INSTALLED_SAYS);
    let (list, shown) = (listed(&lifetime), lifetime.shown("kitt"));
    assert!(list.contains("in service"), "{list}");
    for line in ["writing to /dev/vda", "reported that the install is done", "installed → in service"] {
        assert!(shown.contains(line), "{line} in {shown}");
    }
    assert_ne!(lifetime.disk_sum(), before);
    println!("{list}\n{shown}");
}

#[test]
#[ignore = "make test-boot"]
fn an_installer_that_never_reports_is_held_with_the_reason_and_leaves_the_disk_alone_from_then_on() {
    let site = site("park", "small").replace("install.report=", "nothing=");
    let lifetime = Lifetime::begin(&(site + &declared()));
    lifetime.wait_until(listed, "held");
    let held = lifetime.disk_sum();
    assert_eq!(lifetime.console().matches("installer: wrote to /dev/vda").count(), 2);
    // It asks again after 30 s.
    std::thread::sleep(Duration::from_secs(40));
    let (list, shown) = (listed(&lifetime), lifetime.shown("kitt"));
    assert!(shown.contains("2 installs failed, none is left"), "{shown}");
    assert_eq!((shown.matches("boots profile wiping").count(), lifetime.disk_sum()), (2, held));
    println!("{list}\n{shown}");
}
