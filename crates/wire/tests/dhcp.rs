//! The DHCP codec as a whole: round trips, overloading, faults, and dhcproto as a second opinion.

use dhcproto::{Decodable, Decoder, v4};
use firstlight_model::{Domain, Mac};
use firstlight_wire::dhcp::{Code, Message, MessageType, ParseError, classless_routes, domain_search};
use proptest::prelude::*;
use std::net::Ipv4Addr;

const MAC: Mac = Mac([0x52, 0x54, 0, 0x12, 0x34, 0x56]);

fn offer() -> Message {
    let mut message = Message::request(MAC, 0xdead_beef).reply();
    message.yiaddr = Ipv4Addr::new(10, 20, 0, 11);
    message.options.put_address(Code::SERVER_ID, Ipv4Addr::new(10, 20, 0, 1));
    message.options.put_type(MessageType::Offer);
    message.options.put_u32(Code::LEASE_TIME, 3600);
    message
}

fn sorted(message: &Message) -> Vec<(Code, Vec<u8>)> {
    let mut options: Vec<_> = message.options.iter().map(|(code, value)| (code, value.to_vec())).collect();
    options.sort();
    options
}

#[test]
fn a_short_message_is_padded_and_begins_with_its_type() {
    let bytes = offer().encode(548);
    assert_eq!(bytes.len(), 300);
    assert_eq!(bytes[240..243], [53, 1, 2]);
    assert_eq!(sorted(&Message::parse(&bytes).unwrap()), sorted(&offer()));
}

#[test]
fn a_long_option_is_split_and_joined_again() {
    let mut message = offer();
    let url = "http://10.20.0.1/".repeat(30);
    message.options.put_text(Code::BOOT_FILE, &url);
    let bytes = message.encode(1472);
    assert!(bytes.windows(2).any(|pair| pair == [67, 255]));
    assert_eq!(Message::parse(&bytes).unwrap().boot_file().as_deref(), Some(url.as_str()));
}

#[test]
fn what_does_not_fit_goes_over_file_and_sname() {
    let mut message = offer();
    for (code, length) in
        [(Code(224), 100), (Code(225), 77), (Code(226), 60), (Code::BOOT_FILE, 100), (Code::VENDOR, 100)]
    {
        message.options.put(code, &vec![code.0; length]);
    }
    let bytes = message.encode(548);
    assert!(bytes.len() <= 548);
    let read = Message::parse(&bytes).unwrap();
    assert_eq!(sorted(&read), sorted(&message));
    assert_eq!((read.file, read.sname), ([0; 128], [0; 64]));
}

#[test]
fn a_file_field_in_use_is_not_overwritten_and_the_least_needed_goes() {
    let mut message = offer();
    message.set_file("undionly.kpxe");
    message.set_sname("boot");
    message.options.put(Code(224), &[1; 250]);
    message.options.put(Code::BOOT_FILE, &[2; 200]);
    message.options.put(Code::RELAY_AGENT, &[3; 20]);
    let bytes = message.encode(0);
    let read = Message::parse(&bytes).unwrap();
    assert!(bytes.len() <= 548 && read.file == message.file && read.sname == message.sname);
    assert!(!read.options.has(Code(224)) && read.options.has(Code::BOOT_FILE));
    assert_eq!(read.options.iter().last(), Some((Code::RELAY_AGENT, [3; 20].as_slice())));
}

#[test]
fn errors_say_what_is_wrong_and_where() {
    let good = offer().encode(548);
    assert_eq!(Message::parse(&good[..239]), Err(ParseError::Short { length: 239 }));
    let spoilt = |at: usize, value: u8| {
        let mut bytes = good.clone();
        bytes[at] = value;
        Message::parse(&bytes).unwrap_err()
    };
    assert_eq!(spoilt(0, 3), ParseError::Op(3));
    assert_eq!(spoilt(2, 17), ParseError::HardwareLength(17));
    assert_eq!(spoilt(236, 0), ParseError::Cookie(0x0082_5363));
    assert_eq!(spoilt(244, 200).to_string(), "server identifier (54) at offset 243 says 200 bytes where 55 are left");
}

#[test]
fn a_packet_of_nothing_but_pieces_is_not_joined_for_ever() {
    let mut bytes = offer().encode(548)[..240].to_vec();
    (1..=254).for_each(|code| bytes.extend([code, 0]));
    let pieces = bytes.len();
    let some: Vec<u8> = [254, 1, 7].repeat(64);
    bytes.extend(&some);
    assert_eq!(Message::parse(&bytes).unwrap().options.get(Code(254)), Some([7; 64].as_slice()));
    bytes.extend([253, 0]);
    let error = Message::parse(&bytes).unwrap_err();
    assert_eq!(error, ParseError::Pieces { code: Code(253), offset: pieces + some.len() });
}

