//! Networks behind DHCP relays: a way back to them, and a relay that was ever heard.

use crate::Finding;
use firstlight_site::{Network, Site};
use std::{fs, net::Ipv4Addr};

const CHECK: &str = "relay";

/// A row of the kernel's routing table.
#[derive(Debug, PartialEq, Eq)]
struct Route {
    interface: String,
    to: Ipv4Addr,
    mask: Ipv4Addr,
}

pub(crate) fn check(site: &Site, leased: &[Ipv4Addr]) -> Vec<Finding> {
    let behind: Vec<&Network> = site.networks.iter().filter(|network| network.interface.is_none()).collect();
    if behind.is_empty() {
        return Vec::new();
    }
    let table = fs::read_to_string("/proc/net/route").unwrap_or_default();
    let routes: Vec<Route> = table.lines().skip(1).filter_map(route).collect();
    behind.into_iter().map(|network| of_network(network, &routes, leased).about(network)).collect()
}

fn of_network(network: &Network, routes: &[Route], leased: &[Ipv4Addr]) -> Finding {
    let subnet = network.subnet;
    let leads = |route: &&Route| subnet.base().to_bits() & route.mask.to_bits() == route.to.to_bits();
    let Some(way) = routes.iter().filter(leads).max_by_key(|route| route.mask.to_bits()) else {
        let next = format!("ip route add {subnet} via ROUTER");
        return Finding::error(
            CHECK,
            format!("there is no route to {subnet}: answers cannot go back to its relay"),
            next,
        );
    };
    match leased.iter().any(|address| subnet.contains(*address)) {
        true => Finding::fine(CHECK, format!("its relay was heard; the way back is by {}", way.interface)),
        false => Finding::warning(
            CHECK,
            format!("no machine behind a relay in {subnet} was ever heard"),
            format!(
                "on the router of that network set a DHCP relay (`ip helper-address {0}`, or dhcrelay {0}) to {0}",
                network.address
            ),
        ),
    }
}

/// `eth1 0000140A 00000000 0001 0 0 0 00FFFFFF …`: addresses are hex in the computer's own byte order.
fn route(line: &str) -> Option<Route> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let address = |at: usize| Some(Ipv4Addr::from(u32::from_str_radix(fields.get(at)?, 16).ok()?.to_ne_bytes()));
    Some(Route { interface: (*fields.first()?).to_owned(), to: address(1)?, mask: address(7)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn the_kernels_table_is_read() {
        let found = route("eth1\t0000140A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0").unwrap();
        assert_eq!((found.to, found.mask), ([10, 20, 0, 0].into(), [255, 255, 255, 0].into()));
        assert_eq!(route("Iface Destination"), None);
    }
}
