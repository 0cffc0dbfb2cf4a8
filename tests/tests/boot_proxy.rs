//! Real firmware boots beside a real DHCP server, dnsmasq, which gives the addresses: `mode = "proxy"`. Both orders of
//! arrival of their offers. One machine runs by default, the others in `make test-boot`.

use firstlight_tests::{Late, Machine};

const BY_BIOS: [&str; 4] = ["DHCP", "script", "kernel", "initrd"];
const BY_LOADER: [&str; 5] = ["DHCP", "loader", "script", "kernel", "initrd"];

fn beside(firmware: &str, late: Late) -> Machine {
    Machine::declared(firmware, "small").beside_another_server().where_late_is(late)
}

#[test]
fn a_stranger_is_parked_beside_dnsmasq() {
    let stranger = Machine::stranger("bios").beside_another_server();
    stranger.until("parked").went_by(&["DHCP", "parked"]);
}

#[test]
#[ignore = "make test-boot"]
fn bios_when_the_address_comes_first() {
    beside("bios", Late::Ours).until("reported").went_by(&BY_BIOS);
}

#[test]
#[ignore = "make test-boot"]
fn bios_when_the_boot_file_comes_first() {
    beside("bios", Late::Theirs).until("reported").went_by(&BY_BIOS);
}

#[test]
#[ignore = "make test-boot"]
fn uefi_pxe_when_the_address_comes_first() {
    beside("uefi", Late::Ours).until("reported").went_by(&BY_LOADER);
}

#[test]
#[ignore = "make test-boot"]
fn uefi_pxe_when_the_boot_file_comes_first() {
    beside("uefi", Late::Theirs).until("reported").went_by(&BY_LOADER);
}

#[test]
#[ignore = "make test-boot"]
fn uefi_http_when_the_address_comes_first() {
    beside("uefi-http", Late::Ours).until("reported").went_by(&BY_LOADER);
}

#[test]
#[ignore = "make test-boot"]
fn uefi_http_when_the_boot_file_comes_first() {
    beside("uefi-http", Late::Theirs).until("reported").went_by(&BY_LOADER);
}
