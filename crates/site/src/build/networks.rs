//! `network` blocks: what is served where.

use super::{machines, pool, site_block::Settings};
use crate::{
    Dhcp, DhcpMode, Network, Place, Route,
    fields::Fields,
    source::{At, Span},
    world::World,
};
use firstlight_model::{Domain, Ipv4Net};
use serde_json::Value;
use std::{net::Ipv4Addr, time::Duration};

/// The shortest lease that is useful: below it clients do nothing but renew.
const SHORTEST_LEASE: Duration = Duration::from_secs(60);
/// Option 51 has 32 bits, and all ones mean for ever.
const LONGEST_LEASE: Duration = Duration::from_secs(u32::MAX as u64 - 1);

type Range = At<(Ipv4Addr, Ipv4Addr)>;

/// A network with the positions of what others may clash with.
pub(super) struct Draft {
    name: String,
    header: Span,
    place: Place,
    interface: Option<At<String>>,
    pub(super) subnet: Option<At<Ipv4Net>>,
    address: Option<At<Ipv4Addr>>,
    gateway: Option<At<Ipv4Addr>>,
    /// `None` where it is implied.
    dns: Option<Vec<Ipv4Addr>>,
    ntp: Vec<Ipv4Addr>,
    domain: Option<Domain>,
    search: Vec<Domain>,
    routes: Vec<Route>,
    mtu: Option<u16>,
    mode: DhcpMode,
    /// `None` where they are implied.
    ranges: Option<Vec<Range>>,
    lease: Duration,
    router_advertisements: bool,
}

pub(super) fn read(world: &World<'_>, settings: &Settings) -> Vec<Draft> {
    world.blocks("network").map(|block| network(&Fields::new(world, block), settings)).collect()
}

fn network(fields: &Fields<'_, '_>, settings: &Settings) -> Draft {
    fields.require("subnet", "\"10.20.0.0/24\"");
    let subnet = fields.parsed("subnet");
    // Behind relays the server is none of the network's hosts.
    let here = fields.is_written("interface");
    let list =
        |name| fields.parsed_list(name).unwrap_or_default().into_iter().map(|at: At<Ipv4Addr>| at.value).collect();
    let domain: Option<Domain> = fields.parsed("domain").map(|at| at.value).or_else(|| settings.domain.clone());
    let search = fields.parsed_list("search").map(|list| list.into_iter().map(|at| at.value).collect());
    let dhcp = fields.inner("dhcp");
    Draft {
        name: fields.label().value,
        header: fields.block.header,
        place: fields.place(),
        interface: interface(fields),
        subnet,
        address: fields.parsed("address").filter(|at| !here || is_host(fields, "address", at, subnet)),
        gateway: fields.parsed("gateway").filter(|at| is_host(fields, "gateway", at, subnet)),
        dns: fields.is_set("dns").then(|| list("dns")),
        ntp: list("ntp"),
        search: search.unwrap_or_else(|| domain.iter().cloned().collect()),
        domain,
        routes: fields
            .items("routes")
            .unwrap_or_default()
            .iter()
            .filter_map(|item| route(fields, item, subnet))
            .collect(),
        mtu: fields.number("mtu", 68..=65_535),
        mode: dhcp.as_ref().map(mode).unwrap_or_default(),
        ranges: dhcp.as_ref().and_then(|dhcp| ranges(dhcp, subnet)),
        lease: dhcp.as_ref().and_then(lease).unwrap_or(Duration::from_secs(12 * 3600)),
        router_advertisements: fields.flag("router_advertisements").unwrap_or(true),
    }
}

/// A name that Linux allows for an interface (dev_valid_name).
fn interface(fields: &Fields<'_, '_>) -> Option<At<String>> {
    let name = fields.text("interface")?;
    let odd = |c: char| c.is_whitespace() || c.is_control() || c == '/' || c == ':';
    if name.value.is_empty() || name.value.len() > 15 || name.value.starts_with('.') || name.value.contains(odd) {
        let note = fields.error(name.span, format!("`{}` is not the name of a network interface", name.value));
        note.next("`ip link` lists the interfaces");
        return None;
    }
    Some(name)
}

