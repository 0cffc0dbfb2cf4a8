//! What is answered to a message: pure, apart from the lease table that it is given. RFC 2131 section 4.3.
//!
//! The site's networks are all ours to answer for (authoritative): a client that asks for an address which it cannot
//! have is told so at once by a NAK, instead of asking again until it gives up. That includes a client in INIT-REBOOT
//! that we have no record of: RFC 2131 wants silence there for the sake of other servers, and there are none.
//!
//! By what a client's lease is known: RFC 2131 section 4.2 says option 61 where it is sent, and that one client sends
//! the same one always. What boots from the network does not: a PXE ROM sends its UUID or nothing (RFC 4578), iPXE its
//! MAC, the system something of its own; each would take an address from the range, for half a day. So a boot client
//! (PXE, HTTP boot, iPXE) is known by its hardware address, and all stages of one boot share a lease. A system that
//! sends no identifier, or its MAC, goes on with it; one that sends another gets a lease of its own.

#[cfg(test)]
mod beside;
#[cfg(test)]
mod captured;
#[cfg(test)]
mod hostile;
mod proxy;
#[cfg(test)]
mod tests;

use super::{
    classify,
    networks::reserved,
    reply::{self, Facts},
};
use firstlight_boot::{Ask, BootSet, FirstStep, Greeting};
use firstlight_model::{Hostname, Mac, Timestamp};
use firstlight_site::{DhcpMode, Network};
use firstlight_state::{Claim, ClientKey, Event, Lease, LeaseTable, What};
use firstlight_wire::dhcp::{Code, Message, MessageType, Op};
use std::net::{Ipv4Addr, SocketAddrV4};

/// The shortest lease that a client may ask for, in seconds.
const SHORTEST: u32 = 60;

/// What became of a message.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// What is sent, and where.
    pub(super) reply: Option<(Message, Target)>,
    /// What must be on disk before the reply leaves.
    pub(super) lease: Option<Lease>,
    /// What is recorded.
    pub(super) event: Option<Event>,
    /// There was no address left in the message's network.
    pub(super) exhausted: bool,
}

/// Where a reply goes (RFC 2131 section 4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// To a relay's server port.
    Relay(Ipv4Addr),
    /// To a client that uses the address already.
    Client(Ipv4Addr),
    /// To a client that is only being given the address and does not answer ARP for it yet.
    NewClient(Ipv4Addr, Mac),
    /// To everyone on the link.
    Broadcast,
    /// To where the message came from: on port 4011 clients have an address, and any port.
    Sender(SocketAddrV4),
}

/// Where a message came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Port {
    /// 67: the DHCP server's.
    Server,
    /// 4011: the PXE boot server's, from this address.
    BootServer(SocketAddrV4),
}

/// One message with all that its answer depends on.
struct Exchange<'a> {
    message: &'a Message,
    network: &'a Network,
    set: &'a BootSet,
    now: Timestamp,
    ask: Ask,
    /// By what its lease is known.
    key: ClientKey,
    /// By what it is known while it boots.
    hardware: ClientKey,
    greeting: Greeting<'a>,
}

/// Decides what is answered to `message`, which came in at `port` and belongs to `network`. Nothing to BOOTP, to another server's replies,
/// to hardware that is not Ethernet, and to machines that the site ignores.
pub(super) fn answer(
    table: &mut LeaseTable,
    set: &BootSet,
    network: &Network,
    message: &Message,
    port: Port,
    now: Timestamp,
) -> Answer {
    let (Op::Request, Some(kind), Some(mac)) = (message.op, message.kind(), message.mac()) else {
        return Answer::default();
    };
    let ask = classify::ask(message, mac);
    let greeting = set.greet(&ask, network);
    if greeting.step == FirstStep::Silence {
        return Answer::default();
    }
    let hardware = ClientKey::from_hardware(message.htype, message.hardware());
    let id = message.options.get(Code::CLIENT_ID).filter(|_| !ask.client.boots()).and_then(ClientKey::from_option_61);
    let key = id.unwrap_or_else(|| hardware.clone());
    let exchange = Exchange { message, network, set, now, ask, key, hardware, greeting };
    if !exchange.is_plausible() {
        return Answer::default();
    }
    if let Port::BootServer(sender) = port {
        return exchange.as_boot_server(kind, sender);
    }
    if network.dhcp.mode == DhcpMode::Proxy {
        return exchange.beside(kind);
    }
    match kind {
        MessageType::Discover => exchange.discover(table),
        MessageType::Request => exchange.request(table),
        MessageType::Decline => exchange.decline(table),
        MessageType::Release => exchange.release(table),
        MessageType::Inform => exchange.inform(),
        MessageType::Offer | MessageType::Ack | MessageType::Nak => Answer::default(),
    }
}