#[test]
fn a_missing_end_and_a_stray_last_byte_are_tolerated() {
    let mut bytes = offer().encode(548)[..258].to_vec();
    assert_eq!(Message::parse(&bytes).unwrap().options, Message::parse(&offer().encode(548)).unwrap().options);
    bytes.push(12);
    assert!(Message::parse(&bytes).is_ok());
}

#[test]
fn dhcproto_reads_our_nested_options() {
    let domains: Vec<Domain> = vec!["lab.example".parse().unwrap()];
    let router = Ipv4Addr::new(10, 20, 0, 1);
    let mut message = offer();
    message.options.put(Code::DOMAIN_SEARCH, &domain_search(&domains));
    message.options.put(Code::CLASSLESS_ROUTES, &classless_routes([("10.0.0.0/9".parse().unwrap(), router)]));
    let theirs = v4::Message::decode(&mut Decoder::new(&message.encode(548))).unwrap();
    let search = theirs.opts().get(v4::OptionCode::DomainSearch).unwrap();
    assert!(format!("{search:?}").contains("lab.example"), "{search:?}");
    let routes = theirs.opts().get(v4::OptionCode::ClasslessStaticRoute).unwrap();
    assert!(format!("{routes:?}").contains("10.0.0.0/9"), "{routes:?}");
}

prop_compose! {
    fn any_message()(
        head in any::<(bool, u8, u32, u16, bool)>(),
        addresses in any::<[[u8; 4]; 4]>(),
        file in "[a-z/.]{0,127}",
        options in prop::collection::vec((1u8..=254, prop::collection::vec(any::<u8>(), 0..300)), 0..8),
    ) -> Message {
        let (reply, hops, xid, secs, broadcast) = head;
        let mut message = Message::request(MAC, xid);
        if reply {
            message = message.reply();
        }
        (message.hops, message.secs) = (hops, secs);
        message.set_broadcast(broadcast);
        let [ciaddr, yiaddr, siaddr, giaddr] = addresses.map(Ipv4Addr::from);
        message.set_file(&file);
        options.iter().filter(|(code, _)| *code != 52).for_each(|(code, value)| message.options.put(Code(*code), value));
        Message { ciaddr, yiaddr, siaddr, giaddr, ..message }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back(message in any_message()) {
        let read = Message::parse(&message.encode(65_535)).unwrap();
        prop_assert_eq!(sorted(&read), sorted(&message));
        prop_assert_eq!(Message { options: message.options.clone(), ..read }, message);
    }

    #[test]
    fn the_limit_holds_and_what_is_left_is_unchanged(message in any_message(), max in 0usize..1500) {
        let bytes = message.encode(max);
        prop_assert!(bytes.len() <= max.max(548));
        let read = Message::parse(&bytes).unwrap();
        for (code, value) in read.options.iter() {
            prop_assert_eq!(message.options.get(code), Some(value));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..700)) {
        let _ = Message::parse(&bytes);
    }

    #[test]
    fn no_options_make_it_panic(tail in prop::collection::vec(any::<u8>(), 0..400), spoil in any::<[u8; 192]>()) {
        let mut bytes = offer().encode(548)[..240].to_vec();
        bytes[44..236].copy_from_slice(&spoil);
        bytes.extend_from_slice(&tail);
        if let Ok(message) = Message::parse(&bytes) {
            let _ = (message.kind(), message.limit(), message.boot_file(), message.options.user_classes());
            let _ = (message.options.inside(Code::IPXE).count(), message.options.uuid());
            prop_assert!(Message::parse(&message.encode(1472)).is_ok());
        }
    }

    #[test]
    fn dhcproto_agrees(xid: u32, address: [u8; 4], lease: u32, host in "[a-z]{1,60}", file in "[a-z/.]{0,127}") {
        let mut message = offer();
        (message.xid, message.yiaddr) = (xid, Ipv4Addr::from(address));
        message.options.put_u32(Code::LEASE_TIME, lease);
        message.options.put_text(Code::HOST_NAME, &host);
        message.options.put_addresses(Code::DNS, [Ipv4Addr::from(address), Ipv4Addr::LOCALHOST]);
        message.set_file(&file);
        let theirs = v4::Message::decode(&mut Decoder::new(&message.encode(548))).unwrap();
        prop_assert_eq!((theirs.xid(), theirs.yiaddr(), theirs.chaddr()), (xid, message.yiaddr, MAC.0.as_slice()));
        prop_assert_eq!(theirs.fname().and_then(|name| name.strip_suffix(b"\0")).unwrap_or_default(), file.as_bytes());
        let option = |code| theirs.opts().get(code).cloned();
        prop_assert_eq!(option(v4::OptionCode::AddressLeaseTime), Some(v4::DhcpOption::AddressLeaseTime(lease)));
        prop_assert_eq!(option(v4::OptionCode::Hostname), Some(v4::DhcpOption::Hostname(host)));
        let servers = vec![message.yiaddr, Ipv4Addr::LOCALHOST];
        prop_assert_eq!(option(v4::OptionCode::DomainNameServer), Some(v4::DhcpOption::DomainNameServer(servers)));
    }
}
