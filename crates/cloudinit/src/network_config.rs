//! `network-config`, version 2, which is netplan's: <https://docs.cloud-init.io/en/latest/reference/network-config-format-v2.html>.
//!
//! The card is known by its hardware address and keeps the name that it has: a card that is up, as after a boot over the
//! network, cannot be given another one. A default route is written `0.0.0.0/0`, for cloud-init 22.4 does not know the word
//! `default`, and newer ones warn of `gateway4`.

use crate::quote::{list, quoted};
use firstlight_model::{Domain, Ipv4Net, Mac};
use std::{fmt::Write, net::Ipv4Addr};

/// How a machine is connected.
#[derive(Debug, Clone)]
pub struct Link<'a> {
    /// What the network is called.
    pub network: &'a str,
    /// The hardware address of the card that is in it.
    pub mac: Mac,
    /// The machine's own address, where it has one; else it asks DHCP, for that and all the rest.
    pub address: Option<Ipv4Addr>,
    /// The network.
    pub subnet: Ipv4Net,
    /// The router.
    pub gateway: Option<Ipv4Addr>,
    /// Name servers.
    pub dns: &'a [Ipv4Addr],
    /// Where names without a dot are looked for.
    pub search: Vec<&'a Domain>,
    /// The longest packet, in bytes.
    pub mtu: Option<u16>,
    /// Further routes: where to, and through which router.
    pub routes: Vec<(Ipv4Net, Ipv4Addr)>,
}

impl Link<'_> {
    /// The part itself.
    pub fn network_config(&self) -> String {
        let mut text = format!(
            "version: 2\nethernets:\n  {}:\n    match:\n      macaddress: {}\n",
            quoted(self.network),
            quoted(&self.mac.to_string())
        );
        match self.address {
            Some(address) => self.fixed(&mut text, address),
            None => text.push_str("    dhcp4: true\n"),
        }
        text
    }

    fn fixed(&self, text: &mut String, address: Ipv4Addr) {
        line(text, "dhcp4", "false");
        line(text, "addresses", &list([format!("{address}/{}", self.subnet.prefix())]));
        if !self.dns.is_empty() || !self.search.is_empty() {
            text.push_str("    nameservers:\n");
        }
        if !self.dns.is_empty() {
            line(text, "  addresses", &list(self.dns));
        }
        if !self.search.is_empty() {
            line(text, "  search", &list(self.search.iter().map(|domain| domain.as_str())));
        }
        if let Some(mtu) = self.mtu {
            line(text, "mtu", &mtu.to_string());
        }
        let default = Ipv4Net::containing(Ipv4Addr::UNSPECIFIED, 0).zip(self.gateway);
        let routes: Vec<_> = default.into_iter().chain(self.routes.iter().copied()).collect();
        if !routes.is_empty() {
            text.push_str("    routes:\n");
        }
        for (to, via) in routes {
            line(text, "  - to", &quoted(&to.to_string()));
            line(text, "    via", &quoted(&via.to_string()));
        }
    }
}

fn line(text: &mut String, key: &str, value: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "    {key}: {value}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link<'a>() -> Link<'a> {
        Link {
            network: "boot",
            mac: "52:54:00:12:34:56".parse().unwrap(),
            address: None,
            subnet: "10.20.0.0/24".parse().unwrap(),
            gateway: None,
            dns: &[],
            search: Vec::new(),
            mtu: None,
            routes: Vec::new(),
        }
    }

    #[test]
    fn without_an_address_it_asks_dhcp_for_all() {
        let asks = Link { gateway: Some(Ipv4Addr::new(10, 20, 0, 254)), mtu: Some(9000), ..link() };
        assert_eq!(
            asks.network_config(),
            "version: 2\nethernets:\n  \"boot\":\n    match:\n      macaddress: \"52:54:00:12:34:56\"\n    dhcp4: true\n"
        );
    }

    #[test]
    fn with_an_address_everything_is_said() {
        let (dns, domain) = ([Ipv4Addr::new(9, 9, 9, 9), Ipv4Addr::new(10, 20, 0, 1)], "lab.example".parse().unwrap());
        let fixed = Link {
            address: Some(Ipv4Addr::new(10, 20, 0, 11)),
            gateway: Some(Ipv4Addr::new(10, 20, 0, 254)),
            dns: &dns,
            search: vec![&domain],
            mtu: Some(9000),
            routes: vec![("10.0.0.0/8".parse().unwrap(), Ipv4Addr::new(10, 20, 0, 253))],
            ..link()
        };
        assert_eq!(
            fixed.network_config(),
            r#"version: 2
ethernets:
  "boot":
    match:
      macaddress: "52:54:00:12:34:56"
    dhcp4: false
    addresses: ["10.20.0.11/24"]
    nameservers:
      addresses: ["9.9.9.9", "10.20.0.1"]
      search: ["lab.example"]
    mtu: 9000
    routes:
      - to: "0.0.0.0/0"
        via: "10.20.0.254"
      - to: "10.0.0.0/8"
        via: "10.20.0.253"
"#
        );
    }
}
