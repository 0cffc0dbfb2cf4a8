//! The interface of each network: that it is there, is up, has the server's address with the site's prefix, and that
//! no bridge keeps a machine waiting.

use crate::Finding;
use firstlight_site::{Network, Site};
use nix::{ifaddrs::getifaddrs, net::if_::InterfaceFlags, sys::socket::SockaddrIn};
use std::{fs, net::Ipv4Addr, path::Path};

const CHECK: &str = "interface";

/// An IPv4 address of an interface of this computer.
struct Here {
    interface: String,
    flags: InterfaceFlags,
    address: Option<(Ipv4Addr, u8)>,
}

pub(crate) fn check(site: &Site) -> Vec<Finding> {
    let here = match here() {
        Ok(here) => here,
        Err(error) => {
            return vec![Finding::error(
                CHECK,
                format!("the interfaces cannot be listed: {error}"),
                "is /proc mounted?",
            )];
        }
    };
    let check = |network: &Network| match &network.interface {
        Some(name) => on_interface(network, name, &here),
        None => behind_relay(network, &here),
    };
    site.networks.iter().flat_map(|network| check(network).into_iter().map(|finding| finding.about(network))).collect()
}

fn here() -> nix::Result<Vec<Here>> {
    let address = |sockaddr: &SockaddrIn| sockaddr.ip();
    let found = getifaddrs()?.map(|found| {
        let ip = found.address.as_ref().and_then(|a| a.as_sockaddr_in()).map(address);
        let mask = found.netmask.as_ref().and_then(|mask| mask.as_sockaddr_in()).map(address);
        let prefix = mask.map_or(32, |mask| u8::try_from(mask.to_bits().leading_ones()).unwrap_or(32));
        Here { interface: found.interface_name, flags: found.flags, address: ip.map(|ip| (ip, prefix)) }
    });
    Ok(found.collect())
}

fn on_interface(network: &Network, name: &str, all: &[Here]) -> Vec<Finding> {
    let mine: Vec<&Here> = all.iter().filter(|here| here.interface == name).collect();
    let Some(first) = mine.first() else { return vec![no_interface(name, all)] };
    let mut findings = vec![link(name, first.flags), address(network, name, &mine, all)];
    findings.extend(spanning_tree(name));
    findings
}

fn no_interface(name: &str, all: &[Here]) -> Finding {
    let mut names: Vec<&str> = all.iter().map(|here| here.interface.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let next = format!("set `interface` to one of {}", names.join(", "));
    Finding::error(CHECK, format!("there is no interface {name}"), next)
}

fn link(name: &str, flags: InterfaceFlags) -> Finding {
    if flags.contains(InterfaceFlags::IFF_LOOPBACK) {
        return Finding::error(
            CHECK,
            format!("{name} is the loopback: no machine is on it"),
            "set `interface` to a real one",
        );
    }
    if !flags.contains(InterfaceFlags::IFF_UP) {
        return Finding::error(CHECK, format!("{name} is down"), format!("ip link set {name} up"));
    }
    if !flags.contains(InterfaceFlags::IFF_RUNNING) {
        return Finding::error(
            CHECK,
            format!("{name} is up, and its link is not: no carrier"),
            "look at the cable and the switch; a bridge has a carrier once one of its ports has",
        );
    }
    Finding::fine(CHECK, format!("{name} is up"))
}

fn address(network: &Network, name: &str, mine: &[&Here], all: &[Here]) -> Finding {
    let addresses: Vec<(Ipv4Addr, u8)> = mine.iter().filter_map(|here| here.address).collect();
    let (address, prefix) = (network.address, network.subnet.prefix());
    match addresses.iter().find(|(found, _)| *found == address) {
        Some((_, found)) if *found == prefix => Finding::fine(CHECK, format!("{name} has {address}/{prefix}")),
        Some((_, found)) => Finding::error(
            CHECK,
            format!("{name} has {address} with the prefix /{found}, and the site says {}", network.subnet),
            format!("correct `subnet`, or: ip address replace {address}/{prefix} dev {name}"),
        ),
        None => no_address(network, name, &addresses, all),
    }
}

fn no_address(network: &Network, name: &str, addresses: &[(Ipv4Addr, u8)], all: &[Here]) -> Finding {
    let (address, prefix) = (network.address, network.subnet.prefix());
    let elsewhere = all.iter().find(|here| here.address.is_some_and(|(found, _)| found == address));
    let has: Vec<String> = addresses.iter().map(|(found, prefix)| format!("{found}/{prefix}")).collect();
    let has = if has.is_empty() { "none".to_owned() } else { has.join(", ") };
    let text = match elsewhere {
        Some(other) => format!("{address} is on {}, not on {name}: machines there cannot reach it", other.interface),
        None => format!("{name} does not have {address}, by which machines are told to reach us; it has {has}"),
    };
    let next = match in_container() {
        true => {
            "this is a container with a network of its own: give it the host's (`--network host`), or an interface \
                 on the boot network (macvlan), and set `address` to what it has there"
                .to_owned()
        }
        false => format!(
            "set `interface`, `subnet` and `address` to what is so, or: ip address add {address}/{prefix} dev {name}"
        ),
    };
    Finding::error(CHECK, text, next)
}

/// A network behind relays is reached by an address of ours in another network.
fn behind_relay(network: &Network, all: &[Here]) -> Vec<Finding> {
    let ours = all.iter().any(|here| here.address.is_some_and(|(found, _)| found == network.address));
    let text =
        format!("{} is no address of this computer, and machines there are told to reach us by it", network.address);
    if ours { Vec::new() } else { vec![Finding::error(CHECK, text, "set `address` to one that this computer has")] }
}

/// Podman and Docker leave these files.
fn in_container() -> bool {
    ["/.dockerenv", "/run/.containerenv"].iter().any(|file| Path::new(file).exists())
}

/// A bridge with spanning tree keeps a new port silent for twice its forward delay: longer than firmware asks.
fn spanning_tree(name: &str) -> Option<Finding> {
    let of_bridge = |file: &str| fs::read_to_string(format!("/sys/class/net/{name}/bridge/{file}")).ok();
    let on = of_bridge("stp_state")?.trim() != "0";
    // In hundredths of a second.
    let delay: u64 = of_bridge("forward_delay")?.trim().parse().ok()?;
    (on && delay >= 400).then(|| {
        Finding::warning(
            CHECK,
            format!(
                "{name} is a bridge with spanning tree: a port is silent for {} s after its machine starts",
                delay / 50
            ),
            format!("where the bridge makes no loop: ip link set {name} type bridge stp_state 0"),
        )
    })
}
