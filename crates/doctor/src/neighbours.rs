//! How many neighbours the kernel remembers. Where more machines than that are on at once, it refuses to send to some of them
//! ("neighbour table overflow" in its log).
//!
//! The limit is the computer's, for all its interfaces and namespaces together. A network namespace does not show it, and
//! then nothing is said.

use crate::Finding;
use firstlight_site::{Network, Site};
use std::fs;

const CHECK: &str = "neighbours";
const LIMIT: &str = "net.ipv4.neigh.default.gc_thresh3";

pub(crate) fn check(site: &Site) -> Vec<Finding> {
    let text = fs::read_to_string(format!("/proc/sys/{}", LIMIT.replace('.', "/")));
    let limit = text.ok().and_then(|text| text.trim().parse().ok());
    // Machines behind a relay are no neighbours.
    let given = site.networks.iter().filter(|network| network.interface.is_some()).map(addresses).sum();
    limit.and_then(|limit| too_many(given, limit)).into_iter().collect()
}

/// How many addresses a network's ranges have.
fn addresses(network: &Network) -> u64 {
    let ranges = network.dhcp.ranges.iter();
    ranges.map(|(first, last)| 1 + u64::from(last.to_bits().saturating_sub(first.to_bits()))).sum()
}

fn too_many(given: u64, limit: u64) -> Option<Finding> {
    let text = format!(
        "the ranges have {given} addresses, and Linux remembers at most {limit} neighbours: where more machines are on at \
         once, packets to some are lost"
    );
    let enough = given.saturating_mul(2);
    let next = format!("a smaller `range`, or: sysctl -w {LIMIT}={enough}, and the same in /etc/sysctl.d");
    (given > limit).then(|| Finding::warning(CHECK, text, next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Level;

    #[test]
    fn more_addresses_than_neighbours_are_a_warning() {
        assert_eq!(too_many(1024, 1024), None);
        let finding = too_many(31_000, 1024).unwrap();
        assert_eq!(finding.level, Level::Warning);
        assert!(finding.to_string().contains("sysctl -w net.ipv4.neigh.default.gc_thresh3=62000"), "{finding}");
    }
}
