//! ProxyDHCP: who is answered beside another server, with what, and where.

use super::tests::{SITE, World, ip, message};
use super::*;
use firstlight_wire::dhcp::{MessageType::*, pxe};

fn proxy() -> World {
    let ranges = "  dhcp {\n    range = [\"10.20.0.100\", \"10.20.0.102\"]\n    lease = \"1h\"\n  }";
    assert!(SITE.contains(ranges));
    World::of(&SITE.replace(ranges, "  dhcp { mode = \"proxy\" }"))
}

fn firmware(kind: MessageType, class: &str, arch: u16) -> Message {
    let mut message = message(9, kind);
    message.options.put_text(Code::VENDOR_CLASS, class);
    message.options.put_u16(Code::CLIENT_ARCH, arch);
    message
}

fn uefi(kind: MessageType) -> Message {
    firmware(kind, "PXEClient:Arch:00007:UNDI:003016", 7)
}

fn bios(kind: MessageType) -> Message {
    firmware(kind, "PXEClient:Arch:00000:UNDI:002001", 0)
}

/// On port 4011, from `sender`.
fn ask(world: &mut World, sender: Ipv4Addr, message: &Message) -> Option<(Message, Target)> {
    world.port = Port::BootServer(SocketAddrV4::new(sender, 68));
    let reply = world.reply(message);
    world.port = Port::Server;
    reply
}

#[test]
fn a_boot_client_is_offered_its_boot_file_and_no_address() {
    let mut world = proxy();
    let answer = world.answer(&uefi(Discover));
    assert!(answer.lease.is_none() && !answer.exhausted);
    assert_eq!(answer.event.unwrap().summary(), "UEFI amd64 was answered on port 67, boot snponly.efi");
    let (offer, target) = answer.reply.unwrap();
    assert_eq!((offer.kind(), offer.yiaddr, target), (Some(Offer), Ipv4Addr::UNSPECIFIED, Target::Broadcast));
    assert_eq!((offer.siaddr, offer.boot_file().as_deref()), (ip(1), Some("snponly.efi")));
    assert_eq!(offer.options.text(Code::VENDOR_CLASS).as_deref(), Some("PXEClient"));
    for code in [Code::SUBNET_MASK, Code::ROUTER, Code::DNS, Code::LEASE_TIME, Code::HOST_NAME] {
        assert!(!offer.options.has(code), "{code} is the other server's business");
    }
}

#[test]
fn nobody_else_is_told_anything() {
    let mut world = proxy();
    let mut inform = message(9, Inform);
    inform.ciaddr = ip(77);
    for os in [message(9, Discover), message(1, Discover), message(9, Request), inform] {
        assert_eq!(world.kind(&os), None, "{os:?}");
    }
    // A client with a loader that we do not have.
    assert_eq!(world.kind(&firmware(Discover, "PXEClient:Arch:00010:UNDI:003016", 10)), None);
}

#[test]
fn what_is_said_to_the_server_that_gives_the_address_is_not_ours() {
    let mut world = proxy();
    for kind in [Request, Decline, Release] {
        let mut message = uefi(kind);
        message.options.put_address(Code::REQUESTED_ADDRESS, ip(100));
        message.options.put_address(Code::SERVER_ID, ip(2));
        let answer = world.answer(&message);
        assert!(answer.reply.is_none() && answer.lease.is_none() && answer.event.is_none(), "{kind}");
    }
}

#[test]
fn only_a_bios_rom_is_told_to_take_the_offers_own_file() {
    let mut world = proxy();
    let at_once = |offer: &Message| offer.options.inside(Code::VENDOR).get(pxe::DISCOVERY_CONTROL).is_some();
    assert!(at_once(&world.reply(&bios(Discover)).unwrap().0));
    assert!(!at_once(&world.reply(&uefi(Discover)).unwrap().0), "an EDK2 would forget the offer");
}

#[test]
fn uefi_gets_its_file_on_port_4011_where_it_asks_from() {
    let mut world = proxy();
    let mut request = uefi(Request);
    request.ciaddr = ip(100);
    let (ack, target) = ask(&mut world, ip(100), &request).unwrap();
    assert_eq!(target, Target::Sender(SocketAddrV4::new(ip(100), 68)));
    assert_eq!((ack.kind(), ack.yiaddr, ack.ciaddr), (Some(Ack), Ipv4Addr::UNSPECIFIED, ip(100)));
    assert_eq!((ack.siaddr, ack.boot_file().as_deref()), (ip(1), Some("snponly.efi")));
    let last = ack.options.iter().last().map(|(code, _)| code);
    assert_eq!(last, Some(Code::BOOT_FILE), "EDK2 writes behind it");
}

