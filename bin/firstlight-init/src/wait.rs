//! Last phase: what `firstlight.after` says. A machine that stays keeps its lease.

use crate::{
    arguments::After,
    dhcp::{Lease, client},
    interface::Interface,
    network,
    node::Node,
    signals::leave,
};
use nix::sys::reboot::RebootMode;
use std::time::{Duration, Instant};

/// Between attempts to renew (RFC 2131 section 4.4.5 says no less than a minute), and for each answer.
const RETRY: Duration = Duration::from_secs(60);
const PATIENCE: Duration = Duration::from_secs(3);

pub(crate) fn run(node: &mut Node) -> Result<(), String> {
    match node.arguments.after {
        After::PowerOff => leave(RebootMode::RB_POWER_OFF),
        After::Reboot => leave(RebootMode::RB_AUTOBOOT),
        After::Wait => {}
    }
    // Here when it should stay, and when the kernel would not let it go.
    loop {
        match node.online.take() {
            None => network::run(node)?,
            Some((interface, lease)) => node.online = keep(node, interface, lease),
        }
    }
}

/// Renews from the middle of the lease on. `None` when it is lost: refused, or at its end.
fn keep(node: &Node, interface: Interface, lease: Lease) -> Option<(Interface, Lease)> {
    let begin = Instant::now();
    node.signals.pause(Some(lease.duration / 2));
    while begin.elapsed() < lease.duration {
        match client::renewed(&interface, &lease, PATIENCE) {
            Ok(renewed) => return renewed.map(|lease| (interface, lease)),
            Err(_) => node.signals.pause(Some(RETRY.min(lease.duration / 8))),
        }
    }
    None
}