fn is_host(fields: &Fields<'_, '_>, what: &str, address: &At<Ipv4Addr>, subnet: Option<At<Ipv4Net>>) -> bool {
    let Some(subnet) = subnet else { return true };
    if subnet.value.is_host(address.value) {
        return true;
    }
    let message = match subnet.value.contains(address.value) {
        true => format!("`{what}` is `{}`, which is no host's address in {}", address.value, subnet.value),
        false => format!("`{what}` is `{}`, which lies outside of {}", address.value, subnet.value),
    };
    let hosts = pool::first_host(subnet.value).map(|first| format!("the hosts' addresses begin at {first}"));
    fields.error(address.span, message).related(subnet.span, "the subnet is set here").help(hosts);
    false
}

/// In proxy mode the other server gives the addresses: what would say which, and for how long, is a misunderstanding.
fn mode(dhcp: &Fields<'_, '_>) -> DhcpMode {
    let words = [DhcpMode::Authoritative, DhcpMode::Proxy].map(|mode| (mode.word(), mode));
    let Some(mode) = dhcp.word("mode", &words) else { return DhcpMode::default() };
    if mode.value == DhcpMode::Proxy {
        for name in ["range", "ranges", "lease"] {
            if let Some(written) = dhcp.written(name) {
                let note = dhcp.error(written.key, format!("`{name}` has no meaning in proxy mode"));
                note.related(mode.span, "the network's other DHCP server gives the addresses")
                    .next(&format!("remove `{name}`, or set mode = \"authoritative\" where no other server is"));
            }
        }
    }
    mode.value
}

fn lease(dhcp: &Fields<'_, '_>) -> Option<Duration> {
    let lease = dhcp.duration("lease")?;
    let message = match lease.value {
        short if short < SHORTEST_LEASE => "a lease lasts at least 60s",
        long if long > LONGEST_LEASE => "a lease lasts at most 136 years",
        fine => return Some(fine),
    };
    dhcp.error(lease.span, message).next("12h is usual; 10m where machines come and go");
    None
}

fn route(fields: &Fields<'_, '_>, item: &At<Value>, subnet: Option<At<Ipv4Net>>) -> Option<Route> {
    let part =
        |name: &str| item.value.get(name).and_then(Value::as_str).map(|text| At::new(text.to_owned(), item.span));
    let (Some(to), Some(via)) = (part("to"), part("via")) else {
        let note = fields.error(item.span, "a route has `to` and `via`");
        note.next("for example: routes = [{ to = \"10.0.0.0/8\", via = \"10.20.0.254\" }]");
        return None;
    };
    let (to, via) = (fields.parse(to, "to"), fields.parse(via, "via"));
    let via = via.filter(|via| is_host(fields, "via", via, subnet));
    Some(Route { to: to?.value, via: via?.value })
}

/// The ranges as written; `None` where neither `range` nor `ranges` is set.
fn ranges(dhcp: &Fields<'_, '_>, subnet: Option<At<Ipv4Net>>) -> Option<Vec<Range>> {
    if let (Some(one), Some(many)) = (dhcp.written("range"), dhcp.written("ranges")) {
        let note = dhcp.error(many.key, "`dhcp` has `range` or `ranges`, not both");
        drop(note.related(one.key, "`range` is set here").next("put it into `ranges` with the others"));
    }
    if dhcp.is_written("ranges") {
        let items = dhcp.items("ranges")?;
        return Some(
            items.iter().filter_map(|item| range(dhcp, item.value.as_array().cloned(), item.span, subnet)).collect(),
        );
    }
    let value = dhcp.value("range")?;
    Some(range(dhcp, value.value.as_array().cloned(), value.span, subnet).into_iter().collect())
}