#[test]
fn port_4011_answers_in_authoritative_mode_too_and_takes_no_lease() {
    let mut world = World::new();
    let mut inform = bios(Inform);
    inform.ciaddr = ip(100);
    let (ack, _) = ask(&mut world, ip(100), &inform).unwrap();
    assert_eq!((ack.kind(), ack.boot_file().as_deref()), (Some(Ack), Some("undionly.kpxe")));
    world.port = Port::BootServer(SocketAddrV4::new(ip(100), 68));
    assert!(world.answer(&inform).lease.is_none());
}

#[test]
fn port_4011_answers_boot_clients_of_our_networks_and_no_other_question() {
    let mut world = proxy();
    let stranger = Ipv4Addr::new(192, 0, 2, 1);
    for (sender, message) in [
        (stranger, uefi(Request)),
        (ip(255), uefi(Request)),
        (ip(100), message(9, Request)),
        (ip(100), uefi(Discover)),
        (ip(100), uefi(Release)),
    ] {
        assert!(ask(&mut world, sender, &message).is_none(), "{sender} {message:?}");
    }
}

#[test]
fn the_menu_entry_that_was_asked_for_is_said_back() {
    let mut world = proxy();
    let mut request = uefi(Request);
    request.options.put(Code::VENDOR, &[pxe::BOOT_ITEM, 4, 0, 0, 0, 0, 255]);
    let (ack, _) = ask(&mut world, ip(100), &request).unwrap();
    assert_eq!(ack.options.inside(Code::VENDOR).get(pxe::BOOT_ITEM), Some([0, 0, 0, 0].as_slice()));
}

#[test]
fn ipxe_gets_its_script_and_http_boot_its_url() {
    let mut world = proxy();
    let mut ipxe = bios(Discover);
    ipxe.options.put_text(Code::USER_CLASS, "iPXE");
    let (offer, _) = world.reply(&ipxe).unwrap();
    assert!(offer.boot_file().unwrap().starts_with("http://10.20.0.1:8080/boot.ipxe?"));
    assert_eq!(offer.siaddr, ip(1), "or it asks on 4011, and overlooks the answer");
    assert_eq!(offer.options.text(Code::VENDOR_CLASS).as_deref(), Some("PXEClient"), "or it overlooks it");
    assert!(!offer.options.has(Code::IPXE), "it is to wait for the address");
    let (offer, _) = world.reply(&firmware(Discover, "HTTPClient:Arch:00016:UNDI:003016", 16)).unwrap();
    assert_eq!(offer.boot_file().as_deref(), Some("http://10.20.0.1:8080/loader/ipxe.efi"));
    assert_eq!(offer.options.text(Code::VENDOR_CLASS).as_deref(), Some("HTTPClient"));
}

#[test]
fn a_relays_client_is_answered_by_way_of_the_relay() {
    let mut world = World::of(&SITE.replace("range = [\"10.30.0.100\", \"10.30.0.200\"]", "mode = \"proxy\""));
    let mut discover = uefi(Discover);
    discover.giaddr = Ipv4Addr::new(10, 30, 0, 254);
    discover.options.put(Code::RELAY_AGENT, &[1, 2, 0, 7]);
    let (offer, target) = world.reply(&discover).unwrap();
    assert_eq!((offer.yiaddr, target), (Ipv4Addr::UNSPECIFIED, Target::Relay(discover.giaddr)));
    assert_eq!(offer.options.iter().last(), Some((Code::RELAY_AGENT, [1, 2, 0, 7].as_slice())));
}

#[test]
fn a_site_that_ignores_strangers_ignores_them_here_too() {
    let ignoring = SITE.replace("site {", "site {\n  unknown = \"ignore\"");
    let mut world = World::of(&ignoring.replace("range = [\"10.30.0.100\", \"10.30.0.200\"]", "mode = \"proxy\""));
    let mut discover = uefi(Discover);
    discover.giaddr = Ipv4Addr::new(10, 30, 0, 254);
    assert_eq!(world.kind(&discover), None);
}
