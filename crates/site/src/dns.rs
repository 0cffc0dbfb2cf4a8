//! The `dns` block, validated.

use crate::{Place, Site, site::as_written};
use firstlight_model::{Domain, Hostname, Ipv4Net};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

/// The `dns` block: each network's address answers DNS. Without the block there is no DNS server.
#[derive(Debug, Clone, Serialize)]
pub struct Dns {
    /// Where it stands.
    pub place: Place,
    /// Whom names outside of the site are asked of, in this order; nobody where empty.
    pub upstreams: Vec<SocketAddr>,
    /// How long what the site says of itself may be kept by others; 1 min where not set.
    #[serde(serialize_with = "as_written")]
    pub ttl: Duration,
    /// Who may ask, besides the clients in the site's networks.
    pub allow: Vec<Ipv4Net>,
    /// The records, by their names below the site's domain, in lower case; `@` is the domain itself.
    pub records: BTreeMap<String, Record>,
}

/// The name of the server itself.
pub const SERVER_NAME: &str = "ns";

/// Names of this beginning stand for leased addresses without a name of their own: `ip-10-20-0-101`.
pub const ADDRESS_NAME: &str = "ip-";

impl Site {
    /// True for a name that a machine cannot give itself: it belongs to a declared machine, a record or this server.
    pub fn is_name_taken(&self, name: &Hostname) -> bool {
        let name = name.as_str();
        let recorded = self.dns.as_ref().is_some_and(|dns| dns.records.contains_key(name));
        let ours = [SERVER_NAME, "localhost"].contains(&name) || name.starts_with(ADDRESS_NAME);
        recorded || ours || self.machines.contains_key(name)
    }
}

/// A `record` block: what a name stands for. With `cname` there is nothing else.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Record {
    /// IPv4 addresses.
    pub a: Vec<Ipv4Addr>,
    /// IPv6 addresses.
    pub aaaa: Vec<Ipv6Addr>,
    /// The name that this one is an alias of: a whole name.
    pub cname: Option<Domain>,
    /// Texts of at most 255 bytes.
    pub txt: Vec<String>,
    /// Mail exchanges (RFC 5321 section 5).
    pub mx: Vec<Mx>,
    /// Where a service is (RFC 2782).
    pub srv: Vec<Srv>,
}

/// A mail exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mx {
    /// The lower the better; 10 where not set.
    pub preference: u16,
    /// A whole name.
    pub target: Domain,
}

/// A place where a service is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Srv {
    /// The lower the better; 0 where not set.
    pub priority: u16,
    /// Its share among those of the same priority; 0 where not set.
    pub weight: u16,
    /// The TCP or UDP port.
    pub port: u16,
    /// A whole name.
    pub target: Domain,
}
