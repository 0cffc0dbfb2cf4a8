//! Which network a message belongs to, and what each network gives.

use firstlight_boot::BootSet;
use firstlight_model::{Hostname, Mac};
use firstlight_site::{Machine, Network, Site};
use firstlight_state::Pool;
use firstlight_wire::dhcp::{Code, Message};
use std::{collections::HashMap, net::Ipv4Addr, sync::Arc};

/// The sub-option of option 82 by which a relay names the link where its own address says nothing (RFC 3527).
const LINK_SELECTION: u8 = 5;

/// The network that a message belongs to: by the relay that sent it, else by the interface on which it came. Behind
/// one interface may lie several networks, and a renewal may come from a network behind a relay by itself: then the
/// client's own address tells.
pub(super) fn network_of<'a>(set: &'a BootSet, interface: &str, message: &Message) -> Option<&'a Network> {
    if !message.giaddr.is_unspecified() {
        return containing(set, link(message).unwrap_or(message.giaddr));
    }
    let here = |network: &&Network| network.interface.as_deref() == Some(interface);
    network_at(set, interface, message.ciaddr).or_else(|| set.site.networks.iter().find(here))
}

/// The network that a client with this address is in, where it is behind this interface or behind a relay.
pub(super) fn network_at<'a>(set: &'a BootSet, interface: &str, address: Ipv4Addr) -> Option<&'a Network> {
    let network = containing(set, address).filter(|_| !address.is_unspecified())?;
    network.interface.as_deref().is_none_or(|its| its == interface).then_some(network)
}

fn containing(set: &BootSet, address: Ipv4Addr) -> Option<&Network> {
    set.site.networks.iter().find(|network| network.subnet.contains(address))
}

fn link(message: &Message) -> Option<Ipv4Addr> {
    let octets: [u8; 4] = message.options.inside(Code::RELAY_AGENT).get(LINK_SELECTION)?.try_into().ok()?;
    Some(octets.into())
}

/// The address that the site reserves for a machine in a network.
pub(super) fn reserved(machine: Option<&Machine>, network: &Network) -> Option<Ipv4Addr> {
    machine?.address.filter(|address| network.subnet.is_host(*address))
}

/// The names of a site's machines, by the hardware addresses that they are known by.
pub(super) fn names(site: &Site) -> HashMap<Mac, Arc<Hostname>> {
    let named = |machine: &Machine| Some((machine.mac?, Arc::new(machine.name.clone())));
    site.machines.values().filter_map(named).collect()
}

/// What is different in the names: the new one, or none any more.
pub(super) fn renamed(
    old: &HashMap<Mac, Arc<Hostname>>,
    new: &HashMap<Mac, Arc<Hostname>>,
) -> HashMap<Mac, Option<Arc<Hostname>>> {
    let macs = old.keys().chain(new.keys()).filter(|mac| old.get(mac) != new.get(mac));
    macs.map(|mac| (*mac, new.get(mac).cloned())).collect()
}

/// What each network of a site gives to machines without a reservation: its ranges, without what is spoken for.
pub fn pools(site: &Site) -> Vec<Pool> {
    let reserved: Vec<Ipv4Addr> = site.machines.values().filter_map(|machine| machine.address).collect();
    let pool = |network: &Network| {
        let fixed = network.gateway.iter().chain([&network.address]).chain(&network.dns).chain(&network.ntp);
        let routers = network.routes.iter().map(|route| &route.via);
        let spoken_for = fixed.chain(routers).chain(&reserved).filter(|address| network.subnet.contains(**address));
        Pool {
            network: network.name.as_str().into(),
            subnet: network.subnet,
            ranges: network.dhcp.ranges.clone(),
            excluded: spoken_for.copied().collect(),
        }
    };
    site.networks.iter().map(pool).collect()
}