fn range(dhcp: &Fields<'_, '_>, pair: Option<Vec<Value>>, span: Span, subnet: Option<At<Ipv4Net>>) -> Option<Range> {
    let ends: Option<Vec<String>> =
        pair.and_then(|pair| pair.iter().map(|end| end.as_str().map(str::to_owned)).collect());
    let Some([first, last]) = ends.as_deref() else {
        let note = dhcp.error(span, "a range is its first and its last address");
        note.next("for example: range = [\"10.20.0.100\", \"10.20.0.200\"]");
        return None;
    };
    let end = |text: &String| dhcp.parse(At::new(text.clone(), span), "range");
    let (first, last) = (end(first), end(last));
    let (first, last): (At<Ipv4Addr>, At<Ipv4Addr>) = (first?, last?);
    if first.value > last.value {
        let note = dhcp.error(span, "the range's last address comes before its first");
        note.help(format!("turn it round: [\"{}\", \"{}\"]", last.value, first.value));
        return None;
    }
    let inside = is_host(dhcp, "range", &first, subnet) && is_host(dhcp, "range", &last, subnet);
    inside.then_some(At::new((first.value, last.value), span))
}

impl Draft {
    /// The server's own address, its own or implied.
    fn server(&self) -> Option<At<Ipv4Addr>> {
        let implied = || self.subnet.and_then(|subnet| Some(subnet.with(pool::first_host(subnet.value)?)));
        self.address.or_else(implied)
    }

    /// A machine's address must be one that nothing else in the network has or may get.
    pub(super) fn check_reservation(&self, world: &World<'_>, address: &At<Ipv4Addr>) {
        let Some(subnet) = self.subnet else { return };
        let clash = |message: String, span: Span, there: &str, help: &str| {
            world.problems.error(address.span, message).related(span, there).next(help);
        };
        let (ip, name) = (address.value, &self.name);
        if !subnet.value.is_host(ip) {
            let what =
                if ip == subnet.value.base() { "the address of the network itself" } else { "the broadcast address" };
            return clash(format!("`{ip}` is {what}"), subnet.span, "the subnet is set here", "choose another address");
        }
        if let Some(server) = self.server().filter(|server| server.value == ip) {
            let there = if self.address.is_some() { "set here" } else { "it is the first host of this subnet" };
            return clash(
                format!("`{ip}` is the server's own address in `{name}`"),
                server.span,
                there,
                "choose another address, or set the network's `address`",
            );
        }
        if let Some(gateway) = self.gateway.filter(|gateway| gateway.value == ip) {
            return clash(
                format!("`{ip}` is the gateway of `{name}`"),
                gateway.span,
                "set here",
                "choose another address",
            );
        }
        if let Some(range) = self.ranges.iter().flatten().find(|range| (range.value.0..=range.value.1).contains(&ip)) {
            clash(
                format!("`{ip}` is reserved here, but also in the dynamic range of `{name}`"),
                range.span,
                "the range is set here",
                "choose an address outside of the range, or shorten the range",
            );
        }
    }

    /// The server and the gateway are not handed out.
    fn check_ranges(&self, world: &World<'_>) {
        let ranges = self.ranges.as_deref().unwrap_or_default();
        for (at, range) in ranges.iter().enumerate() {
            let (first, last) = range.value;
            for (what, address) in [("the server's own address", self.server()), ("the gateway", self.gateway)] {
                if let Some(address) = address.filter(|address| (first..=last).contains(&address.value)) {
                    let note = world.problems.error(range.span, format!("the range holds {what}, `{}`", address.value));
                    note.related(address.span, "set or implied here")
                        .next("begin the range after it, or split it with `ranges`");
                }
            }
            if let Some(other) = ranges[..at].iter().find(|other| first <= other.value.1 && other.value.0 <= last) {
                let note = world.problems.error(range.span, format!("the range {first} to {last} overlaps another"));
                note.related(other.span, "this one").next("merge the two");
            }
        }
    }
}

