//! Addresses are not given where another DHCP server gives some: nobody is to take an office's network down by starting
//! `firstlight serve` in it.

use crate::{Failure, Outcome};
use firstlight_serve::dhcp::{OtherServer, Probe};
use firstlight_site::{DhcpMode, Network, Site};
use std::time::Duration;

/// How long an answer may take: servers make their offers within milliseconds, dnsmasq and some others after they have
/// pinged the address for up to a second.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Asks on the interface of each network that we give addresses in. The answers come while the site's assets are
/// verified. What cannot be asked is told and goes on: port 67 is bound already, so we may serve there.
pub(super) fn ask(site: &Site, allowed: bool) -> Vec<(Network, Probe)> {
    let ours = site.networks.iter().filter(|network| network.dhcp.mode == DhcpMode::Authoritative && !allowed);
    let ask = |network: &Network| match Probe::start(network.interface.as_deref()?) {
        Ok(probe) => Some((network.clone(), probe?)),
        Err(error) => {
            tracing::warn!("network {}: cannot look for other DHCP servers: {error}", network.name);
            None
        }
    };
    ours.filter_map(ask).collect()
}

/// # Errors
/// Somebody answered: who, where, and what to do.
pub(super) fn refuse(asked: Vec<(Network, Probe)>) -> Outcome {
    let mut told = Vec::new();
    for (network, probe) in asked {
        for other in probe.finish(PATIENCE)? {
            match other.offered {
                Some(_) => told.push(complaint(&network, &other)),
                None => tracing::warn!(
                    "network {}: {} ({}) tells machines what to boot (ProxyDHCP), and so do we; which one they follow is chance",
                    network.name,
                    other.address,
                    other.mac
                ),
            }
        }
    }
    if told.is_empty() { Ok(()) } else { Err(Failure::Failed(told.join("\n"))) }
}

fn complaint(network: &Network, other: &OtherServer) -> String {
    let interface = network.interface.as_deref().unwrap_or_default();
    let offered = other.offered.map(|address| format!("; it offered {address}")).unwrap_or_default();
    format!(
        "{}: there is another DHCP server in network {}, on {interface}: {} ({}){offered}. With two, machines get addresses from \
         both, at random. Take the other one away; or let it give the addresses, and set in network {}: dhcp {{ mode = \"proxy\" }}; \
         or start with --allow-other-dhcp",
        network.place, network.name, other.address, other.mac, network.name
    )
}
