//! What is answered by the site and by leases, read by hickory-proto; and that reading by hand agrees with it.

use super::{
    answer::{Outcome, answer},
    query::{Header, Query, read, unusual, usual},
    *,
};
use firstlight_model::{Hostname, Mac};
use firstlight_site::{Memory, Sources, parse};
use firstlight_state::{Claim, ClientKey};
use hickory_proto::{
    op::{Edns, ResponseCode},
    rr::{Name as HickoryName, RecordType},
};
use proptest::prelude::*;
use std::{str::FromStr, sync::LazyLock};

const SITE: &str = r#"
site { domain = "lab.example" }
network "boot" {
  interface = "eth1"
  subnet    = "10.20.0.0/24"
}
network "far" {
  subnet  = "10.30.0.0/22"
  address = "10.20.0.1"
  domain  = "far.lab.example"
}
profile "disk" { boot = "disk" }
machine "kitt" {
  mac     = "52:54:00:00:00:01"
  address = "10.20.0.11"
}
machine "karr" { mac = "52:54:00:00:00:02" }
machine "remote" {
  mac     = "52:54:00:00:00:03"
  address = "10.30.1.5"
}
dns {
  UPSTREAMS
  record "nas" {
    a   = ["10.20.0.5", "10.20.0.6"]
    txt = "the blue box"
  }
  record "karr" { aaaa = "fd00::2" }
  record "www" { cname = "nas" }
  record "away" { cname = "www.example.com" }
  record "gone" { cname = "nothing" }
  record "a" { cname = "b" }
  record "b" { cname = "a" }
  record "@" { mx = [{ target = "nas" }] }
  record "_http._tcp" { srv = [{ port = 80, target = "nas" }] }
  record "big" { txt = [TEXTS] }
}
"#;

const NOW: u64 = 1_795_168_800;

struct World {
    zones: Zones,
    table: LeaseTable,
}

impl Leases for World {
    fn look<T>(&self, at: impl FnOnce(&LeaseTable, u64) -> T) -> T {
        at(&self.table, NOW)
    }
}

impl World {
    fn new() -> World {
        World::with("")
    }

    fn with(upstreams: &str) -> World {
        let texts: Vec<String> = (0..10).map(|n| format!("\"{n}{}\"", "x".repeat(200))).collect();
        let text = SITE.replace("UPSTREAMS", upstreams).replace("TEXTS", &texts.join(", "));
        let site = match parse(&Sources::single("site", &text), &Memory::default()) {
            Ok(loaded) => loaded.site,
            Err(report) => panic!("{report}"),
        };
        let table = LeaseTable::new(crate::dhcp::pools(&site));
        let set = BootSet::new(site, Default::default(), Default::default(), 7);
        World { zones: Zones::new(Arc::new(set)).unwrap(), table }
    }

    /// Leases an address of a network to a machine, as DHCP does.
    fn lease(&mut self, network: &str, mac: u8, name: Option<&str>) -> Ipv4Addr {
        let mac = Mac([0x52, 0x54, 0, 0, 0, mac]);
        let client = ClientKey::from_hardware(1, &mac.0);
        let name: Option<Hostname> = name.map(|name| name.parse().unwrap());
        let claim = Claim { network, client: &client, mac, name: name.as_ref(), fixed: None, now: NOW };
        let address = self.table.offer(&claim, None).unwrap();
        self.table.bind(&claim, address, 3600).unwrap().address
    }

    fn release(&mut self, mac: u8, address: Ipv4Addr) {
        let client = ClientKey::from_hardware(1, &[0x52, 0x54, 0, 0, 0, mac]);
        self.table.release(&client, address, NOW).unwrap();
    }

    fn message(&self, question: &Message, transport: Transport) -> Message {
        let bytes = question.to_vec().unwrap();
        let mut out = b"before".to_vec();
        let outcome = answer(&self.zones, self, &read(&bytes).unwrap(), transport, &mut out);
        assert_eq!(outcome, Outcome::Done);
        Message::from_vec(&out[6..]).unwrap()
    }

