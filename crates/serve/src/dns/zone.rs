//! What the site says by itself: one table of names with their records, made once for each BootSet. Names of leases are
//! not in it: they are looked up in the lease table when they are asked for.

use super::{name::Name, rr};
use firstlight_boot::BootSet;
use firstlight_model::{Domain, Ipv4Net};
use firstlight_site::{Record, SERVER_NAME};
use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

/// Everything that is answered from, but the leases.
#[derive(Debug)]
pub(super) struct Zones {
    pub(super) set: Arc<BootSet>,
    nodes: HashMap<Box<[u8]>, Node>,
    /// The domains that are ours.
    domains: Vec<(Name, Option<Domain>)>,
    /// Who may ask.
    clients: Vec<Ipv4Net>,
    pub(super) upstreams: Vec<SocketAddr>,
    pub(super) ttl: u32,
    /// The content of the SOA record where none of the table's own applies: for the reverse zones.
    pub(super) soa: Vec<u8>,
    /// Our own name.
    pub(super) server: Name,
}

/// What a name has. Without records: only names below it have some.
#[derive(Debug, Default)]
pub(super) struct Node {
    sets: Vec<Set>,
}

/// All records of one type.
#[derive(Debug)]
pub(super) struct Set {
    pub(super) rtype: u16,
    pub(super) contents: Vec<Box<[u8]>>,
}

impl Node {
    pub(super) fn set(&self, rtype: u16) -> Option<&Set> {
        self.sets.iter().find(|set| set.rtype == rtype)
    }

    /// Any one of them (RFC 8482 section 4.1).
    pub(super) fn first(&self) -> Option<&Set> {
        self.sets.first()
    }
}

impl Zones {
    /// `None` where the site has no `dns` block.
    pub(super) fn new(set: Arc<BootSet>) -> Option<Zones> {
        let (dns, domain) = (set.site.dns.as_ref()?, set.site.domain.as_ref()?);
        let ttl = u32::try_from(dns.ttl.as_secs()).unwrap_or(u32::MAX);
        let server = Name::below(SERVER_NAME, domain)?;
        let mut zones = Zones {
            nodes: HashMap::new(),
            domains: Vec::new(),
            clients: set.site.networks.iter().map(|network| network.subnet).chain(dns.allow.iter().copied()).collect(),
            upstreams: dns.upstreams.clone(),
            ttl,
            soa: rr::soa(&server, &Name::below("hostmaster", domain)?, serial(&set), ttl),
            server,
            set: set.clone(),
        };
        let of_networks = set.site.networks.iter().filter_map(|network| network.domain.as_ref());
        [domain].into_iter().chain(of_networks).for_each(|domain| zones.add_domain(domain));
        zones.add_localhost();
        zones.add_machines(domain);
        for (name, record) in &dns.records {
            zones.add_record(name.trim_matches('@'), record, domain);
        }
        zones.add_server_pointers();
        Some(zones)
    }

    pub(super) fn node(&self, name: &[u8]) -> Option<&Node> {
        self.nodes.get(name)
    }

    /// The domain of ours that a name lies in: where it begins in the name, and what it is.
    pub(super) fn domain_of(&self, name: &Name) -> Option<(usize, Option<&Domain>)> {
        name.suffixes().find_map(|(at, suffix)| {
            let (_, domain) = self.domains.iter().find(|(apex, _)| apex.bytes() == suffix)?;
            Some((at, domain.as_ref()))
        })
    }

    pub(super) fn may_ask(&self, client: Ipv4Addr) -> bool {
        self.clients.iter().any(|network| network.contains(client))
    }

    fn add_domain(&mut self, domain: &Domain) {
        let (Some(apex), Some(server)) = (Name::below("", domain), Name::below(SERVER_NAME, domain)) else { return };
        if self.domains.iter().any(|(known, _)| *known == apex) {
            return;
        }
        let mailbox = Name::below("hostmaster", domain).unwrap_or(server);
        self.add(&apex, rr::SOA, rr::soa(&server, &mailbox, serial(&self.set), self.ttl));
        self.add(&apex, rr::NS, server.bytes().to_vec());
        self.domains.push((apex, Some(domain.clone())));
        for address in self.own_addresses() {
            self.add(&server, rr::A, address.octets().to_vec());
        }
    }

