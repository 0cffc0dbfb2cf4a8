//! Each state of RFC 2131 with hand-built messages; what each firmware must find in its answer.

use super::*;
use crate::dhcp::networks::{network_of, pools};
use firstlight_boot::{Content, loaders};
use firstlight_site::{Memory, Sources, parse};
use firstlight_wire::dhcp::{Code, Message, MessageType::*, pxe};

pub(super) const SITE: &str = r#"
site {
  domain = "lab.example"
}
network "boot" {
  interface = "eth1"
  subnet    = "10.20.0.0/24"
  gateway   = "10.20.0.254"
  dns       = ["10.20.0.53", "10.20.0.54"]
  routes    = [{ to = "10.99.0.0/16", via = "10.20.0.253" }]
  dhcp {
    range = ["10.20.0.100", "10.20.0.102"]
    lease = "1h"
  }
}
network "far" {
  subnet  = "10.30.0.0/24"
  address = "10.20.0.1"
  dhcp {
    range = ["10.30.0.100", "10.30.0.200"]
  }
}
profile "disk" {
  boot = "disk"
}
machine "kitt" {
  mac     = "52:54:00:00:00:01"
  address = "10.20.0.11"
}
"#;

const SERVER: Ipv4Addr = Ipv4Addr::new(10, 20, 0, 1);

pub(super) fn ip(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 20, 0, last)
}

/// A server with its leases, at a time of its own.
pub(super) struct World {
    set: BootSet,
    table: LeaseTable,
    now: u64,
    /// Where its messages come in.
    pub(super) port: Port,
}

impl World {
    pub(super) fn new() -> World {
        World::of(SITE)
    }

    pub(super) fn of(text: &str) -> World {
        let site = match parse(&Sources::single("site", text), &Memory::default()) {
            Ok(loaded) => loaded.site,
            Err(report) => panic!("{report}"),
        };
        let nothing = || Content::Bytes(Vec::new().into());
        let files = loaders(&site).into_iter().flat_map(|loader| loader.files);
        let loaders = files.map(|file| (file.name, nothing())).collect();
        let table = LeaseTable::new(pools(&site));
        World { set: BootSet::new(site, Default::default(), loaders, 1), table, now: 1_795_168_800, port: Port::Server }
    }

    /// The answer to a message that comes over the wire and in at eth1.
    pub(super) fn answer(&mut self, message: &Message) -> Answer {
        let message = Message::parse(&message.encode(1472)).unwrap();
        let network = network_of(&self.set, "eth1", &message).unwrap();
        answer(&mut self.table, &self.set, network, &message, self.port, Timestamp(self.now * 1000))
    }

    /// The reply as its receiver reads it.
    pub(super) fn reply(&mut self, message: &Message) -> Option<(Message, Target)> {
        let (reply, target) = self.answer(message).reply?;
        Some((Message::parse(&reply.encode(message.limit())).unwrap(), target))
    }

    pub(super) fn kind(&mut self, message: &Message) -> Option<MessageType> {
        self.reply(message).and_then(|(reply, _)| reply.kind())
    }

    /// DISCOVER, OFFER, REQUEST, ACK.
    fn lease(&mut self, client: u8) -> Ipv4Addr {
        let (offer, _) = self.reply(&message(client, Discover)).unwrap();
        let (ack, _) = self.reply(&selecting(client, offer.yiaddr)).unwrap();
        assert_eq!((ack.kind(), ack.yiaddr), (Some(Ack), offer.yiaddr));
        ack.yiaddr
    }
}

pub(super) fn message(client: u8, kind: MessageType) -> Message {
    let mut message = Message::request(Mac([0x52, 0x54, 0, 0, 0, client]), 0x1234);
    message.options.put_type(kind);
    message
}

fn selecting(client: u8, address: Ipv4Addr) -> Message {
    let mut message = rebooting(client, address);
    message.options.put_address(Code::SERVER_ID, SERVER);
    message
}

pub(super) fn rebooting(client: u8, address: Ipv4Addr) -> Message {
    let mut message = message(client, Request);
    message.options.put_address(Code::REQUESTED_ADDRESS, address);
    message
}

pub(super) fn renewing(client: u8, address: Ipv4Addr) -> Message {
    let mut message = message(client, Request);
    message.ciaddr = address;
    message
}

