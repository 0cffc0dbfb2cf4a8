//! What a name stands for: the site's own table, else the leases of the moment.

use super::{
    name::Name,
    reverse,
    reverse::Reverse,
    zone::{Node, Zones},
};
use firstlight_model::Hostname;
use firstlight_site::{ADDRESS_NAME, Machine};
use firstlight_state::LeaseTable;
use std::net::Ipv4Addr;

/// What is known of a name. `apex` is where its zone begins in it.
#[derive(Debug)]
pub(super) enum Found<'z> {
    /// The site has records for it, or for names below it.
    Node { node: &'z Node, apex: usize },
    /// A lease has it.
    Address { address: Ipv4Addr, apex: usize },
    /// A leased address goes by this name.
    Pointer { name: Box<Name>, apex: usize },
    /// The beginning of a reverse zone.
    ReverseApex,
    /// There is such a name, without records.
    Empty { apex: usize },
    /// There is no such name.
    Missing { apex: usize },
    /// It is not ours.
    Foreign,
}

/// The leases at a time, asked only where the table has nothing. They are locked for one look.
pub(super) trait Leases {
    fn look<T>(&self, at: impl FnOnce(&LeaseTable, u64) -> T) -> T;
}

/// Looks up a name.
pub(super) fn find<'z>(zones: &'z Zones, leases: &impl Leases, name: &Name) -> Found<'z> {
    if let Some(node) = zones.node(name.bytes()) {
        return of_node(zones, leases, name, node);
    }
    if let Some((apex, _)) = zones.domain_of(name) {
        return match leased(zones, leases, name) {
            Some(address) => Found::Address { address, apex },
            None => Found::Missing { apex },
        };
    }
    match Reverse::of(name) {
        Some(asked) => reversed(zones, leases, &asked),
        None => match reverse::private6(name).filter(|_| !zones.upstreams.is_empty()) {
            Some(apex) => Found::Missing { apex },
            None => Found::Foreign,
        },
    }
}

fn of_node<'z>(zones: &'z Zones, leases: &impl Leases, name: &Name, node: &'z Node) -> Found<'z> {
    if let Some((apex, _)) = zones.domain_of(name) {
        return Found::Node { node, apex };
    }
    // The only other names in the table are those of addresses.
    match Reverse::of(name) {
        Some(asked) => match zones.set.site.networks.iter().find_map(|network| asked.apex(network.subnet)) {
            Some(apex) => Found::Node { node, apex },
            None => reversed(zones, leases, &asked),
        },
        None => Found::Foreign,
    }
}

/// The address that is leased under a name, which is one label in a domain of ours.
pub(super) fn leased(zones: &Zones, leases: &impl Leases, name: &Name) -> Option<Ipv4Addr> {
    let (apex, domain) = zones.domain_of(name)?;
    let (_, label) = name.labels().next().filter(|(_, label)| 1 + label.len() == apex)?;
    let label: Hostname = std::str::from_utf8(label).ok()?.parse().ok()?;
    let at_address = address_in(label.as_str());
    let address = match at_address {
        Some(address) => leases.look(|table, now| table.holder(address, now)).map(|_| address)?,
        None => {
            let (address, mac) = leases.look(|table, now| table.named(&label, now))?;
            let machine = zones.set.site.machines.get(label.as_str());
            // A stranger may have had the name before the site declared it.
            let own = |machine: &Machine| machine.mac.is_none_or(|known| known == mac) && machine.address.is_none();
            machine.is_none_or(own).then_some(address)?
        }
    };
    let network = zones.set.network_of(address)?;
    (network.domain.as_ref() == domain).then_some(address)
}

/// `ip-10-20-0-101` → 10.20.0.101.
fn address_in(label: &str) -> Option<Ipv4Addr> {
    label.strip_prefix(ADDRESS_NAME)?.replace('-', ".").parse().ok()
}

fn reversed<'z>(zones: &Zones, leases: &impl Leases, asked: &Reverse) -> Found<'z> {
    let apex = zones.set.site.networks.iter().find_map(|network| asked.apex(network.subnet));
    let Some(apex) = apex else {
        return match asked.private().filter(|_| !zones.upstreams.is_empty()) {
            Some(apex) => Found::Missing { apex },
            None => Found::Foreign,
        };
    };
    match asked.address() {
        _ if apex == 0 => Found::ReverseApex,
        Some(address) => match name_of(zones, leases, address) {
            Some(name) => Found::Pointer { name: Box::new(name), apex },
            None => Found::Missing { apex },
        },
        None if asked.is_between() => Found::Empty { apex },
        None => Found::Missing { apex },
    }
}

/// The name of a leased address: its own, where a question for that leads back to it.
fn name_of(zones: &Zones, leases: &impl Leases, address: Ipv4Addr) -> Option<Name> {
    let domain = zones.set.network_of(address)?.domain.as_ref()?;
    let (name, _) = leases.look(|table, now| table.holder(address, now))?;
    let own = name.and_then(|name| Name::below(name.as_str(), domain));
    let leads_back = |name: &Name| zones.node(name.bytes()).is_none() && leased(zones, leases, name) == Some(address);
    own.filter(leads_back).or_else(|| {
        let text = address.to_string().replace('.', "-");
        Name::below(&format!("{ADDRESS_NAME}{text}"), domain)
    })
}
