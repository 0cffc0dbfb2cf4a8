//! The ports that the servers need, and who has them. `ss` of iproute2 tells both, with the interface that a socket is
//! bound to and the processes behind it: a socket that a service manager holds for us is its own and ours.

use crate::Finding;
use firstlight_site::{Network, Site};
use std::process::Command;

const CHECK: &str = "ports";

/// A socket that listens.
#[derive(Debug, PartialEq, Eq)]
struct Listener {
    protocol: String,
    address: String,
    interface: Option<String>,
    port: u16,
    /// Those who have it, by name and number.
    processes: Vec<(String, u32)>,
}

pub(crate) fn check(site: &Site, server: Option<u32>) -> Vec<Finding> {
    let listeners = match listeners() {
        Ok(listeners) => listeners,
        Err(why) => return vec![Finding::warning(CHECK, why, "install the package `iproute2`")],
    };
    let served = site.networks.iter().filter(|network| network.interface.is_some());
    served.map(|network| of_network(site, network, &listeners, server).about(network)).collect()
}

/// Each port with its use. DHCP sockets are bound to an interface, the others to the server's address.
fn needed(site: &Site) -> Vec<(&'static str, u16, &'static str)> {
    let boot = [("udp", 67, "DHCP"), ("udp", 4011, "ProxyDHCP"), ("udp", 69, "TFTP"), ("tcp", site.http_port, "HTTP")];
    let dns = [("udp", 53, "DNS"), ("tcp", 53, "DNS")];
    boot.into_iter().chain(dns.into_iter().filter(|_| site.dns.is_some())).collect()
}

fn of_network(site: &Site, network: &Network, listeners: &[Listener], server: Option<u32>) -> Finding {
    let mut taken = Vec::new();
    for (protocol, port, what) in needed(site) {
        let in_the_way = |l: &&Listener| l.protocol == protocol && l.port == port && is_in_the_way(l, network);
        let strangers = listeners.iter().filter(in_the_way).filter(|l| server.is_none_or(|server| !l.is_of(server)));
        taken.extend(strangers.map(|l| format!("{} has {what}'s port {protocol} {port}", who(l))));
    }
    match taken.is_empty() {
        true if server.is_some() => Finding::fine(CHECK, "its ports are firstlight's own"),
        true => Finding::fine(CHECK, "its ports are free"),
        false => Finding::error(CHECK, taken.join(", "), "stop it, or take it off this interface"),
    }
}

impl Listener {
    fn is_of(&self, pid: u32) -> bool {
        self.processes.iter().any(|(_, its)| *its == pid)
    }
}

fn is_in_the_way(listener: &Listener, network: &Network) -> bool {
    let here = listener.interface.is_none() || listener.interface == network.interface;
    let any = matches!(listener.address.as_str(), "0.0.0.0" | "*" | "[::]");
    here && (any || listener.address == network.address.to_string())
}

fn who(listener: &Listener) -> String {
    match listener.processes.first() {
        Some((_, 1)) => "systemd, for a socket unit (`systemctl list-sockets`),".to_owned(),
        Some((name, pid)) => format!("{name} (process {pid})"),
        None => "another program".to_owned(),
    }
}

fn listeners() -> Result<Vec<Listener>, String> {
    let output = Command::new("ss").args(["-lntupH"]).output();
    let output =
        output.map_err(|error| format!("`ss` does not run, so nobody can tell which ports are taken: {error}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).lines().filter_map(listener).collect())
}

/// `udp UNCONN 0 0 0.0.0.0%eth1:67 0.0.0.0:* users:(("dnsmasq",pid=4711,fd=4))`
fn listener(line: &str) -> Option<Listener> {
    let mut fields = line.split_whitespace();
    let (protocol, local) = (fields.next()?, fields.nth(3)?);
    let (address, port) = local.rsplit_once(':')?;
    let (address, interface) = match address.split_once('%') {
        Some((address, interface)) => (address, Some(interface.to_owned())),
        None => (address, None),
    };
    let users = line.split_once("users:(").map_or("", |(_, users)| users);
    Some(Listener {
        protocol: protocol.to_owned(),
        address: address.to_owned(),
        interface,
        port: port.parse().ok()?,
        processes: users.split('(').filter_map(process).collect(),
    })
}

/// `"dnsmasq",pid=4711,fd=4),`
fn process(user: &str) -> Option<(String, u32)> {
    let (name, rest) = user.strip_prefix('"')?.split_once("\",pid=")?;
    Some((name.to_owned(), rest.split(',').next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_ss_tells_interface_and_process() {
        let line = r#"udp   UNCONN 0      0      0.0.0.0%eth1:67     0.0.0.0:*    users:(("dnsmasq",pid=4711,fd=4))"#;
        let found = listener(line).unwrap();
        assert_eq!((found.address.as_str(), found.interface.as_deref(), found.port), ("0.0.0.0", Some("eth1"), 67));
        assert_eq!(who(&found), "dnsmasq (process 4711)");
        let other = listener("tcp LISTEN 0 511 [::]:8080 [::]:*").unwrap();
        assert_eq!((other.port, who(&other).as_str()), (8080, "another program"));
        assert_eq!(listener("Netid State"), None);
        let held =
            r#"udp UNCONN 0 0 10.20.0.1%eth1:69 0.0.0.0:* users:(("firstlight",pid=220,fd=5),("systemd",pid=1,fd=41))"#;
        let held = listener(held).unwrap();
        assert!(held.is_of(220) && held.is_of(1) && !held.is_of(2));
    }
}