fn firmware(client: u8, class: &str, arch: u16) -> Message {
    let mut message = message(client, Discover);
    message.options.put_text(Code::VENDOR_CLASS, class);
    message.options.put_u16(Code::CLIENT_ARCH, arch);
    message
}

#[test]
fn a_stranger_gets_an_address_of_the_range_and_the_networks_facts() {
    let mut world = World::new();
    let mut discover = message(9, Discover);
    discover.options.put(Code::PARAMETERS, &[6, 1, 15, 121, 3, 28, 119]);
    let (offer, target) = world.reply(&discover).unwrap();
    assert_eq!(target, Target::NewClient(ip(100), Mac([0x52, 0x54, 0, 0, 0, 9])));
    assert_eq!((offer.kind(), offer.yiaddr, offer.xid), (Some(Offer), ip(100), 0x1234));
    assert_eq!(offer.options.address(Code::SERVER_ID), Some(SERVER));
    assert_eq!(offer.options.address(Code::ROUTER), Some(ip(254)));
    assert_eq!(offer.options.text(Code::DOMAIN).as_deref(), Some("lab.example"));
    assert_eq!(offer.options.get(Code::DOMAIN_SEARCH), Some(b"\x03lab\x07example\0".as_slice()));
    let routes = [16, 10, 99, 10, 20, 0, 253, 0, 10, 20, 0, 254];
    assert_eq!(offer.options.get(Code::CLASSLESS_ROUTES), Some(routes.as_slice()), "the default route is in it");
    let times = [Code::LEASE_TIME, Code::RENEWAL_TIME, Code::REBINDING_TIME].map(|code| offer.options.u32(code));
    assert_eq!(times, [Some(3600), Some(1800), Some(3150)]);
    let order: Vec<u8> = offer.options.iter().map(|(code, _)| code.0).take(8).collect();
    assert_eq!(order, [53, 6, 1, 15, 121, 3, 28, 119], "as it asked for them");
}

#[test]
fn only_an_ack_changes_what_must_be_on_disk() {
    let mut world = World::new();
    let offer = world.answer(&message(9, Discover));
    assert!(offer.lease.is_none() && offer.event.is_none(), "and a stranger's telephone has no timeline");
    let ack = world.answer(&selecting(9, ip(100)));
    let lease = ack.lease.unwrap();
    assert_eq!((lease.address, lease.until), (ip(100), world.now + 3600));
}

#[test]
fn a_client_that_chose_another_server_frees_its_offer() {
    let mut world = World::new();
    for client in [7, 8, 9] {
        world.reply(&message(client, Discover)).unwrap();
    }
    assert!(world.answer(&message(10, Discover)).exhausted);
    let mut elsewhere = selecting(8, ip(101));
    elsewhere.options.put_address(Code::SERVER_ID, ip(2));
    assert!(world.answer(&elsewhere).reply.is_none());
    assert_eq!(world.reply(&message(10, Discover)).unwrap().0.yiaddr, ip(101));
}

#[test]
fn init_reboot_is_confirmed_to_its_owner_and_refused_to_others() {
    let mut world = World::new();
    let address = world.lease(9);
    assert_eq!(world.kind(&rebooting(9, address)), Some(Ack));
    assert_eq!(world.kind(&rebooting(8, address)), Some(Nak), "somebody else's");
    assert_eq!(world.kind(&rebooting(8, ip(102))), Some(Nak), "nobody's");
    let (nak, target) = world.reply(&rebooting(9, Ipv4Addr::new(192, 168, 1, 7))).unwrap();
    assert_eq!((nak.kind(), nak.yiaddr, target), (Some(Nak), Ipv4Addr::UNSPECIFIED, Target::Broadcast));
    assert_eq!(nak.options.text(Code::MESSAGE).as_deref(), Some("the network here is 10.20.0.0/24"));
    assert_eq!(nak.options.u32(Code::LEASE_TIME), None);
}

#[test]
fn renewing_extends_the_lease_and_is_answered_to_the_address() {
    let mut world = World::new();
    let address = world.lease(9);
    world.now += 1800;
    let answer = world.answer(&renewing(9, address));
    assert_eq!(answer.lease.unwrap().until, world.now + 3600);
    let (ack, target) = answer.reply.unwrap();
    assert_eq!((ack.ciaddr, ack.yiaddr, target), (address, address, Target::Client(address)));
}

