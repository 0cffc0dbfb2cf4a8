//! What real firmware sends, read: the packets in `tests/packets`, written as hex with comments.

#![allow(clippy::unwrap_used)] // a helper of tests may fail them

use firstlight_model::{Firmware, Mac};
use firstlight_wire::dhcp::{Code, Message, MessageType, ipxe};

fn packet(text: &str) -> Message {
    let digits: Vec<u8> = text
        .lines()
        .flat_map(|line| line.split('#').next())
        .flat_map(str::split_whitespace)
        .map(|pair| u8::from_str_radix(pair, 16).unwrap())
        .collect();
    Message::parse(&digits).unwrap()
}

fn firmware(message: &Message) -> Option<Firmware> {
    message.options.architectures().next().map(Firmware::from_option)
}

#[test]
fn every_fixture_is_the_same_machine_discovering() {
    for text in [IPXE_SEABIOS, IPXE_UEFI, OVMF_PXE, OVMF_HTTP] {
        let message = packet(text);
        assert_eq!(message.kind(), Some(MessageType::Discover));
        assert_eq!(message.mac(), Some(Mac([0x52, 0x54, 0, 0x12, 0x34, 0x56])));
        assert_eq!(message.options.uuid().unwrap().to_string(), "4c4c4544-0051-3210-8052-b4c04f4d3532");
    }
}

#[test]
fn ipxe_is_known_by_its_user_class_and_its_own_option() {
    let message = packet(IPXE_SEABIOS);
    assert_eq!(firmware(&message), Some(Firmware::Bios));
    assert!(message.options.has_user_class(b"iPXE"));
    let own = message.options.inside(Code::IPXE);
    assert_eq!(own.get(ipxe::VERSION), Some([1, 21, 1].as_slice()));
    assert_eq!(own.get(ipxe::BUS_ID), Some([1, 0x80, 0x86, 0x10, 0x0e].as_slice()));
    assert_eq!(message.options.requested().last(), Some(Code(203)));
    assert_eq!((message.limit(), message.broadcast(), message.secs), (1444, false, 4));
    assert_eq!(firmware(&packet(IPXE_UEFI)), Some(Firmware::UefiAmd64));
}

#[test]
fn ovmf_is_known_by_its_vendor_class() {
    let pxe = packet(OVMF_PXE);
    assert_eq!(firmware(&pxe), Some(Firmware::UefiAmd64));
    assert_eq!(pxe.options.text(Code::VENDOR_CLASS).as_deref(), Some("PXEClient:Arch:00007:UNDI:003016"));
    assert!(pxe.broadcast() && !pxe.options.has(Code::USER_CLASS) && pxe.limit() == 1472);
    let http = packet(OVMF_HTTP);
    assert_eq!(firmware(&http), Some(Firmware::UefiAmd64Http));
    assert!(http.options.text(Code::VENDOR_CLASS).unwrap().starts_with("HTTPClient"));
    assert!(http.options.requested().any(|code| code == Code::BOOT_FILE));
}

const IPXE_SEABIOS: &str = include_str!("packets/ipxe-seabios.hex");
const IPXE_UEFI: &str = include_str!("packets/ipxe-uefi.hex");
const OVMF_PXE: &str = include_str!("packets/ovmf-pxe.hex");
const OVMF_HTTP: &str = include_str!("packets/ovmf-http.hex");