impl Exchange<'_> {
    fn discover(&self, table: &mut LeaseTable) -> Answer {
        let wanted = self.message.options.address(Code::REQUESTED_ADDRESS);
        let Some(address) = table.offer(&self.claim(), wanted) else {
            return Answer { exhausted: true, ..Answer::default() };
        };
        let reply = reply::give(&self.facts(Some(self.length())), MessageType::Offer, address);
        let event = self.event(|| What::DhcpOffered {
            address,
            client: self.ask.client.to_string(),
            boot: self.boot(),
            uuid: self.ask.uuid,
            asked: self.message.options.as_bytes().into(),
            sent: reply.options.as_bytes().into(),
        });
        Answer { event, reply: self.addressed(reply, address), ..Answer::default() }
    }

    /// The four kinds of REQUEST differ by what they carry (RFC 2131 section 4.3.2, table 4).
    fn request(&self, table: &mut LeaseTable) -> Answer {
        let options = &self.message.options;
        let (server, wanted) = (options.address(Code::SERVER_ID), options.address(Code::REQUESTED_ADDRESS));
        let current = Some(self.message.ciaddr).filter(|address| !address.is_unspecified());
        // Option 50 says what is selected; in a renewal it must not be there, and says nothing.
        let address = if server.is_some() { wanted.or(current) } else { current.or(wanted) };
        match (server, address) {
            (Some(server), _) if !self.is_ours(server) => {
                table.withdraw(&self.network.name, &self.key, self.now.secs());
                Answer::default()
            }
            (_, None) => Answer::default(),
            (_, Some(address)) if !self.network.subnet.contains(address) => {
                self.refuse(address, &format!("the network here is {}", self.network.subnet))
            }
            // INIT-REBOOT: the client only believes that it has the address.
            (None, Some(address)) if current.is_none() && !self.is_known(table, address) => {
                self.refuse(address, "this address is not known to be yours")
            }
            (_, Some(address)) => self.bind(table, address),
        }
    }

    fn bind(&self, table: &mut LeaseTable, address: Ipv4Addr) -> Answer {
        let length = self.length();
        let name = self.name();
        let claim = Claim { name: name.as_ref(), ..self.claim() };
        let lease = match table.bind(&claim, address, length) {
            Ok(lease) => lease,
            Err(refusal) => return self.refuse(address, &refusal.to_string()),
        };
        let mut reply = reply::give(&self.facts(Some(length)), MessageType::Ack, address);
        reply.ciaddr = self.message.ciaddr;
        let acked = || What::DhcpAcked { address, client: self.ask.client.to_string(), boot: self.boot() };
        let (event, reply) = (self.event(acked), self.addressed(reply, address));
        Answer { reply, lease: Some(lease), event, exhausted: false }
    }

    fn refuse(&self, address: Ipv4Addr, reason: &str) -> Answer {
        let nak = reply::nak(self.message, self.network.address, reason);
        let relay = Some(self.message.giaddr).filter(|relay| !relay.is_unspecified());
        let event = self.event(|| What::DhcpNaked { address: Some(address), reason: reason.to_owned() });
        Answer { reply: Some((nak, relay.map_or(Target::Broadcast, Target::Relay))), event, ..Answer::default() }
    }

    fn decline(&self, table: &mut LeaseTable) -> Answer {
        let Some(address) = self.message.options.address(Code::REQUESTED_ADDRESS) else { return Answer::default() };
        let lease = self.own(|key| table.decline(key, address, self.now.secs()));
        self.ended(lease, What::DhcpDeclined { address })
    }

    fn release(&self, table: &mut LeaseTable) -> Answer {
        let address = self.message.ciaddr;
        let lease = self.own(|key| table.release(key, address, self.now.secs()));
        self.ended(lease, What::DhcpReleased { address })
    }

    /// Ends a lease of the client under either of its identities: a DECLINE or RELEASE does not say that it boots.
    fn own(&self, mut end: impl FnMut(&ClientKey) -> Option<Lease>) -> Option<Lease> {
        if !self.is_to_us() {
            return None;
        }
        end(&self.key).or_else(|| end(&self.hardware))
    }

    fn ended(&self, lease: Option<Lease>, what: What) -> Answer {
        let event = lease.as_ref().and_then(|_| self.event(|| what));
        Answer { lease, event, ..Answer::default() }
    }

    fn inform(&self) -> Answer {
        if !self.uses_address() {
            return Answer::default();
        }
        let reply = reply::inform(&self.facts(None));
        Answer { reply: self.addressed(reply, self.message.ciaddr), ..Answer::default() }
    }

    /// Where an OFFER or ACK goes.
    fn addressed(&self, reply: Message, address: Ipv4Addr) -> Option<(Message, Target)> {
        let message = self.message;
        let target = if !message.giaddr.is_unspecified() {
            Target::Relay(message.giaddr)
        } else if self.uses_address() {
            Target::Client(message.ciaddr)
        } else if message.broadcast() {
            Target::Broadcast
        } else {
            Target::NewClient(address, self.ask.mac)
        };
        Some((reply, target))
    }

    /// True where the client has an address that a client here can have: nobody else is sent anything on its word.
    fn uses_address(&self) -> bool {
        self.network.subnet.is_host(self.message.ciaddr)
    }

    /// A relay is neither one of us nor everybody.
    fn is_plausible(&self) -> bool {
        let relay = self.message.giaddr;
        let everybody = |network: &Network| network.subnet.contains(relay) && !network.subnet.is_host(relay);
        let odd = relay.is_broadcast() || relay.is_multicast() || relay.is_loopback() || self.is_ours(relay);
        relay.is_unspecified() || !(odd || self.set.site.networks.iter().any(everybody))
    }

    fn claim(&self) -> Claim<'_> {
        Claim {
            network: &self.network.name,
            client: &self.key,
            mac: self.ask.mac,
            name: None,
            fixed: self.reserved(),
            now: self.now.secs(),
        }
    }

    fn facts(&self, lease: Option<u32>) -> Facts<'_> {
        Facts { request: self.message, network: self.network, client: self.ask.client, greeting: &self.greeting, lease }
    }

    /// The declared name. A stranger's own, in option 12, where the site means nothing else by it.
    fn name(&self) -> Option<Hostname> {
        if let Some(machine) = self.greeting.machine {
            return Some(machine.name.clone());
        }
        let said = self.message.options.text(Code::HOST_NAME)?;
        let name = said.split('.').next()?.parse().ok()?;
        (!self.set.site.is_name_taken(&name)).then_some(name)
    }

    fn reserved(&self) -> Option<Ipv4Addr> {
        reserved(self.greeting.machine, self.network)
    }

    /// The lease's length in seconds: the site's, or less where the client asks for less.
    fn length(&self) -> u32 {
        let most = u32::try_from(self.network.dhcp.lease.as_secs()).unwrap_or(u32::MAX);
        let asked = self.message.options.u32(Code::LEASE_TIME).unwrap_or(most);
        asked.max(SHORTEST).min(most)
    }

    fn is_known(&self, table: &LeaseTable, address: Ipv4Addr) -> bool {
        self.reserved() == Some(address) || table.knows(&self.network.name, &self.key, address)
    }

    fn is_ours(&self, server: Ipv4Addr) -> bool {
        self.set.site.networks.iter().any(|network| network.address == server)
    }

    fn is_to_us(&self) -> bool {
        self.message.options.address(Code::SERVER_ID).is_none_or(|server| self.is_ours(server))
    }

    fn boot(&self) -> Option<String> {
        reply::boot_file(&self.greeting.step).map(str::to_owned)
    }

    /// Machines that boot through us and declared machines have a timeline; a stranger's telephone has none.
    fn event(&self, what: impl FnOnce() -> What) -> Option<Event> {
        let machine = self.greeting.machine.map(|machine| machine.name.to_string());
        (self.ask.client.boots() || machine.is_some()).then(|| Event {
            at: self.now,
            mac: Some(self.ask.mac),
            machine,
            what: what(),
        })
    }
}
