//! Whether this computer's own firewall lets in what machines send: the packet filter's rules (`nft -j list ruleset`,
//! which shows those of iptables, ufw and firewalld too) are followed for each packet of a boot.
//!
//! Rules that ask for more than interface, protocol, port and connection state are not judged: where one of them could
//! decide otherwise, the finding says "may".

mod follow;
mod rules;

use crate::Finding;
use firstlight_site::{Network, Site};
use follow::{Packet, Verdict, follow};
use rules::Ruleset;
use std::process::Command;

const CHECK: &str = "firewall";

pub(crate) fn check(site: &Site) -> Vec<Finding> {
    let rules = match ruleset() {
        Ok(rules) => rules,
        Err(finding) => return vec![*finding],
    };
    let served = site.networks.iter().filter(|network| network.interface.is_some());
    served.map(|network| of_network(site, network, &rules).about(network)).collect()
}

fn ruleset() -> Result<Ruleset, Box<Finding>> {
    let unknown = |why: String| {
        let next = "install the package `nftables`, and run it as root";
        Box::new(Finding::warning(CHECK, format!("nobody can tell what the firewall lets in: {why}"), next))
    };
    let output = Command::new("nft").args(["-j", "list", "ruleset"]).output();
    let output = output.map_err(|error| unknown(format!("`nft` does not run: {error}")))?;
    if !output.status.success() {
        return Err(unknown(String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or_default().to_owned()));
    }
    Ruleset::parse(&output.stdout).map_err(|error| unknown(format!("its rules cannot be read: {error}")))
}

/// What comes in during a boot.
fn packets(site: &Site, interface: &str) -> Vec<(String, Packet)> {
    let new = |protocol: &str, port: u16| Packet::new(interface, protocol, port, "new");
    let mut packets = vec![
        ("DHCP (udp 67)".to_owned(), new("udp", 67)),
        ("ProxyDHCP (udp 4011)".to_owned(), new("udp", 4011)),
        ("TFTP requests (udp 69)".to_owned(), new("udp", 69)),
        ("TFTP acknowledgements (udp, any port)".to_owned(), Packet::new(interface, "udp", 40_000, "established")),
        (format!("HTTP (tcp {})", site.http_port), new("tcp", site.http_port)),
    ];
    if site.dns.is_some() {
        packets.push(("DNS (udp 53)".to_owned(), new("udp", 53)));
    }
    packets
}

fn of_network(site: &Site, network: &Network, rules: &Ruleset) -> Finding {
    let interface = network.interface.as_deref().unwrap_or_default();
    let (mut dropped, mut perhaps) = (Vec::new(), Vec::new());
    for (what, packet) in packets(site, interface) {
        match follow(rules, &packet) {
            Verdict::Accepted => {}
            Verdict::Dropped(by) => dropped.push(format!("{what}, by {by}")),
            Verdict::Unclear(by) => perhaps.push(format!("{what}, by {by}")),
        }
    }
    let next = format!(
        "let them in: nft insert rule inet TABLE CHAIN iifname {interface} accept; with ufw: ufw allow in on {interface}; \
         with firewalld: firewall-cmd --zone=trusted --change-interface={interface}"
    );
    match (dropped.is_empty(), perhaps.is_empty()) {
        (false, _) => Finding::error(CHECK, format!("it keeps out {}", dropped.join("; ")), next),
        (true, false) => Finding::warning(CHECK, format!("it may keep out {}", perhaps.join("; ")), next),
        (true, true) => Finding::fine(CHECK, format!("it lets in what machines send on {interface}")),
    }
}