    /// The answer in a line: response code, records, and `soa` with its owner where there is one.
    fn ask(&self, name: &str, rtype: RecordType) -> String {
        let answer = self.message(&question(name, rtype), Transport::Udp);
        let mut words = vec![answer.metadata.response_code.to_string()];
        words[0] = format!("{:?}", answer.metadata.response_code);
        words.extend(answer.answers.iter().map(|record| format!("{} {}", record.record_type(), record.data)));
        words.extend(answer.authorities.iter().map(|record| format!("soa {}", record.name)));
        words.join(", ")
    }
}

fn question(name: &str, rtype: RecordType) -> Message {
    let mut message = Message::query();
    message.metadata.recursion_desired = true;
    message.add_query(hickory_proto::op::Query::query(HickoryName::from_str(name).unwrap(), rtype));
    message
}

#[test]
fn the_site_says() {
    use RecordType::*;
    let world = World::new();
    for (name, rtype, expected) in [
        ("kitt.lab.example.", A, "NoError, A 10.20.0.11"),
        ("KITT.Lab.Example.", A, "NoError, A 10.20.0.11"),
        ("remote.far.lab.example.", A, "NoError, A 10.30.1.5"),
        ("remote.lab.example.", A, "NXDomain, soa lab.example."),
        ("nas.lab.example.", A, "NoError, A 10.20.0.5, A 10.20.0.6"),
        ("nas.lab.example.", AAAA, "NoError, soa lab.example."),
        ("nothing.lab.example.", A, "NXDomain, soa lab.example."),
        ("nas.nas.lab.example.", A, "NXDomain, soa lab.example."),
        ("lab.example.", MX, "NoError, MX 10 nas.lab.example."),
        ("lab.example.", NS, "NoError, NS ns.lab.example."),
        ("ns.lab.example.", A, "NoError, A 10.20.0.1"),
        ("_http._tcp.lab.example.", SRV, "NoError, SRV 0 0 80 nas.lab.example."),
        ("_tcp.lab.example.", SRV, "NoError, soa lab.example."),
        ("nas.lab.example.", ANY, "NoError, A 10.20.0.5, A 10.20.0.6"),
        ("www.lab.example.", A, "NoError, CNAME nas.lab.example., A 10.20.0.5, A 10.20.0.6"),
        ("www.lab.example.", CNAME, "NoError, CNAME nas.lab.example."),
        ("away.lab.example.", A, "NoError, CNAME www.example.com."),
        ("gone.lab.example.", A, "NXDomain, CNAME nothing.lab.example., soa lab.example."),
        ("example.com.", A, "Refused"),
        ("example.", A, "Refused"),
        ("localhost.", A, "NoError, A 127.0.0.1"),
    ] {
        assert_eq!(world.ask(name, rtype), expected, "{name} {rtype}");
    }
    let circle = world.message(&question("a.lab.example.", A), Transport::Udp);
    assert_eq!((circle.metadata.response_code, circle.answers.len()), (ResponseCode::ServFail, 8));
}

