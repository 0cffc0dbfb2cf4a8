//! Peers that lie, repeat themselves or are broken; and RFC 2131's rules that protect others from them.

use super::tests::{SITE, World, ip, message, rebooting, renewing};
use super::*;
use firstlight_wire::dhcp::MessageType::*;

fn with_id(mut message: Message, id: &[u8]) -> Message {
    message.options.put(Code::CLIENT_ID, id);
    message
}

/// A message of a PXE ROM.
fn rom(mut message: Message) -> Message {
    message.options.put_text(Code::VENDOR_CLASS, "PXEClient:Arch:00007:UNDI:003016");
    message
}

fn take(world: &mut World, discover: &Message) -> Ipv4Addr {
    let (offer, _) = world.reply(discover).unwrap();
    let mut request = discover.clone();
    request.options.put_type(Request);
    request.options.put_address(Code::SERVER_ID, ip(1));
    request.options.put_address(Code::REQUESTED_ADDRESS, offer.yiaddr);
    assert_eq!(world.kind(&request), Some(Ack));
    offer.yiaddr
}

#[test]
fn all_stages_of_a_boot_share_one_address() {
    let mut world = World::new();
    let uuid = [0; 17];
    let address = take(&mut world, &with_id(rom(message(9, Discover)), &uuid));
    let mut ipxe = rom(message(9, Discover));
    ipxe.options.put_text(Code::USER_CLASS, "iPXE");
    assert_eq!(take(&mut world, &with_id(ipxe, &[1, 0x52, 0x54, 0, 0, 0, 9])), address);
    assert_eq!(take(&mut world, &message(9, Discover)), address, "a system without an identifier, too");
    assert_ne!(
        take(&mut world, &with_id(message(9, Discover), b"\xffa-duid")),
        address,
        "one with its own has its own"
    );
    assert_ne!(
        take(&mut world, &with_id(rom(message(8, Discover)), &uuid)),
        address,
        "a broken UUID is shared by many"
    );
}

#[test]
fn a_rom_ends_its_lease_though_it_does_not_say_then_that_it_boots() {
    let mut world = World::new();
    let address = take(&mut world, &with_id(rom(message(9, Discover)), &[7; 17]));
    let mut decline = with_id(message(9, Decline), &[7; 17]);
    decline.options.put_address(Code::REQUESTED_ADDRESS, address);
    assert!(world.answer(&decline).lease.is_some());
    let other = take(&mut world, &with_id(rom(message(9, Discover)), &[7; 17]));
    assert_ne!(other, address, "it is not offered the same one again");
    let mut foreign = with_id(message(8, Release), &[7; 17]);
    foreign.ciaddr = other;
    assert!(world.answer(&foreign).lease.is_none());
}

#[test]
fn nobody_is_sent_anything_on_a_strangers_word() {
    let mut world = World::new();
    let victims = [Ipv4Addr::new(192, 0, 2, 1), ip(255), ip(0), Ipv4Addr::BROADCAST, Ipv4Addr::new(224, 0, 0, 1)];
    for victim in victims {
        let mut inform = message(9, Inform);
        inform.ciaddr = victim;
        assert_eq!(world.kind(&inform), None, "{victim}");
        let mut discover = message(9, Discover);
        discover.ciaddr = victim;
        let (_, target) = world.reply(&discover).unwrap();
        assert!(matches!(target, Target::NewClient(address, _) if address == ip(100)), "{victim}: {target:?}");
        let mut request = rebooting(9, ip(100));
        request.ciaddr = victim;
        assert!(!matches!(world.reply(&request), Some((_, Target::Client(_)))), "{victim}");
    }
}

#[test]
fn a_relay_is_neither_one_of_us_nor_everybody() {
    let mut world = World::new();
    let broadcast = Ipv4Addr::new(10, 30, 0, 255);
    for relay in [ip(1), ip(255), broadcast, Ipv4Addr::LOCALHOST, Ipv4Addr::BROADCAST, Ipv4Addr::new(224, 0, 0, 1)] {
        let mut discover = message(9, Discover);
        discover.giaddr = relay;
        discover.options.put(Code::RELAY_AGENT, &[5, 4, 10, 30, 0, 0]);
        assert_eq!(world.kind(&discover), None, "{relay}");
    }
}