#[test]
fn a_renewal_that_we_do_not_know_is_taken_in_when_the_address_is_free() {
    let mut world = World::new();
    assert_eq!(world.kind(&renewing(9, ip(101))), Some(Ack));
    assert_eq!(world.kind(&renewing(8, ip(101))), Some(Nak));
    assert_eq!(world.kind(&renewing(8, ip(99))), Some(Nak), "not of the range");
}

#[test]
fn a_declared_machine_has_its_own_address_and_name() {
    let mut world = World::new();
    let mut discover = message(1, Discover);
    discover.options.put(Code::PARAMETERS, &[12]);
    let (offer, _) = world.reply(&discover).unwrap();
    assert_eq!((offer.yiaddr, offer.options.text(Code::HOST_NAME).as_deref()), (ip(11), Some("kitt")));
    assert_eq!(world.kind(&selecting(2, ip(11))), Some(Nak), "it is nobody else's");
    assert_eq!(world.kind(&rebooting(1, ip(11))), Some(Ack), "its own, known or not");
    let event = world.answer(&selecting(1, ip(11))).event.unwrap();
    assert_eq!((event.machine.as_deref(), event.summary().as_str()), (Some("kitt"), "OS has 10.20.0.11"));
}

#[test]
fn a_machine_moves_to_the_address_that_was_reserved_for_it_meanwhile() {
    let mut world = World::of(&SITE.replace("10.20.0.11", "10.20.0.12"));
    assert_eq!(world.lease(1), ip(12));
    world.set = World::new().set;
    world.table.set_pools(pools(&world.set.site));
    assert_eq!(world.kind(&renewing(1, ip(12))), Some(Nak));
    assert_eq!(world.lease(1), ip(11));
}

#[test]
fn declined_released_and_foreign() {
    let mut world = World::new();
    let address = world.lease(9);
    let mut release = message(8, Release);
    release.ciaddr = address;
    assert!(world.answer(&release).lease.is_none(), "not its own");
    let mut decline = message(9, Decline);
    decline.options.put_address(Code::REQUESTED_ADDRESS, address);
    let answer = world.answer(&decline);
    assert!(answer.reply.is_none() && answer.lease.is_some());
    let again = world.lease(9);
    assert_ne!(again, address);
    let mut release = message(9, Release);
    release.ciaddr = again;
    assert!(world.answer(&release).lease.is_some());
}

#[test]
fn inform_is_answered_without_an_address_or_times() {
    let mut world = World::new();
    let mut inform = message(9, Inform);
    inform.ciaddr = ip(77);
    let answer = world.answer(&inform);
    assert!(answer.lease.is_none());
    let (ack, target) = answer.reply.unwrap();
    assert_eq!((ack.kind(), ack.yiaddr, target), (Some(Ack), Ipv4Addr::UNSPECIFIED, Target::Client(ip(77))));
    assert!(!ack.options.has(Code::LEASE_TIME) && ack.options.has(Code::DNS));
}

#[test]
fn a_relay_chooses_the_network_and_gets_its_option_back() {
    let mut world = World::new();
    let mut discover = message(9, Discover);
    discover.giaddr = Ipv4Addr::new(10, 30, 0, 254);
    discover.options.put(Code::RELAY_AGENT, &[1, 2, 0, 7]);
    discover.options.put(Code::CLIENT_ID, b"\xffsomething");
    let (offer, target) = world.reply(&discover).unwrap();
    assert_eq!((offer.yiaddr, target), (Ipv4Addr::new(10, 30, 0, 100), Target::Relay(discover.giaddr)));
    assert_eq!(offer.options.iter().last(), Some((Code::RELAY_AGENT, [1, 2, 0, 7].as_slice())));
    assert_eq!(offer.options.get(Code::CLIENT_ID), discover.options.get(Code::CLIENT_ID), "RFC 6842");
    let mut request = rebooting(9, ip(100));
    request.giaddr = discover.giaddr;
    let (nak, target) = world.reply(&request).unwrap();
    assert_eq!((nak.kind(), nak.broadcast(), target), (Some(Nak), true, Target::Relay(discover.giaddr)));
}