#[test]
fn the_way_back() {
    use RecordType::*;
    let world = World::new();
    for (name, rtype, expected) in [
        ("11.0.20.10.in-addr.arpa.", PTR, "NoError, PTR kitt.lab.example."),
        ("1.0.20.10.in-addr.arpa.", PTR, "NoError, PTR ns.lab.example."),
        ("5.1.30.10.in-addr.arpa.", PTR, "NoError, PTR remote.far.lab.example."),
        ("5.0.20.10.in-addr.arpa.", PTR, "NoError, PTR nas.lab.example."),
        ("11.0.20.10.in-addr.arpa.", A, "NoError, soa 0.20.10.in-addr.arpa."),
        ("12.0.20.10.in-addr.arpa.", PTR, "NXDomain, soa 0.20.10.in-addr.arpa."),
        ("x.0.20.10.in-addr.arpa.", PTR, "NXDomain, soa 0.20.10.in-addr.arpa."),
        ("0.20.10.in-addr.arpa.", NS, "NoError, NS ns.lab.example."),
        ("0.20.10.in-addr.arpa.", PTR, "NoError, soa 0.20.10.in-addr.arpa."),
        ("1.1.168.192.in-addr.arpa.", PTR, "Refused"),
    ] {
        assert_eq!(world.ask(name, rtype), expected, "{name} {rtype}");
    }
    let resolving = World::with("upstreams = \"9.9.9.9\"");
    assert_eq!(resolving.ask("1.1.168.192.in-addr.arpa.", PTR), "NXDomain, soa 192.in-addr.arpa.");
}

#[test]
fn leases_have_names_while_they_last() {
    use RecordType::*;
    let mut world = World::new();
    assert_eq!(world.ask("karr.lab.example.", A), "NoError, soa lab.example.", "it has an AAAA record");
    let karr = world.lease("boot", 2, Some("karr"));
    let phone = world.lease("boot", 9, Some("phone"));
    let nameless = world.lease("far", 10, None);
    assert_eq!(world.ask("karr.lab.example.", A), format!("NoError, A {karr}"));
    assert_eq!(world.ask("karr.lab.example.", AAAA), "NoError, AAAA fd00::2");
    assert_eq!(world.ask("phone.lab.example.", A), format!("NoError, A {phone}"));
    assert_eq!(world.ask("phone.lab.example.", AAAA), "NoError, soa lab.example.");
    assert_eq!(world.ask("phone.far.lab.example.", A), "NXDomain, soa far.lab.example.", "it is in another network");
    let plain = format!("ip-{}.far.lab.example.", nameless.to_string().replace('.', "-"));
    assert_eq!(world.ask(&plain, A), format!("NoError, A {nameless}"));
    let back = |address: Ipv4Addr| {
        let [a, b, c, d] = address.octets();
        format!("{d}.{c}.{b}.{a}.in-addr.arpa.")
    };
    assert_eq!(world.ask(&back(phone), PTR), "NoError, PTR phone.lab.example.");
    assert_eq!(world.ask(&back(nameless), PTR), format!("NoError, PTR {plain}"));
    world.release(9, phone);
    assert_eq!(world.ask("phone.lab.example.", A), "NXDomain, soa lab.example.");
    assert_eq!(world.ask(&back(phone), PTR), "NXDomain, soa 0.20.10.in-addr.arpa.");
}

#[test]
fn a_stranger_is_not_called_what_the_site_calls_another() {
    let mut world = World::new();
    // He had these names before the site was changed.
    let [first, second] = [(9, "karr"), (10, "nas")].map(|(mac, name)| world.lease("boot", mac, Some(name)));
    assert_eq!(world.ask("karr.lab.example.", RecordType::A), "NoError, soa lab.example.");
    assert_eq!(world.ask("nas.lab.example.", RecordType::A), "NoError, A 10.20.0.5, A 10.20.0.6");
    for address in [first, second] {
        let [a, b, c, d] = address.octets();
        let name = address.to_string().replace('.', "-");
        let expected = format!("NoError, PTR ip-{name}.lab.example.");
        assert_eq!(world.ask(&format!("{d}.{c}.{b}.{a}.in-addr.arpa."), RecordType::PTR), expected);
    }
}

#[test]
fn an_answer_that_is_too_long_is_cut_and_comes_whole_by_tcp() {
    let world = World::new();
    let mut asked = question("big.lab.example.", RecordType::TXT);
    let cut = world.message(&asked, Transport::Udp);
    assert!(cut.metadata.truncation && cut.answers.is_empty());
    let mut edns = Edns::new();
    edns.set_max_payload(4096);
    asked.set_edns(edns);
    let cut = world.message(&asked, Transport::Udp);
    assert!(cut.metadata.truncation, "no packet is sent that a network may have to cut in pieces");
    assert_eq!(cut.edns.unwrap().max_payload(), 1232);
    let whole = world.message(&asked, Transport::Tcp);
    assert!(!whole.metadata.truncation && whole.answers.len() == 10);
}

