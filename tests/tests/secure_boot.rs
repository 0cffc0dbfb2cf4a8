//! Secure Boot, enforced by real firmware with Microsoft's keys: what is signed starts, what is not is refused. The chain
//! is Debian's shim, GRUB and kernel as they are.

use firstlight_tests::{Machine, repository};

const BY_GRUB: [&str; 5] = ["DHCP", "loader", "script", "kernel", "initrd"];

/// A machine whose firmware enforces Secure Boot, in a site that knows it. The kernel may speak.
fn secure(firmware: &str) -> Machine {
    let machine =
        Machine::declared(firmware, "small").in_a_site_where("console=ttyS0 quiet BOOTIF", "console=ttyS0 BOOTIF");
    machine.in_a_site_where("site {", "site {\n  secure_boot = true")
}

#[test]
#[ignore = "make test-boot"]
fn a_signed_chain_boots_by_pxe_with_secure_boot_enforced() {
    let argument = "ds=nocloud;s=http://10.20.0.1:8080/c/";
    let machine =
        secure("uefi-secure").in_a_site_where("console=ttyS0 BOOTIF", &format!("console=ttyS0 {argument} BOOTIF"));
    let boot = machine.until("reported");
    boot.went_by(&BY_GRUB);
    assert!(
        boot.console().contains(&format!("console=ttyS0 {argument} BOOTIF")),
        "GRUB has changed the kernel's arguments"
    );
    assert!(boot.console().contains("Secure boot enabled"), "the kernel says otherwise:\n{}", boot.console());
}

/// Debian 13's GRUB, beside this computer's shim: `scripts/prepare-secure-boot` puts it there.
const GRUB_OF_13: &str = r#"loader "trixie" {
  arch        = 16
  path        = "/usr/lib/shim/shimx64.efi.signed"
  beside      = { "grubx64.efi" = "ASSETS/secure-boot/grubnetx64.efi.signed" }
  then        = "grub"
  secure_boot = true
}
profile "small" {"#;

#[test]
#[ignore = "make test-boot"]
fn a_signed_chain_boots_by_http_alone_with_a_grub_that_has_it() {
    if !repository().join("examples/assets/secure-boot/grubnetx64.efi.signed").exists() {
        eprintln!("SKIPPED: there is no GRUB of Debian 13 here: scripts/prepare-secure-boot");
        return;
    }
    let boot = secure("uefi-secure-http").in_a_site_where("profile \"small\" {", GRUB_OF_13).until("reported");
    boot.went_by(&BY_GRUB);
    assert!(boot.console().contains("Secure boot enabled"), "the kernel says otherwise:\n{}", boot.console());
    assert!(!boot.events().contains("tftp"), "something came by TFTP:\n{}", boot.events());
}

#[test]
#[ignore = "make test-boot"]
fn a_kernel_with_one_byte_changed_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut kernel = std::fs::read(repository().join("examples/assets/vmlinuz")).unwrap();
    let middle = kernel.len() / 2;
    kernel[middle] ^= 1;
    let tampered = folder.path().join("vmlinuz");
    std::fs::write(&tampered, kernel).unwrap();
    let machine = secure("uefi-secure").in_a_site_where("ASSETS/vmlinuz", tampered.to_str().unwrap());
    let boot = machine.until_its_console_says("bad shim signature");
    assert!(!boot.console().contains("Linux version"), "{}", boot.console());
}

#[test]
#[ignore = "make test-boot"]
fn an_unsigned_loader_is_refused() {
    let boot = Machine::declared("uefi-secure", "small").until_its_console_says("Access Denied");
    assert!(!boot.console().contains("iPXE initialising devices"), "{}", boot.console());
}

/// The site's own loader in two stages, as signed iPXE has it: a shim, and an iPXE beside it. Here Debian's shim and iPXE,
/// with Secure Boot off, for no signed iPXE can be had from a distribution.
const SHIM_AND_IPXE: &str = r#"loader "ipxe" {
  arch   = [7, 9]
  path   = "/usr/lib/shim/shimx64.efi.signed"
  beside = { "grubx64.efi" = "/usr/lib/ipxe/snponly.efi" }
}
profile "small" {"#;

#[test]
#[ignore = "make test-boot"]
fn a_shim_finds_an_ipxe_beside_it_and_that_its_script() {
    let machine = Machine::declared("uefi", "small").in_a_site_where("profile \"small\" {", SHIM_AND_IPXE);
    let boot = machine.until("reported");
    boot.went_by(&BY_GRUB);
    assert!(boot.console().contains("Fetching Netboot Image ipxe/grubx64.efi"), "{}", boot.console());
}