#[test]
fn the_broadcast_flag_is_honoured() {
    let mut world = World::new();
    let mut discover = message(9, Discover);
    discover.set_broadcast(true);
    assert_eq!(world.reply(&discover).unwrap().1, Target::Broadcast);
}

#[test]
fn a_bios_rom_gets_its_loader_by_tftp_and_is_told_not_to_look_further() {
    let mut world = World::new();
    let mut discover = firmware(9, "PXEClient:Arch:00000:UNDI:002001", 0);
    let uuid: Vec<u8> = (0..17).collect();
    discover.options.put(Code::CLIENT_UUID, &uuid);
    let answer = world.answer(&discover);
    assert_eq!(answer.event.unwrap().summary(), "BIOS was offered 10.20.0.100, boot undionly.kpxe");
    let (offer, _) = answer.reply.unwrap();
    assert_eq!(offer.siaddr, SERVER);
    assert!(offer.file.starts_with(b"undionly.kpxe\0") && offer.sname.starts_with(b"10.20.0.1\0"));
    assert_eq!(offer.options.text(Code::BOOT_FILE).as_deref(), Some("undionly.kpxe"));
    assert_eq!(offer.options.text(Code::TFTP_SERVER_NAME).as_deref(), Some("10.20.0.1"));
    assert_eq!(offer.options.text(Code::VENDOR_CLASS).as_deref(), Some("PXEClient"));
    assert_eq!(offer.options.inside(Code::VENDOR).get(pxe::DISCOVERY_CONTROL), Some([8].as_slice()));
    assert_eq!(offer.options.get(Code::CLIENT_UUID), Some(uuid.as_slice()));
}

#[test]
fn http_boot_gets_a_whole_url_and_its_own_class() {
    let mut world = World::new();
    let (offer, _) = world.reply(&firmware(9, "HTTPClient:Arch:00016:UNDI:003016", 16)).unwrap();
    assert_eq!(offer.options.text(Code::VENDOR_CLASS).as_deref(), Some("HTTPClient"));
    assert_eq!(offer.boot_file().as_deref(), Some("http://10.20.0.1:8080/loader/ipxe.efi"));
    assert!(!offer.options.has(Code::VENDOR));
}

#[test]
fn ipxe_gets_its_script_and_no_loader_and_does_not_wait() {
    let mut world = World::new();
    let mut discover = firmware(9, "PXEClient:Arch:00000:UNDI:002001", 0);
    discover.options.put_text(Code::USER_CLASS, "iPXE");
    let (offer, _) = world.reply(&discover).unwrap();
    assert!(offer.boot_file().unwrap().starts_with("http://10.20.0.1:8080/boot.ipxe?"));
    assert_eq!(offer.options.inside(Code::IPXE).get(176), Some([1].as_slice()));
    assert!(!offer.options.has(Code::VENDOR_CLASS) && !offer.options.has(Code::VENDOR));
}

#[test]
fn a_client_may_have_less_time_but_not_more() {
    let mut world = World::new();
    for (asked, given) in [(600, 600), (u32::MAX, 3600), (0, 60)] {
        let mut discover = message(9, Discover);
        discover.options.put_u32(Code::LEASE_TIME, asked);
        let (offer, _) = world.reply(&discover).unwrap();
        assert_eq!(offer.options.u32(Code::LEASE_TIME), Some(given));
    }
}

#[test]
fn what_is_no_request_of_a_client_gets_no_answer() {
    let mut world = World::new();
    let bootp = Message::request(Mac([0x52, 0x54, 0, 0, 0, 9]), 1);
    assert_eq!(world.kind(&bootp), None);
    assert_eq!(world.kind(&message(9, Offer)), None);
    assert_eq!(world.kind(&message(9, Request)), None, "for no address at all");
    assert_eq!(world.kind(&message(9, Discover).reply()), None);
    let mut infiniband = message(9, Discover);
    infiniband.htype = 32;
    assert_eq!(world.kind(&infiniband), None);
}

#[test]
fn a_site_that_ignores_strangers_says_nothing_to_them() {
    let mut world = World::of(&SITE.replace("site {", "site {\n  unknown = \"ignore\""));
    assert_eq!(world.kind(&message(9, Discover)), None);
    assert_eq!(world.kind(&message(1, Discover)), Some(Offer));
}
