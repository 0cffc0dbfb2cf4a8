//! What real firmware and real clients send, read: the packets in `tests/captured`, as they crossed the wire. Each file
//! says whose it is, with the version.

#![allow(clippy::unwrap_used)] // a helper of tests may fail them

use firstlight_model::{Firmware, Mac};
use firstlight_wire::dhcp::{Code, Message, MessageType, ipxe};

macro_rules! captured {
    ($name:literal) => {
        [
            packet(include_str!(concat!("captured/", $name, ".discover.hex"))),
            packet(include_str!(concat!("captured/", $name, ".request.hex"))),
        ]
    };
}

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

fn text(message: &Message, code: Code) -> String {
    message.options.text(code).unwrap().into_owned()
}

/// Each with its MAC's last bytes.
fn all() -> [([u8; 3], [Message; 2]); 8] {
    [
        ([0x20, 0, 1], captured!("ipxe-rom")),
        ([0x20, 0, 2], captured!("ovmf-pxe")),
        ([0x20, 0, 2], captured!("snponly-efi")),
        ([0x20, 0, 3], captured!("ovmf-http")),
        ([0x20, 0, 3], captured!("ipxe-efi")),
        ([0x20, 0, 1], captured!("installer-udhcpc")),
        ([0x40, 0, 6], captured!("aavmf-pxe")),
        ([0x40, 0, 7], captured!("aavmf-http")),
    ]
}

#[test]
fn each_discovers_and_then_requests_what_it_was_offered() {
    for ([x, y, z], [discover, request]) in all() {
        assert_eq!((discover.kind(), request.kind()), (Some(MessageType::Discover), Some(MessageType::Request)));
        assert_eq!(discover.xid, request.xid);
        for message in [&discover, &request] {
            assert_eq!(message.mac(), Some(Mac([0x52, 0x54, 0, x, y, z])));
            assert_eq!(message.options.uuid(), None, "QEMU without -uuid sends zeros, or nothing at all");
            assert!((548..=1472).contains(&message.limit()), "{}", message.limit());
        }
        assert!(request.options.address(Code::SERVER_ID).is_some(), "it selects");
        assert!(request.options.address(Code::REQUESTED_ADDRESS).is_some() && request.ciaddr.is_unspecified());
    }
}

#[test]
fn what_is_read_is_written_again_in_the_same_bytes() {
    for (_, messages) in all() {
        for message in messages {
            assert_eq!(Message::parse(&message.encode(1472)), Ok(message));
        }
    }
}

#[test]
fn a_boot_client_says_in_both_messages_what_it_is() {
    for (_, [discover, request]) in all() {
        for code in [Code::VENDOR_CLASS, Code::CLIENT_ARCH, Code::USER_CLASS, Code::CLIENT_ID, Code::PARAMETERS] {
            assert_eq!(discover.options.get(code), request.options.get(code), "{code}");
        }
    }
}

#[test]
fn ipxe_is_known_by_its_user_class_and_its_own_option() {
    let [rom, _] = captured!("ipxe-rom");
    let [snponly, _] = captured!("snponly-efi");
    let [over_http, _] = captured!("ipxe-efi");
    assert_eq!(text(&rom, Code::VENDOR_CLASS), "PXEClient:Arch:00000:UNDI:002001");
    for (message, kind) in [(&rom, Firmware::Bios), (&snponly, Firmware::UefiAmd64), (&over_http, Firmware::UefiAmd64)]
    {
        assert_eq!(firmware(message), Some(kind));
        assert!(message.options.has_user_class(b"iPXE"));
        assert_eq!(message.options.inside(Code::IPXE).get(ipxe::VERSION), Some([1, 0, 0].as_slice()));
        assert_eq!(message.options.get(Code::CLIENT_ID).map(|id| (id[0], id.len())), Some((1, 7)), "its MAC");
        assert!(!message.broadcast() && message.limit() == 1444);
    }
    assert_eq!(rom.options.inside(Code::IPXE).get(ipxe::BUS_ID), Some([1, 0x1a, 0xf4, 0x10, 0].as_slice()), "virtio");
}

/// On every processor.
#[test]
fn edk2_is_known_by_its_vendor_class_and_sends_no_client_identifier() {
    for ([pxe, request], number, kind) in
        [(captured!("ovmf-pxe"), 7, Firmware::UefiAmd64), (captured!("aavmf-pxe"), 11, Firmware::UefiArm64)]
    {
        assert_eq!(text(&pxe, Code::VENDOR_CLASS), format!("PXEClient:Arch:{number:05}:UNDI:003000"));
        assert_eq!((firmware(&pxe), pxe.limit()), (Some(kind), 1444));
        assert_eq!(request.options.u16(Code::MAX_SIZE), Some(0xff00), "more than an Ethernet carries");
        assert_eq!(request.limit(), 1472);
        assert_is_edk2s(&pxe);
    }
    for ([http, _], number, kind) in
        [(captured!("ovmf-http"), 16, Firmware::UefiAmd64Http), (captured!("aavmf-http"), 19, Firmware::UefiArm64Http)]
    {
        assert_eq!(text(&http, Code::VENDOR_CLASS), format!("HTTPClient:Arch:{number:05}:UNDI:003000"));
        assert_eq!(firmware(&http), Some(kind));
        assert_is_edk2s(&http);
    }
}

fn assert_is_edk2s(message: &Message) {
    assert!(message.broadcast() && !message.options.has(Code::USER_CLASS) && !message.options.has(Code::CLIENT_ID));
    assert!(message.options.requested().any(|code| code == Code::BOOT_FILE));
}

#[test]
fn the_installers_client_is_no_boot_client() {
    let [discover, _] = captured!("installer-udhcpc");
    assert_eq!((text(&discover, Code::VENDOR_CLASS).as_str(), firmware(&discover)), ("d-i", None));
    assert_eq!(discover.limit(), 548);
}