impl Draft {
    /// Where machines behind a relay are told to come to must be said, and be served.
    fn check_relayed(&self, world: &World<'_>, networks: &[Draft]) {
        let here: Vec<Ipv4Addr> =
            networks.iter().filter(|n| n.interface.is_some()).filter_map(|n| Some(n.server()?.value)).collect();
        let Some(example) = here.first().filter(|_| self.interface.is_none()) else { return };
        let next = format!("give the address by which machines behind the relay reach the server, like \"{example}\"");
        match self.address {
            None => {
                let message = format!("the network `{}` has neither `interface` nor `address`", self.name);
                world.problems.error(self.header, message).next(&next);
            }
            Some(address) if !here.contains(&address.value) => {
                let message = format!("`address` is `{}`, which no network with an interface has", address.value);
                world.problems.error(address.span, message).label("nothing is served there").next(&next);
            }
            Some(_) => {}
        }
    }
}

/// What concerns more than one network.
pub(super) fn check(world: &World<'_>, networks: &[Draft]) {
    for (at, network) in networks.iter().enumerate() {
        network.check_ranges(world);
        network.check_relayed(world, networks);
        for other in &networks[..at] {
            if let (Some(a), Some(b)) = (network.subnet, other.subnet)
                && a.value.overlaps(b.value)
            {
                let note =
                    world.problems.error(a.span, format!("the subnet `{}` overlaps that of `{}`", a.value, other.name));
                note.related(b.span, "this one").next("give each network its own subnet");
            }
            if let (Some(a), Some(b)) = (&network.interface, &other.interface)
                && a.value == b.value
            {
                let note = world
                    .problems
                    .error(a.span, format!("the interface `{}` serves `{}` already", a.value, other.name));
                note.first(b).next("one interface serves one network; use a VLAN interface for the other");
            }
        }
    }
    if networks.is_empty() && world.names("network").next().is_none() {
        let nowhere = Span::new(0, 0..0);
        let note = world.problems.warning(nowhere, "the site has no network: nothing will be served");
        note.next("add a `network` block");
    }
    if let Some(network) = networks.iter().find(|n| n.subnet.is_some() && n.server().is_none()) {
        world.problems.error(network.header, format!("the network `{}` has no room for the server", network.name));
    }
}

/// The networks, with what is implied filled in: known only now is which addresses are taken.
pub(super) fn finish(world: &World<'_>, networks: &[Draft], machines: &[machines::Draft]) -> Vec<Network> {
    let reserved: Vec<Ipv4Addr> = machines.iter().filter_map(|machine| machine.address).map(|at| at.value).collect();
    let serves_dns = world.find("dns", "").is_some();
    networks.iter().filter_map(|draft| finished(draft, &reserved, serves_dns)).collect()
}

/// Where the site answers DNS, its clients are told to ask it.
fn address_if(serves_dns: bool, address: Ipv4Addr) -> Vec<Ipv4Addr> {
    if serves_dns { vec![address] } else { Vec::new() }
}

fn finished(draft: &Draft, reserved: &[Ipv4Addr], serves_dns: bool) -> Option<Network> {
    let (subnet, address) = (draft.subnet?.value, draft.server()?.value);
    let gateway = draft.gateway.map(|at| at.value);
    let taken = || reserved.iter().copied().chain([address]).chain(gateway);
    let proxied = (draft.mode == DhcpMode::Proxy).then(Vec::new);
    let set = draft.ranges.as_ref().map(|ranges| ranges.iter().map(|range| range.value).collect());
    Some(Network {
        name: draft.name.clone(),
        place: draft.place.clone(),
        interface: draft.interface.as_ref().map(|at| at.value.clone()),
        subnet,
        address,
        gateway,
        dns: draft.dns.clone().unwrap_or_else(|| address_if(serves_dns, address)),
        ntp: draft.ntp.clone(),
        domain: draft.domain.clone(),
        search: draft.search.clone(),
        routes: draft.routes.clone(),
        mtu: draft.mtu,
        dhcp: Dhcp {
            mode: draft.mode,
            ranges: proxied.or(set).unwrap_or_else(|| pool::free_ranges(subnet, taken())),
            lease: draft.lease,
        },
        router_advertisements: draft.router_advertisements,
    })
}
