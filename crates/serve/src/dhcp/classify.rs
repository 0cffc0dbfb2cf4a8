//! What a client says it is: its vendor class (60), user class (77), architecture (93), UUID (97) and iPXE's own option
//! (175). RFC 4578; UEFI specification, HTTP boot; iPXE.

use firstlight_boot::{Ask, Client};
use firstlight_model::{Firmware, Mac};
use firstlight_wire::dhcp::{Code, Message};

/// The question that this message puts to the BootSet.
pub(super) fn ask(message: &Message, mac: Mac) -> Ask {
    Ask { mac, uuid: message.options.uuid(), serial: None, client: client(message) }
}

fn client(message: &Message) -> Client {
    let options = &message.options;
    let class = options.get(Code::VENDOR_CLASS).unwrap_or_default();
    let said = options.architectures().next().or_else(|| arch_in_class(class));
    // First of all: an iPXE in a ROM also says PXEClient.
    if options.has_user_class(b"iPXE") || options.has(Code::IPXE) {
        return Client::Ipxe(said.map(Firmware::from_option));
    }
    let firmware = Firmware::from_option(said.unwrap_or(0));
    if class.starts_with(b"HTTPClient") {
        return Client::HttpBoot(over_http(firmware));
    }
    // U-Boot has a class of its own and says its architecture, which no operating system does.
    let boots = class.starts_with(b"PXEClient") || options.has(Code::CLIENT_ARCH);
    if boots { Client::Pxe(firmware) } else { Client::Other }
}

/// `PXEClient:Arch:00007:UNDI:003016` says the architecture too.
fn arch_in_class(class: &[u8]) -> Option<u16> {
    let mut parts = std::str::from_utf8(class).ok()?.split(':');
    parts.by_ref().find(|part| *part == "Arch")?;
    parts.next()?.parse().ok()
}

/// Some firmware announces HTTP boot by the class and keeps its PXE architecture.
fn over_http(firmware: Firmware) -> Firmware {
    match firmware {
        Firmware::UefiAmd64 => Firmware::UefiAmd64Http,
        Firmware::UefiArm64 => Firmware::UefiArm64Http,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classified(options: &[(Code, &[u8])]) -> Client {
        let mut message = Message::request(Mac([2, 0, 0, 0, 0, 1]), 1);
        options.iter().for_each(|(code, value)| message.options.put(*code, value));
        ask(&message, Mac([2, 0, 0, 0, 0, 1])).client
    }

    #[test]
    fn each_firmware_is_known_by_what_it_sends() {
        let rom: (Code, &[u8]) = (Code::VENDOR_CLASS, b"PXEClient:Arch:00000:UNDI:002001");
        let ovmf: (Code, &[u8]) = (Code::VENDOR_CLASS, b"PXEClient:Arch:00007:UNDI:003016");
        let http: (Code, &[u8]) = (Code::VENDOR_CLASS, b"HTTPClient:Arch:00016:UNDI:003016");
        assert_eq!(classified(&[rom, (Code::CLIENT_ARCH, &[0, 0])]), Client::Pxe(Firmware::Bios));
        assert_eq!(classified(&[ovmf, (Code::CLIENT_ARCH, &[0, 7])]), Client::Pxe(Firmware::UefiAmd64));
        assert_eq!(classified(&[ovmf]), Client::Pxe(Firmware::UefiAmd64), "the class alone");
        assert_eq!(classified(&[http, (Code::CLIENT_ARCH, &[0, 16])]), Client::HttpBoot(Firmware::UefiAmd64Http));
        assert_eq!(classified(&[http, (Code::CLIENT_ARCH, &[0, 7])]), Client::HttpBoot(Firmware::UefiAmd64Http));
        assert_eq!(classified(&[(Code::VENDOR_CLASS, b"udhcp 1.35.0")]), Client::Other);
        let uboot: (Code, &[u8]) = (Code::VENDOR_CLASS, b"U-Boot.armv8");
        assert_eq!(classified(&[uboot, (Code::CLIENT_ARCH, &[0, 22])]), Client::Pxe(Firmware::Other(22)));
        assert_eq!(classified(&[(Code::VENDOR_CLASS, b"PXEClient\xff")]), Client::Pxe(Firmware::Bios));
    }

    #[test]
    fn ipxe_is_known_also_when_it_is_the_rom() {
        let rom: (Code, &[u8]) = (Code::VENDOR_CLASS, b"PXEClient:Arch:00000:UNDI:002001");
        assert_eq!(classified(&[rom, (Code::USER_CLASS, b"iPXE")]), Client::Ipxe(Some(Firmware::Bios)));
        assert_eq!(classified(&[(Code::IPXE, &[235, 3, 1, 21, 1])]), Client::Ipxe(None));
    }
}
