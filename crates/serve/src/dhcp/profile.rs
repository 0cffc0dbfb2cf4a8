//! How each family of firmware is told what to boot: one table, because this is where firmware and servers disagree.
//! PXE 2.1 (ProxyDHCP, boot server discovery), RFC 4578, UEFI specification (HTTP boot); the behaviour of EDK2 is that
//! of its `NetworkPkg/UefiPxeBcDxe/PxeBcDhcp4.c`, of iPXE that of its `src/net/udp/dhcp.c`.
//!
//! Three kinds of answer differ. With a *lease*: OFFER and ACK of the server that also gives the address. As a *proxy*:
//! the OFFER on port 67 beside another server, without an address. As a *boot server*: the ACK on port 4011, and to an
//! INFORM. What does not differ is not here: the file's name in `file` and option 67, and our
//! address in `siaddr`, for what comes by TFTP in `sname` and option 66 too (`reply.rs`). Not here either: which file that is (`firstlight_boot`).

use firstlight_boot::Client;
use firstlight_model::Firmware;

/// What marks an answer as one that the firmware takes its boot file from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Marks {
    /// Option 60.
    pub(super) class: Option<&'static str>,
    /// Option 43, sub-option 6 = 8: take the boot file of this very message, ask no boot server, show no menu.
    pub(super) at_once: bool,
}

const NONE: Marks = Marks { class: None, at_once: false };
const PXE: Marks = Marks { class: Some("PXEClient"), at_once: false };
const PXE_AT_ONCE: Marks = Marks { class: Some("PXEClient"), at_once: true };
const HTTP: Marks = Marks { class: Some("HTTPClient"), at_once: false };

/// Kinds of firmware that are told in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Bios,
    UefiPxe,
    UefiHttp,
    Ipxe,
    UBoot,
    Unknown,
}

/// One row of the table.
#[derive(Debug)]
pub(super) struct Profile {
    family: Family,
    /// OFFER and ACK with an address.
    pub(super) lease: Marks,
    /// OFFER without an address, port 67.
    pub(super) proxy: Marks,
    /// ACK without an address, port 4011.
    pub(super) boot_server: Marks,
}

/// The table.
const PROFILES: [Profile; 6] = [
    // The specification's own way. Without option 43 a ROM takes a boot server for granted and asks for it on 4011,
    // some after a prompt; those that ask all the same are answered there.
    Profile { family: Family::Bios, lease: PXE_AT_ONCE, proxy: PXE_AT_ONCE, boot_server: PXE_AT_ONCE },
    // EDK2 before 2020 forgets the first proxy offer that has option 43 (PxeBcCacheDhcp4Offer counts the offers of that
    // kind only from the second on), and Dell's and others' firmware are made from it. One without 43 counts as an
    // offer of Microsoft's BINL, is kept by every version, and makes it ask on 4011. So does Pixiecore.
    Profile { family: Family::UefiPxe, lease: PXE_AT_ONCE, proxy: PXE, boot_server: PXE },
    // HttpBootDxe takes an offer with its own class and a URL, and knows neither option 43 nor port 4011.
    Profile { family: Family::UefiHttp, lease: HTTP, proxy: HTTP, boot_server: HTTP },
    // Takes any offer that says PXEClient for a proxy's; with `siaddr` and a file name in it, it does not ask on 4011
    // (dhcp_has_pxeopts). With a lease it is told not to wait for a proxy (175.176), and needs neither.
    Profile { family: Family::Ipxe, lease: NONE, proxy: PXE, boot_server: PXE },
    // Reads `siaddr` and `file` and knows no option 43. It looks for a proxy's offer only where it was built to
    // (CONFIG_SERVERIP_FROM_PROXYDHCP), and takes that by the class.
    Profile { family: Family::UBoot, lease: PXE, proxy: PXE, boot_server: PXE },
    // As the specification has it.
    Profile { family: Family::Unknown, lease: PXE_AT_ONCE, proxy: PXE_AT_ONCE, boot_server: PXE_AT_ONCE },
];

/// How this client is told what to boot; `None` for what does not boot through us.
pub(super) fn of(client: Client) -> Option<&'static Profile> {
    let family = family(client)?;
    PROFILES.iter().find(|profile| profile.family == family)
}

fn family(client: Client) -> Option<Family> {
    match client {
        Client::Ipxe(_) => Some(Family::Ipxe),
        Client::HttpBoot(_) => Some(Family::UefiHttp),
        Client::Pxe(Firmware::Bios) => Some(Family::Bios),
        Client::Pxe(firmware) if firmware.ipxe_name().is_some() => Some(Family::UefiPxe),
        // 21 and 22: U-Boot on 32-bit and 64-bit Arm (IANA "Processor Architecture Types").
        Client::Pxe(Firmware::Other(21 | 22)) => Some(Family::UBoot),
        Client::Pxe(_) => Some(Family::Unknown),
        Client::Grub(_) | Client::Other => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_boot_client_has_a_profile_and_an_os_has_none() {
        let firmware = (0..40).map(Firmware::from_option);
        for firmware in firmware {
            for client in [Client::Pxe(firmware), Client::HttpBoot(firmware), Client::Ipxe(Some(firmware))] {
                assert!(of(client).is_some(), "{client:?}");
            }
        }
        assert!(of(Client::Other).is_none());
    }

    #[test]
    fn uefi_is_sent_to_port_4011_and_a_bios_rom_is_not() {
        let proxy = |firmware| of(Client::Pxe(firmware)).unwrap().proxy;
        assert_eq!(proxy(Firmware::Bios), PXE_AT_ONCE);
        assert_eq!([Firmware::UefiAmd64, Firmware::UefiArm64, Firmware::UefiI386].map(proxy), [PXE; 3]);
        assert_eq!(proxy(Firmware::Other(22)), PXE);
    }
}
