//! What an OFFER or ACK says: the network's options and the first step of the boot, or in a ProxyDHCP answer that alone.
//!
//! Order: what the client asked for (option 55) in its own order, then what it needs anyway. The message's encoder
//! puts 53 first and 82 last, and uses `file` and `sname` where the options do not fit (option 52).

use super::profile::{self, Marks};
use firstlight_boot::{Client, FirstStep, Greeting};
use firstlight_model::{Domain, Ipv4Net};
use firstlight_site::Network;
use firstlight_wire::dhcp::{Code, Message, MessageType, classless_routes, domain_search, ipxe, pxe, sub_option};
use std::net::Ipv4Addr;

/// In every answer that gives an address, asked for or not.
const ALWAYS: [Code; 8] = [
    Code::SERVER_ID,
    Code::LEASE_TIME,
    Code::SUBNET_MASK,
    Code::RENEWAL_TIME,
    Code::REBINDING_TIME,
    Code::CLIENT_ID,
    Code::VENDOR_CLASS,
    Code::VENDOR,
];

/// What the boot needs, asked for or not.
const BOOT: [Code; 4] = [Code::TFTP_SERVER_NAME, Code::BOOT_FILE, Code::CLIENT_UUID, Code::IPXE];

/// For a client that asks for nothing by name.
const USUAL: [Code; 9] = [
    Code::ROUTER,
    Code::CLASSLESS_ROUTES,
    Code::DNS,
    Code::HOST_NAME,
    Code::DOMAIN,
    Code::DOMAIN_SEARCH,
    Code::MTU,
    Code::BROADCAST,
    Code::NTP,
];

/// What an answer is made of.
pub(super) struct Facts<'a> {
    pub(super) request: &'a Message,
    pub(super) network: &'a Network,
    pub(super) client: Client,
    pub(super) greeting: &'a Greeting<'a>,
    /// Seconds; `None` in the answer to an INFORM, which gives no address.
    pub(super) lease: Option<u32>,
}

/// An OFFER or ACK that gives `address`.
pub(super) fn give(facts: &Facts<'_>, kind: MessageType, address: Ipv4Addr) -> Message {
    let mut reply = facts.request.reply();
    reply.yiaddr = address;
    fill(facts, kind, &mut reply);
    reply
}

/// The ACK to an INFORM (RFC 2131 section 4.3.5): configuration, no address and no times.
pub(super) fn inform(facts: &Facts<'_>) -> Message {
    let mut reply = facts.request.reply();
    reply.ciaddr = facts.request.ciaddr;
    fill(facts, MessageType::Ack, &mut reply);
    reply
}

/// An OFFER or ACK without an address: what to boot, and nothing about the network (PXE 2.1 section 2.2).
///
/// The boot file comes last: EDK2 writes a NUL behind its name, over the code of what follows, and reads on from there.
pub(super) fn proxy(facts: &Facts<'_>, kind: MessageType, marks: Marks) -> Message {
    let mut reply = facts.request.reply();
    if kind == MessageType::Ack {
        reply.ciaddr = facts.request.ciaddr;
    }
    reply.options.put_type(kind);
    for code in [Code::SERVER_ID, Code::CLIENT_ID, Code::CLIENT_UUID] {
        put(facts, code, &mut reply);
    }
    mark(facts, marks, &mut reply);
    for code in [Code::TFTP_SERVER_NAME, Code::BOOT_FILE] {
        put(facts, code, &mut reply);
    }
    echo_relay(facts.request, &mut reply);
    boot_fields(facts, &mut reply);
    // For a URL too: iPXE overlooks a file name without a server.
    reply.siaddr = facts.network.address;
    reply
}

/// Options 60 and 43 of an answer that no list of requested options rules.
fn mark(facts: &Facts<'_>, marks: Marks, reply: &mut Message) {
    marks.class.into_iter().for_each(|class| reply.options.put_text(Code::VENDOR_CLASS, class));
    let mut vendor = Vec::new();
    // Which entry of its menu a client asked for is said back to it (table 2-1).
    if let Some(item) = facts.request.options.inside(Code::VENDOR).get(pxe::BOOT_ITEM) {
        sub_option(&mut vendor, pxe::BOOT_ITEM, item);
    }
    if marks.at_once {
        sub_option(&mut vendor, pxe::DISCOVERY_CONTROL, &[pxe::USE_BOOT_FILE]);
    }
    put_some(reply, Code::VENDOR, vendor);
}

/// A NAK (RFC 2131 table 3), with a text for whoever reads a capture.
pub(super) fn nak(request: &Message, server: Ipv4Addr, reason: &str) -> Message {
    let mut reply = request.reply();
    reply.options.put_type(MessageType::Nak);
    reply.options.put_address(Code::SERVER_ID, server);
    reply.options.put_text(Code::MESSAGE, reason);
    echo(request, &mut reply);
    if !request.giaddr.is_unspecified() {
        // The client may be on another network than it thinks: the relay must not send to its address.
        reply.set_broadcast(true);
    }
    reply
}

/// The boot file or URL that a first step carries.
pub(super) fn boot_file(step: &FirstStep) -> Option<&str> {
    match step {
        FirstStep::Tftp(file) | FirstStep::Url(file) => Some(file),
        FirstStep::Silence | FirstStep::AddressOnly => None,
    }
}

