//! Last phase: what `firstlight.after` says. A machine that stays keeps its lease.

use crate::{
    arguments::After,
    dhcp::client,
    network,
    node::{Node, Online},
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
        stay(node, Duration::from_secs(3600))?;
    }
}

/// Stays for this long, and keeps the lease meanwhile; gets another one where it is lost.
pub(crate) fn stay(node: &mut Node, how_long: Duration) -> Result<(), String> {
    let begin = Instant::now();
    loop {
        let Some(left) = how_long.checked_sub(begin.elapsed()).filter(|left| !left.is_zero()) else { return Ok(()) };
        let until_due = match &node.online {
            None => {
                network::run(node)?;
                continue;
            }
            Some(online) => online.due.saturating_duration_since(Instant::now()),
        };
        node.signals.pause(Some(left.min(until_due)));
        node.online = node.online.take().and_then(renewed_where_due);
    }
}

/// Renews from the middle of the lease on. `None` when it is lost: refused, or at its end.
fn renewed_where_due(mut online: Online) -> Option<Online> {
    if Instant::now() < online.due {
        return Some(online);
    }
    match client::renewed(&online.interface, &online.lease, PATIENCE) {
        Ok(renewed) => renewed.map(|lease| Online::new(online.interface, lease)),
        Err(_) if online.since.elapsed() >= online.lease.duration => None,
        Err(_) => {
            online.due = Instant::now() + RETRY.min(online.lease.duration / 8);
            Some(online)
        }
    }
}
