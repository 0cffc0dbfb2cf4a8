//! Functions on IPv4 networks, as Terraform's `cidr…` functions.

use super::{Called, Function, Wrong, function, text, whole};
use firstlight_model::Ipv4Net;
use serde_json::Value;
use std::net::Ipv4Addr;

pub(super) const FUNCTIONS: &[Function] = &[
    function("cidrhost", "cidrhost(\"10.20.0.0/24\", 5)", 2, 2, |_, a| cidrhost(a)),
    function("cidrnetmask", "cidrnetmask(\"10.20.0.0/24\")", 1, 1, |_, a| Ok(net(a)?.mask().to_string().into())),
    function("cidrsubnet", "cidrsubnet(\"10.20.0.0/16\", 8, 3)", 3, 3, |_, a| cidrsubnet(a)),
];

fn net(a: &[Value]) -> Result<Ipv4Net, Wrong> {
    text(a, 0)?.parse().map_err(|invalid: firstlight_model::Invalid| Wrong::argument(0, invalid.0))
}

/// The `n`th address; counted from the end where negative.
fn cidrhost(a: &[Value]) -> Called {
    let (net, n) = (net(a)?, whole(a, 1)?);
    let start = if n < 0 { i64::from(net.broadcast().to_bits()) + 1 } else { i64::from(net.base().to_bits()) };
    let address = start.checked_add(n).and_then(|bits| u32::try_from(bits).ok()).map(Ipv4Addr::from_bits);
    let address = address.filter(|address| net.contains(*address));
    Ok(address.ok_or_else(|| Wrong::argument(1, format!("{net} has no address number {n}")))?.to_string().into())
}

fn cidrsubnet(a: &[Value]) -> Called {
    let (net, bits, n) = (net(a)?, whole(a, 1)?, whole(a, 2)?);
    let prefix = u8::try_from(bits).ok().and_then(|bits| net.prefix().checked_add(bits)).filter(|prefix| *prefix <= 32);
    let prefix = prefix.ok_or_else(|| Wrong::argument(1, format!("{net} cannot be longer by {bits} bits")))?;
    let offset =
        u64::try_from(n).ok().and_then(|n| n.checked_shl(u32::from(32 - prefix)).filter(|s| s >> (32 - prefix) == n));
    let base = offset.and_then(|offset| u64::from(net.base().to_bits()).checked_add(offset));
    let base =
        base.and_then(|base| u32::try_from(base).ok()).map(Ipv4Addr::from_bits).filter(|base| net.contains(*base));
    let subnet = base.and_then(|base| Ipv4Net::containing(base, prefix));
    Ok(subnet.ok_or_else(|| Wrong::argument(2, format!("{net} has no /{prefix} number {n}")))?.to_string().into())
}