fn fill(facts: &Facts<'_>, kind: MessageType, reply: &mut Message) {
    reply.options.put_type(kind);
    let requested = facts.request.options.get(Code::PARAMETERS).unwrap_or_default();
    let mut done = [false; 256];
    let usual = if requested.is_empty() { &USUAL[..] } else { &[] };
    let wanted = requested.iter().map(|code| Code(*code));
    for code in wanted.chain(ALWAYS).chain(BOOT).chain(usual.iter().copied()) {
        if !std::mem::replace(&mut done[usize::from(code.0)], true) {
            put(facts, code, reply);
        }
    }
    echo_relay(facts.request, reply);
    boot_fields(facts, reply);
}

/// The fields of the fixed part that firmware reads before any option.
fn boot_fields(facts: &Facts<'_>, reply: &mut Message) {
    match &facts.greeting.step {
        FirstStep::Tftp(file) => {
            reply.siaddr = facts.network.address;
            reply.set_sname(&facts.network.address.to_string());
            reply.set_file(file);
        }
        // One that is too long for the field is in option 67 alone.
        FirstStep::Url(url) => drop(reply.set_file(url)),
        FirstStep::Silence | FirstStep::AddressOnly => {}
    }
}

fn echo(request: &Message, reply: &mut Message) {
    if let Some(value) = request.options.get(Code::CLIENT_ID) {
        reply.options.put(Code::CLIENT_ID, value);
    }
    echo_relay(request, reply);
}

fn echo_relay(request: &Message, reply: &mut Message) {
    if let Some(agent) = request.options.get(Code::RELAY_AGENT) {
        reply.options.put(Code::RELAY_AGENT, agent);
    }
}

/// Puts one option, where there is something to say.
fn put(facts: &Facts<'_>, code: Code, reply: &mut Message) {
    let (network, options) = (facts.network, &mut reply.options);
    let time = |share: fn(u32) -> u32| facts.lease.map(share);
    match code {
        Code::SUBNET_MASK => options.put_address(code, network.subnet.mask()),
        Code::ROUTER => options.put_addresses(code, network.gateway),
        Code::DNS => options.put_addresses(code, network.dns.iter().copied()),
        Code::NTP => options.put_addresses(code, network.ntp.iter().copied()),
        Code::BROADCAST => options.put_address(code, network.subnet.broadcast()),
        Code::SERVER_ID => options.put_address(code, network.address),
        Code::LEASE_TIME => time(|t| t).into_iter().for_each(|t| options.put_u32(code, t)),
        Code::RENEWAL_TIME => time(|t| t / 2).into_iter().for_each(|t| options.put_u32(code, t)),
        Code::REBINDING_TIME => time(|t| t - t / 8).into_iter().for_each(|t| options.put_u32(code, t)),
        Code::MTU => network.mtu.into_iter().for_each(|mtu| options.put_u16(code, mtu)),
        Code::DOMAIN => network.domain.iter().for_each(|domain| options.put_text(code, domain.as_str())),
        Code::HOST_NAME => {
            facts.greeting.machine.into_iter().for_each(|machine| options.put_text(code, machine.name.as_str()));
        }
        Code::DOMAIN_SEARCH => put_some(reply, code, domain_search(search(network))),
        Code::CLASSLESS_ROUTES => put_some(reply, code, routes(network)),
        Code::CLIENT_ID | Code::CLIENT_UUID => {
            let sent = facts.request.options.get(code).unwrap_or_default();
            put_some(reply, code, sent.to_vec());
        }
        _ => put_boot(facts, code, reply),
    }
}

fn put_boot(facts: &Facts<'_>, code: Code, reply: &mut Message) {
    let step = &facts.greeting.step;
    let file = boot_file(step);
    let by_tftp = matches!(step, FirstStep::Tftp(_));
    let marks = profile::of(facts.client).map(|profile| profile.lease).filter(|_| file.is_some());
    let options = &mut reply.options;
    match (code, facts.client) {
        (Code::BOOT_FILE, _) => file.into_iter().for_each(|file| options.put_text(code, file)),
        (Code::TFTP_SERVER_NAME, _) if by_tftp => options.put_text(code, &facts.network.address.to_string()),
        (Code::TFTP_SERVER_ADDRESS, _) if by_tftp => options.put_addresses(code, [facts.network.address]),
        (Code::VENDOR_CLASS, _) => {
            marks.and_then(|marks| marks.class).into_iter().for_each(|class| options.put_text(code, class));
        }
        (Code::VENDOR, _) if marks.is_some_and(|marks| marks.at_once) => {
            put_some(reply, code, sub_options(pxe::DISCOVERY_CONTROL, pxe::USE_BOOT_FILE));
        }
        (Code::IPXE, Client::Ipxe(_)) => put_some(reply, code, sub_options(ipxe::NO_PXEDHCP, 1)),
        _ => {}
    }
}

fn sub_options(code: u8, value: u8) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(4);
    sub_option(&mut bytes, code, &[value]);
    bytes
}

fn put_some(reply: &mut Message, code: Code, value: Vec<u8>) {
    if !value.is_empty() {
        reply.options.put(code, &value);
    }
}

/// The network's search list; just its domain where it has none.
fn search(network: &Network) -> &[Domain] {
    if network.search.is_empty() { network.domain.as_slice() } else { &network.search }
}

/// Option 121. A client that reads it ignores option 3, so the gateway is in it too.
fn routes(network: &Network) -> Vec<u8> {
    if network.routes.is_empty() {
        return Vec::new();
    }
    let all = Ipv4Net::containing(Ipv4Addr::UNSPECIFIED, 0);
    let default = all.zip(network.gateway);
    classless_routes(network.routes.iter().map(|route| (route.to, route.via)).chain(default))
}
