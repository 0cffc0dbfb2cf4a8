//! Real firmware boots real systems through `firstlight serve`. The demo's three machines run by default; the matrix is
//! in `make test-boot`.

use firstlight_tests::{Machine, firstlight, has_installer, repository, run};
use std::{process::Command, time::Duration};

const BY_BIOS: [&str; 4] = ["DHCP", "script", "kernel", "initrd"];
const BY_LOADER: [&str; 5] = ["DHCP", "loader", "script", "kernel", "initrd"];

/// What `make demo` shows, from a copy of its site.
#[test]
fn the_demo_boots_its_three_machines() {
    let copy = tempfile::tempdir().unwrap();
    let (examples, site) = (repository().join("examples"), copy.path().join("demo"));
    let demo = examples.join(if has_installer() { "demo" } else { "small-linux" });
    std::fs::create_dir(&site).unwrap();
    for file in std::fs::read_dir(demo).unwrap().flatten().filter(|file| file.path().is_file()) {
        std::fs::copy(file.path(), site.join(file.file_name())).unwrap();
    }
    std::os::unix::fs::symlink(examples.join("assets"), copy.path().join("assets")).unwrap();
    let output =
        run(Command::new(firstlight()).args(["lab", "run", "--timeout", "240"]).arg(&site), Duration::from_secs(280));
    assert_eq!(output.code, Some(0), "{}", output.text);
    for line in ["3 of 3 machines are where they should be", "reported up"] {
        assert!(output.text.contains(line), "{}", output.text);
    }
    assert!(!has_installer() || output.text.contains("installer fetched its config"), "{}", output.text);
    let left = std::fs::read_dir(site.join(".firstlight/lab")).unwrap().flatten();
    let left: Vec<_> = left.map(|entry| entry.file_name()).filter(|name| name == "control").collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_stranger_is_parked_by_real_firmware() {
    let boot = Machine::stranger("bios").with_disk().until("parked");
    boot.went_by(&["DHCP", "parked"]);
}

#[test]
#[ignore = "make test-boot"]
fn small_linux_by_bios() {
    Machine::declared("bios", "small").until("reported").went_by(&BY_BIOS);
}

#[test]
#[ignore = "make test-boot"]
fn small_linux_by_uefi_pxe() {
    Machine::declared("uefi", "small").until("reported").went_by(&BY_LOADER);
}

#[test]
#[ignore = "make test-boot"]
fn small_linux_by_uefi_http() {
    Machine::declared("uefi-http", "small").until("reported").went_by(&BY_LOADER);
}

#[test]
#[ignore = "make test-boot"]
fn debian_installer_by_bios() {
    if has_installer() {
        Machine::declared("bios", "debian").until("config").went_by(&BY_BIOS);
    }
}

#[test]
#[ignore = "make test-boot"]
fn debian_installer_by_uefi_pxe() {
    if has_installer() {
        Machine::declared("uefi", "debian").until("config").went_by(&BY_LOADER);
    }
}

#[test]
#[ignore = "make test-boot"]
fn debian_installer_by_uefi_http() {
    if has_installer() {
        Machine::declared("uefi-http", "debian").until("config").went_by(&BY_LOADER);
    }
}

#[test]
#[ignore = "make test-boot"]
fn the_menu_boots_its_default_when_nobody_chooses() {
    let stranger = Machine::stranger("bios").in_a_site_where("unknown         = \"park\"", "unknown = \"menu\"");
    stranger.until("reported").went_by(&BY_BIOS);
}

#[test]
#[ignore = "make test-boot"]
fn a_machine_known_by_its_serial_number_alone() {
    let site = "profile \"small\" {";
    let declared = format!("machine \"kitt\" {{\n  serial = \"S 1/x\"\n  profile = \"small\"\n}}\n{site}");
    let machine = Machine::stranger("uefi").in_a_site_where(site, &declared);
    machine.until("reported").went_by(&BY_LOADER);
}