#[test]
fn what_no_client_can_have_is_refused() {
    let mut world = World::new();
    for address in [ip(0), ip(255), ip(1), ip(53), ip(254), ip(11)] {
        assert_eq!(world.kind(&rebooting(9, address)), Some(Nak), "{address}");
        assert_eq!(world.kind(&renewing(9, address)), Some(Nak), "{address}");
        let mut discover = message(9, Discover);
        discover.options.put_address(Code::REQUESTED_ADDRESS, address);
        assert_eq!(world.reply(&discover).unwrap().0.yiaddr, ip(100), "{address}");
    }
}

#[test]
fn a_renewal_from_a_network_that_is_gone_is_refused_to_everyone_on_the_link() {
    let mut world = World::new();
    let (nak, target) = world.reply(&renewing(9, Ipv4Addr::new(10, 9, 0, 5))).unwrap();
    assert_eq!((nak.kind(), target), (Some(Nak), Target::Broadcast), "RFC 2131 section 4.1");
    let addresses = [nak.ciaddr, nak.yiaddr, nak.siaddr];
    assert_eq!(addresses, [Ipv4Addr::UNSPECIFIED; 3], "table 3");
    let codes: Vec<Code> = nak.options.iter().map(|(code, _)| code).collect();
    assert_eq!(codes, [Code::MESSAGE_TYPE, Code::SERVER_ID, Code::MESSAGE]);
}

#[test]
fn a_renewal_is_for_the_address_in_use() {
    let mut world = World::new();
    let address = take(&mut world, &message(9, Discover));
    let mut renewal = renewing(9, address);
    renewal.options.put_address(Code::REQUESTED_ADDRESS, ip(102));
    let (ack, target) = world.reply(&renewal).unwrap();
    assert_eq!((ack.yiaddr, target), (address, Target::Client(address)));
}

#[test]
fn an_inform_is_told_no_time_and_no_address() {
    let mut world = World::new();
    let mut inform = message(9, Inform);
    inform.ciaddr = ip(77);
    inform.options.put(Code::PARAMETERS, &[51, 58, 59, 1, 6]);
    let (ack, _) = world.reply(&inform).unwrap();
    assert_eq!((ack.ciaddr, ack.yiaddr), (ip(77), Ipv4Addr::UNSPECIFIED));
    for code in [Code::LEASE_TIME, Code::RENEWAL_TIME, Code::REBINDING_TIME] {
        assert!(!ack.options.has(code), "{code}");
    }
    assert!(ack.options.has(Code::SUBNET_MASK) && ack.options.has(Code::SERVER_ID));
}

#[test]
fn odd_options_and_hardware_end_in_an_answer_or_in_silence() {
    let mut world = World::new();
    let long = take(&mut world, &with_id(message(9, Discover), &[0xab; 255]));
    let hardware = take(&mut world, &with_id(message(8, Discover), &[0xab; 1000]));
    assert_eq!(take(&mut world, &message(8, Discover)), hardware, "too long to be an identifier");
    assert_ne!(long, hardware);
    let mut odd = message(7, Discover);
    let text = b"\xff\0'; DROP TABLE leases;\n\x1b[2J".repeat(9);
    for code in [Code::HOST_NAME, Code::VENDOR_CLASS, Code::USER_CLASS, Code::CLIENT_FQDN, Code::CLIENT_UUID] {
        odd.options.put(code, &text);
    }
    for code in [Code::CLIENT_ARCH, Code::LEASE_TIME, Code::MAX_SIZE, Code::REQUESTED_ADDRESS, Code::IPXE] {
        odd.options.put(code, b"");
    }
    odd.options.put(Code::PARAMETERS, &(0..=255).collect::<Vec<u8>>());
    let (offer, _) = world.reply(&odd).unwrap();
    assert_eq!(offer.kind(), Some(Offer));
    assert_ne!(offer.options.get(Code::HOST_NAME), Some(text.as_slice()));
    for length in [0, 5, 7, 16] {
        assert_eq!(world.kind(&Message { hlen: length, ..message(9, Discover) }), None);
    }
}

#[test]
fn a_flood_of_declines_does_not_close_the_network() {
    let mut world = World::of(&SITE.replace("10.20.0.102", "10.20.0.199"));
    for client in 20..=250 {
        let address = take(&mut world, &message(client, Discover));
        let mut decline = message(client, Decline);
        decline.options.put_address(Code::REQUESTED_ADDRESS, address);
        world.answer(&decline);
    }
    assert_eq!(world.kind(&message(9, Discover)), Some(Offer));
}