    /// RFC 6761 section 6.3: it is never asked of anybody else.
    fn add_localhost(&mut self) {
        let Some(name) = Name::of([b"localhost".as_slice()]) else { return };
        let (server, soa) = (self.server, self.soa.clone());
        self.add(&name, rr::A, Ipv4Addr::LOCALHOST.octets().to_vec());
        self.add(&name, rr::AAAA, std::net::Ipv6Addr::LOCALHOST.octets().to_vec());
        self.add(&name, rr::SOA, soa);
        self.add(&name, rr::NS, server.bytes().to_vec());
        self.domains.push((name, None));
    }

    fn own_addresses(&self) -> Vec<Ipv4Addr> {
        self.set.site.networks.iter().filter(|n| n.interface.is_some()).map(|n| n.address).collect()
    }

    /// Machines with an address of their own, in the domain of its network.
    fn add_machines(&mut self, domain: &Domain) {
        let set = self.set.clone();
        for machine in set.site.machines.values() {
            let Some(address) = machine.address else { continue };
            let domain = set.network_of(address).and_then(|network| network.domain.as_ref()).unwrap_or(domain);
            let Some(name) = Name::below(machine.name.as_str(), domain) else { continue };
            self.add(&name, rr::A, address.octets().to_vec());
            self.add_pointer(address, &name);
        }
    }

    fn add_record(&mut self, below: &str, record: &Record, domain: &Domain) {
        let Some(name) = Name::below(below, domain) else { return };
        for address in &record.a {
            self.add(&name, rr::A, address.octets().to_vec());
            self.add_pointer(*address, &name);
        }
        record.aaaa.iter().for_each(|address| self.add(&name, rr::AAAA, address.octets().to_vec()));
        let cname = record.cname.iter().filter_map(|target| Name::below("", target));
        cname.for_each(|target| self.add(&name, rr::CNAME, target.bytes().to_vec()));
        record.txt.iter().filter_map(|text| rr::txt(text)).for_each(|txt| self.add(&name, rr::TXT, txt));
        record.mx.iter().filter_map(rr::mx).for_each(|mx| self.add(&name, rr::MX, mx));
        record.srv.iter().filter_map(rr::srv).for_each(|srv| self.add(&name, rr::SRV, srv));
        self.add_between(&name);
    }

    fn add_server_pointers(&mut self) {
        let server = self.server;
        self.own_addresses().into_iter().for_each(|address| self.add_pointer(address, &server));
    }

    /// The way back, where the address is in a network of ours. The first name that has an address is its name.
    fn add_pointer(&mut self, address: Ipv4Addr, name: &Name) {
        let Some(reverse) = Name::reverse(address).filter(|_| self.set.network_of(address).is_some()) else { return };
        if self.node(reverse.bytes()).is_none() {
            self.add(&reverse, rr::PTR, name.bytes().to_vec());
        }
    }

    /// Names between a record and its domain exist as well, without records (RFC 8020).
    fn add_between(&mut self, name: &Name) {
        let Some((apex, _)) = self.domain_of(name) else { return };
        let between: Vec<Box<[u8]>> =
            name.suffixes().skip(1).take_while(|(at, _)| *at < apex).map(|(_, suffix)| suffix.into()).collect();
        for name in between {
            self.nodes.entry(name).or_default();
        }
    }

    fn add(&mut self, name: &Name, rtype: u16, content: Vec<u8>) {
        let node = self.nodes.entry(name.bytes().into()).or_default();
        match node.sets.iter_mut().find(|set| set.rtype == rtype) {
            Some(set) if set.contents.iter().any(|known| **known == *content) => {}
            Some(set) => set.contents.push(content.into()),
            None => node.sets.push(Set { rtype, contents: vec![content.into()] }),
        }
    }
}

/// Zones are told apart by the generation of the site.
fn serial(set: &BootSet) -> u32 {
    u32::try_from(set.generation & u64::from(u32::MAX)).unwrap_or(1)
}
