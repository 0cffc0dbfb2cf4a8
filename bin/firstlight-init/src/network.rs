//! Third phase: an interface with a link, a lease on it, and what the lease says put into effect. Goes on until it has
//! that; each new cause of waiting is printed once.

use crate::{
    console::say,
    dhcp::{Lease, client},
    interface::{self, Interface},
    netlink,
    node::{BackOff, Node, Online},
};
use std::{fmt::Write as _, fs, time::Duration};

/// How often to look for a link.
const LINK_POLL: Duration = Duration::from_millis(50);
/// How long to wait for each answer of a DHCP server.
const DHCP_PATIENCE: Duration = Duration::from_secs(3);

pub(crate) fn run(node: &mut Node) -> Result<(), String> {
    let pauses = BackOff::new(Duration::from_millis(500), Duration::from_secs(15));
    for pause in pauses {
        let interface = wait_for_link(node);
        match client::lease(&interface, DHCP_PATIENCE).and_then(|lease| apply(&interface, &lease).map(|()| lease)) {
            Ok(lease) => {
                say(format_args!("{} has {} from {}", interface.name, lease.address, lease.server));
                node.online = Some(Online::new(interface, lease));
                break;
            }
            Err(cause) => say(format_args!("network: {cause}; trying again")),
        }
        node.signals.pause(Some(pause));
    }
    Ok(())
}

fn wait_for_link(node: &Node) -> Interface {
    let mut last = String::new();
    loop {
        let interfaces = Interface::all();
        for interface in &interfaces {
            complain(&mut last, interface.set_up());
        }
        match interface::choose(interfaces, node.arguments.boot_interface) {
            Ok(interface) => return interface,
            Err(cause) => complain(&mut last, Err(cause)),
        }
        node.signals.pause(Some(LINK_POLL));
    }
}

/// Prints a cause once, not at every look.
fn complain(last: &mut String, outcome: Result<(), String>) {
    if let Err(cause) = outcome {
        if *last != cause {
            say(format_args!("network: {cause}"));
            *last = cause;
        }
    }
}

/// Puts a lease into effect. Only an address is needed to report; what else fails is printed.
pub(crate) fn apply(interface: &Interface, lease: &Lease) -> Result<(), String> {
    let Lease { address, network, .. } = *lease;
    netlink::add_address(interface.index, address, network.prefix(), network.broadcast())
        .map_err(|cause| format!("cannot give {} the address {address}: {cause}", interface.name))?;
    if let Some(gateway) = lease.gateway {
        if let Err(cause) = netlink::set_default_route(interface.index, gateway) {
            say(format_args!("network: cannot route through {gateway}: {cause}"));
        }
    }
    let name = lease.host_name.iter().map(|name| ("/proc/sys/kernel/hostname", name.clone()));
    for (file, text) in name.chain([("/etc/resolv.conf", resolv_conf(lease))]) {
        if let Err(cause) = fs::write(file, text) {
            say(format_args!("network: cannot write {file}: {cause}"));
        }
    }
    Ok(())
}

fn resolv_conf(lease: &Lease) -> String {
    let mut text = String::new();
    if let Some(domain) = &lease.domain {
        let _ = writeln!(text, "search {domain}");
    }
    for server in &lease.dns {
        let _ = writeln!(text, "nameserver {server}");
    }
    text
}
