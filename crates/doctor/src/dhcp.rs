//! Other DHCP servers on the wire: one DISCOVER for each interface, all at once.

use crate::Finding;
use firstlight_serve::dhcp::{OtherServer, Probe};
use firstlight_site::{DhcpMode, Network, Site};
use std::time::Duration;

const CHECK: &str = "dhcp";

pub(crate) fn check(site: &Site, listen: Duration) -> Vec<Finding> {
    let served = site.networks.iter().filter_map(|network| Some((network, network.interface.as_deref()?)));
    // What an interface is missing has been said by then.
    let asked: Vec<_> = served.map(|(network, name)| (network, Probe::start(name))).collect();
    let of = |(network, probe): (&Network, std::io::Result<Option<Probe>>)| {
        let answers = probe.and_then(|probe| probe.map_or(Ok(Vec::new()), |probe| probe.finish(listen)));
        let findings = match answers {
            Ok(others) => judged(network, &others),
            Err(error) => {
                let text = format!("nobody can tell whether another DHCP server answers: {error}");
                vec![Finding::warning(CHECK, text, "run it as root, once the interface is there")]
            }
        };
        findings.into_iter().map(|finding| finding.about(network)).collect::<Vec<_>>()
    };
    asked.into_iter().flat_map(of).collect()
}

fn judged(network: &Network, others: &[OtherServer]) -> Vec<Finding> {
    let proxy = network.dhcp.mode == DhcpMode::Proxy;
    let mut findings: Vec<Finding> = others.iter().filter_map(|other| rival(other, proxy)).collect();
    let gives = others.iter().find(|other| !other.is_proxy());
    match gives {
        Some(other) if proxy => {
            findings.push(Finding::fine(CHECK, format!("{} gives the addresses", who(other))));
        }
        None if proxy => findings.push(Finding::warning(
            CHECK,
            "`mode = \"proxy\"`, and no other DHCP server answers: machines get no address",
            "start it, or set `mode = \"authoritative\"` and give them one from here",
        )),
        None if findings.is_empty() => findings.push(Finding::fine(CHECK, "no other DHCP server answers")),
        _ => {}
    }
    findings
}

/// What is wrong with another server being there, if anything.
fn rival(other: &OtherServer, proxy: bool) -> Option<Finding> {
    match (other.offered, proxy) {
        (Some(offered), false) => Some(Finding::error(
            CHECK,
            format!("{} gives addresses too: it offered {offered}", who(other)),
            "machines take whichever answers first: stop it, or set `mode = \"proxy\"` and leave the addresses to it",
        )),
        (None, _) => Some(Finding::error(
            CHECK,
            format!("{} tells machines what to boot too (ProxyDHCP)", who(other)),
            "they take whichever answers first: stop it there",
        )),
        (Some(_), true) => None,
    }
}

fn who(other: &OtherServer) -> String {
    format!("the DHCP server {} ({})", other.address, other.mac)
}
