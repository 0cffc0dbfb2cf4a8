//! The whole reply to what real firmware and real clients sent (`crates/wire/tests/captured`).

use super::tests::World;
use super::*;
use firstlight_boot::Client;
use firstlight_model::Firmware;

const SITE: &str = r#"
site {
  domain = "lab.example"
}
network "boot" {
  interface = "eth1"
  subnet    = "10.20.0.0/24"
  gateway   = "10.20.0.1"
  dns       = ["10.20.0.1"]
  dhcp {
    range = ["10.20.0.100", "10.20.0.200"]
  }
}
profile "disk" {
  boot = "disk"
}
"#;

macro_rules! captured {
    ($name:literal) => {
        [
            include_str!(concat!("../../../../wire/tests/captured/", $name, ".discover.hex")),
            include_str!(concat!("../../../../wire/tests/captured/", $name, ".request.hex")),
        ]
    };
}

fn packet(text: &str) -> Message {
    let hex = text.lines().flat_map(|line| line.split('#').next()).flat_map(str::split_whitespace);
    let bytes: Vec<u8> = hex.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
    Message::parse(&bytes).unwrap()
}

/// What is printable as it is, the rest in hex.
fn value(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.len() > 4 && text.chars().all(|c| c.is_ascii_graphic()) => text.to_owned(),
        _ => bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" "),
    }
}

fn field(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end_matches('\0').to_owned()
}

/// Every field and option that a reply says something in, in the order of the wire.
fn shown(reply: &Message, target: Target) -> String {
    let Message { yiaddr, siaddr, giaddr, ciaddr, flags, .. } = reply;
    assert!(giaddr.is_unspecified());
    let mut lines = vec![format!("to {target:?}, flags {flags:04x}"), format!("you {yiaddr}, next {siaddr}")];
    if !ciaddr.is_unspecified() {
        lines.push(format!("client {ciaddr}"));
    }
    lines.push(format!("file {:?}, sname {:?}", field(&reply.file), field(&reply.sname)));
    lines.extend(reply.options.iter().map(|(code, bytes)| format!("{} {}", code.0, value(bytes))));
    lines.join("\n")
}

/// The OFFER and the ACK, which must say the same but for what they are.
fn answered(packets: [&str; 2]) -> (Client, String) {
    let mut world = World::of(SITE);
    let [discover, mut request] = packets.map(packet);
    let (offer, target) = world.reply(&discover).unwrap();
    assert_eq!((offer.xid, offer.chaddr, offer.htype, offer.hlen), (discover.xid, discover.chaddr, 1, 6));
    request.options.put_address(Code::REQUESTED_ADDRESS, offer.yiaddr);
    let (ack, to) = world.reply(&request).unwrap();
    let offer = shown(&offer, target);
    assert_eq!(offer.replace("\n53 02\n", "\n53 05\n"), shown(&ack, to));
    (classify::ask(&discover, Mac([2, 0, 0, 0, 0, 1])).client, offer)
}

macro_rules! assert_answered {
    ($name:literal, $client:expr) => {
        let (client, offer) = answered(captured!($name));
        assert_eq!(client, $client);
        assert_eq!(offer, include_str!(concat!("replies/", $name, ".txt")).trim_end());
    };
}

#[test]
fn ovmf_gets_its_loader_by_pxe_and_a_whole_url_by_http_boot() {
    assert_answered!("ovmf-pxe", Client::Pxe(Firmware::UefiAmd64));
    assert_answered!("ovmf-http", Client::HttpBoot(Firmware::UefiAmd64Http));
}

#[test]
fn firmware_on_arm_gets_its_own_loader_in_the_same_ways() {
    assert_answered!("aavmf-pxe", Client::Pxe(Firmware::UefiArm64));
    assert_answered!("aavmf-http", Client::HttpBoot(Firmware::UefiArm64Http));
}

#[test]
fn ipxe_gets_its_script_however_it_came_up() {
    assert_answered!("ipxe-rom", Client::Ipxe(Some(Firmware::Bios)));
    assert_answered!("snponly-efi", Client::Ipxe(Some(Firmware::UefiAmd64)));
    assert_answered!("ipxe-efi", Client::Ipxe(Some(Firmware::UefiAmd64)));
}

#[test]
fn the_installers_client_gets_an_address_and_nothing_to_boot() {
    assert_answered!("installer-udhcpc", Client::Other);
}

/// A network whose addresses another server gives.
fn beside() -> World {
    World::of(&site_beside())
}

fn site_beside() -> String {
    let range = "  dhcp {\n    range = [\"10.20.0.100\", \"10.20.0.200\"]\n  }";
    assert!(SITE.contains(range));
    SITE.replace(range, "  dhcp { mode = \"proxy\" }")
}

macro_rules! assert_offered_beside {
    ($name:literal) => {
        let [discover, request] = captured!($name).map(packet);
        let mut world = beside();
        let (offer, target) = world.reply(&discover).unwrap();
        assert_eq!(shown(&offer, target), include_str!(concat!("replies/proxy/", $name, ".txt")).trim_end());
        assert!(world.reply(&request).is_none(), "that is for the other server");
    };
}

#[test]
fn beside_another_server_each_is_offered_its_boot_file_in_its_own_way() {
    assert_offered_beside!("ovmf-pxe");
    assert_offered_beside!("ovmf-http");
    assert_offered_beside!("aavmf-pxe");
    assert_offered_beside!("aavmf-http");
    assert_offered_beside!("ipxe-rom");
    assert_offered_beside!("snponly-efi");
    assert_offered_beside!("ipxe-efi");
}

#[test]
fn beside_another_server_the_installers_client_hears_nothing() {
    let mut world = beside();
    assert!(captured!("installer-udhcpc").map(packet).iter().all(|message| world.reply(message).is_none()));
}

/// It was captured in the network that begins with `net`.
macro_rules! assert_acked_on_4011 {
    ($name:literal, $net:literal) => {
        let request = packet(include_str!(concat!("../../../../wire/tests/captured/", $name, ".boot-server.hex")));
        let mut world = World::of(&site_beside().replace("10.20.0.", $net));
        world.port = Port::BootServer(std::net::SocketAddrV4::new(request.ciaddr, 4011));
        let (ack, target) = world.reply(&request).unwrap();
        assert_eq!(shown(&ack, target), include_str!(concat!("replies/proxy/", $name, ".boot-server.txt")).trim_end());
    };
}

/// EDK2 asks from port 4011 and listens there.
#[test]
fn firmware_gets_its_loader_on_port_4011() {
    assert_acked_on_4011!("ovmf-pxe", "10.20.0.");
    assert_acked_on_4011!("aavmf-pxe", "10.30.0.");
}
