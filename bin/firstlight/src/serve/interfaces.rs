//! Whether this computer is where the site says: each network's interface with the server's address on it.

use crate::{Failure, Outcome};
use firstlight_site::{Network, Site};
use nix::ifaddrs::{InterfaceAddress, getifaddrs};
use std::net::Ipv4Addr;

/// Each network's interface must be there and have the server's address: everything that is served names it.
///
/// # Errors
/// One that is not, with its place in the site and the next step.
pub(super) fn check(site: &Site) -> Outcome {
    let found: Vec<_> = getifaddrs()?.collect();
    site.networks.iter().try_for_each(|network| check_one(network, &found))
}

fn check_one(network: &Network, found: &[InterfaceAddress]) -> Outcome {
    let Some(name) = &network.interface else { return Ok(()) };
    let here: Vec<_> = found.iter().filter(|interface| interface.interface_name == *name).collect();
    if here.is_empty() {
        return Err(absent(network, name, found));
    }
    let addresses: Vec<_> = here.iter().filter_map(|i| Some(i.address?.as_sockaddr_in()?.ip())).collect();
    match addresses.contains(&network.address) {
        true => Ok(()),
        false => Err(addressless(network, name, &addresses)),
    }
}

fn absent(network: &Network, name: &str, found: &[InterfaceAddress]) -> Failure {
    let mut names: Vec<&str> = found.iter().map(|interface| interface.interface_name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    Failure::Failed(format!(
        "{}: network {} is on {name}, and there is no such interface; there are {}",
        network.place,
        network.name,
        names.join(", ")
    ))
}

fn addressless(network: &Network, name: &str, addresses: &[Ipv4Addr]) -> Failure {
    let has = addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    Failure::Failed(format!(
        "{}: {name} does not have the address {} (it has {}). Set `address` in network {}, or: ip address add {}/{} dev {name}",
        network.place,
        network.address,
        if has.is_empty() { "none" } else { &has },
        network.name,
        network.address,
        network.subnet.prefix()
    ))
}