#[test]
fn what_is_asked_wrongly_is_told_so() {
    let world = World::new();
    let code = |message: &Message| world.message(message, Transport::Udp).metadata.response_code;
    assert_eq!(code(&question("lab.example.", RecordType::AXFR)), ResponseCode::Refused);
    let mut chaos = question("version.bind.", RecordType::TXT);
    chaos.queries[0].query_class = hickory_proto::rr::DNSClass::CH;
    assert_eq!(code(&chaos), ResponseCode::Refused);
    let mut future = question("kitt.lab.example.", RecordType::A);
    let mut edns = Edns::new();
    edns.set_version(1);
    future.set_edns(edns);
    assert_eq!(u16::from(code(&future)), 16, "BADVERS");
    assert!(world.zones.may_ask([10, 30, 3, 1].into()));
    assert!(!world.zones.may_ask([10, 40, 0, 1].into()) && !world.zones.may_ask([127, 0, 0, 1].into()));
}

/// Something like a message: a header, names, types; then some bytes changed.
fn messages() -> impl Strategy<Value = Vec<u8>> {
    let label = proptest::collection::vec(any::<u8>(), 0..8);
    let name = proptest::collection::vec(label, 0..5).prop_map(|labels| {
        let mut bytes: Vec<u8> = Vec::new();
        for label in labels.into_iter().filter(|label| !label.is_empty()) {
            bytes.push(label.len() as u8);
            bytes.extend(label);
        }
        bytes.push(0);
        bytes
    });
    let opt = prop_oneof![
        Just(Vec::new()),
        Just(vec![0, 0, 41, 4, 208, 0, 0, 0x80, 0, 0, 0]),
        Just(vec![0, 0, 41, 2, 0, 0, 1, 0, 0, 0, 12, 0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8]),
    ];
    let counts = prop_oneof![4 => Just(0_u8), 1 => 0..3_u8];
    let rest = (any::<[u8; 4]>(), proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3));
    (name, opt, counts, any::<[u8; 4]>(), rest).prop_map(|(name, opt, odd, kind, (mut head, changes))| {
        head[2] &= 0x07;
        let counts = [0, 1, 0, odd, 0, 0, 0, u8::from(!opt.is_empty())];
        let mut bytes = [&head[..], &counts, &name, &kind, &opt].concat();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes
    })
}

/// What both ways of reading must agree on.
fn gist(query: &Query<'_>) -> (u16, u16, Vec<u8>, u16, u16, Option<super::query::Edns>) {
    (query.id, query.flags, query.question.to_vec(), query.rtype, query.class, query.edns)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reading_by_hand_says_what_hickory_says(bytes in messages()) {
        if let Some(header) = Header::read(&bytes)
            && let Some(by_hand) = usual(&bytes, &header)
            // What hickory-proto refuses in an option, we do not look into.
            && let Some(theirs) = unusual(&bytes, &header)
        {
            prop_assert_eq!(gist(&by_hand), gist(&theirs));
        }
    }

    #[test]
    fn whatever_is_asked_is_answered_with_a_message(bytes in messages()) {
        static WORLD: LazyLock<World> = LazyLock::new(|| World::with("upstreams = \"9.9.9.9\""));
        let world = &*WORLD;
        if let Ok(query) = read(&bytes) {
            let mut out = Vec::new();
            if answer(&world.zones, world, &query, Transport::Udp, &mut out) == Outcome::Done {
                prop_assert!(out.len() <= 1232);
                prop_assert!(Message::from_vec(&out).is_ok());
            }
        }
    }

    #[test]
    fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _ = read(&bytes);
    }
}
