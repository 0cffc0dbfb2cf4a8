//! Which addresses of a subnet are handed out when the site does not say.

use firstlight_model::Ipv4Net;
use std::net::Ipv4Addr;

/// The subnet's first host: the server's own address where none is set.
pub(crate) fn first_host(subnet: Ipv4Net) -> Option<Ipv4Addr> {
    if subnet.prefix() > 30 { Some(subnet.base()) } else { subnet.nth(1) }
}

/// The upper half of the subnet without the addresses in `taken`, as few ranges as possible.
pub fn free_ranges(subnet: Ipv4Net, taken: impl IntoIterator<Item = Ipv4Addr>) -> Vec<(Ipv4Addr, Ipv4Addr)> {
    let (base, end) = (u64::from(subnet.base().to_bits()), u64::from(subnet.broadcast().to_bits()));
    let half = base + (end - base).div_ceil(2);
    let last = if subnet.prefix() > 30 { end } else { end - 1 };
    let mut taken: Vec<u64> = taken.into_iter().map(|address| u64::from(address.to_bits())).collect();
    taken.retain(|address| (half..=last).contains(address));
    taken.sort_unstable();
    let (mut ranges, mut next) = (Vec::new(), half);
    for stop in taken.into_iter().chain([last + 1]) {
        if next < stop {
            ranges.push((address(next), address(stop - 1)));
        }
        next = next.max(stop + 1);
    }
    ranges
}

fn address(bits: u64) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::try_from(bits).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(subnet: &str, taken: &[&str]) -> Vec<String> {
        let ranges = free_ranges(subnet.parse().unwrap(), taken.iter().map(|a| a.parse().unwrap()));
        ranges.into_iter().map(|(first, last)| format!("{first}-{last}")).collect()
    }

    #[test]
    fn the_upper_half_without_what_is_taken() {
        assert_eq!(ranges("10.0.0.0/24", &["10.0.0.1"]), ["10.0.0.128-10.0.0.254"]);
        assert_eq!(
            ranges("10.0.0.0/24", &["10.0.0.254", "10.0.0.130", "10.0.0.130", "10.0.0.131", "10.0.0.128"]),
            ["10.0.0.129-10.0.0.129", "10.0.0.132-10.0.0.253"]
        );
    }

    #[test]
    fn the_smallest_and_the_largest_subnets_hold() {
        assert_eq!(ranges("10.0.0.0/30", &["10.0.0.1"]), ["10.0.0.2-10.0.0.2"]);
        assert_eq!(ranges("10.0.0.0/31", &["10.0.0.0"]), ["10.0.0.1-10.0.0.1"]);
        assert_eq!(ranges("10.0.0.1/32", &["10.0.0.1"]), Vec::<String>::new());
        assert_eq!(ranges("0.0.0.0/0", &[]), ["128.0.0.0-255.255.255.254"]);
    }
}
