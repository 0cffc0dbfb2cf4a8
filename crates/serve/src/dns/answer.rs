//! What is answered to a question, as far as it can be without asking anybody.

use super::{
    lookup::{Found, Leases, find, leased},
    name::Name,
    query::{HEADER, Query, rcode},
    reply::{QUESTION, Reply, Section, Transport, part_of_question},
    rr,
    zone::{Node, Set, Zones},
};

use hickory_proto::op::Message;

/// How many aliases are followed. A chain of more is a circle, or a mistake.
const ALIASES: usize = 8;

/// What became of a question.
#[derive(Debug, PartialEq)]
pub(super) enum Outcome {
    /// The whole answer is written.
    Done,
    /// Somebody else knows. Nothing is written.
    Ask,
    /// An alias leads out of the site: the answer is written as far as that, and this name is to be asked for.
    AskFor(Box<Name>),
}

/// Writes the answer of the site to a question of one who may ask.
pub(super) fn answer(
    zones: &Zones,
    leases: &impl Leases,
    query: &Query<'_>,
    transport: Transport,
    out: &mut Vec<u8>,
) -> Outcome {
    let recursive = !zones.upstreams.is_empty();
    if let Some(code) = refusal(query) {
        Reply::new(query, transport, recursive, out).finish(code);
        return Outcome::Done;
    }
    let found = find(zones, leases, &query.name);
    if matches!(found, Found::Foreign) && recursive {
        return Outcome::Ask;
    }
    let reply = Reply::new(query, transport, recursive, out);
    Writer { zones, rtype: query.rtype, reply }.write(leases, &query.name, found)
}

/// The answer to one who may not ask.
pub(super) fn refuse(query: &Query<'_>, out: &mut Vec<u8>) {
    Reply::new(query, Transport::Udp, false, out).finish(rcode::REFUSED);
}

/// The answer where nobody knew.
pub(super) fn fail(query: &Query<'_>, transport: Transport, out: &mut Vec<u8>) {
    Reply::new(query, transport, true, out).finish(rcode::SERVER_FAILURE);
}

/// An answer that hickory-proto writes, cut where it is too long.
pub(super) fn joined(query: &Query<'_>, transport: Transport, whole: &Message, out: &mut Vec<u8>) {
    let start = query.question.len() + HEADER;
    match whole.to_vec() {
        Ok(bytes) => {
            let counts = [whole.answers.len(), whole.authorities.len(), whole.additionals.len()];
            let counts = counts.map(|count| u16::try_from(count).unwrap_or(u16::MAX));
            let mut reply = Reply::new(query, transport, true, out);
            reply.records(counts, bytes.get(start..).unwrap_or_default());
            reply.finish(u16::from(whole.metadata.response_code.low()));
        }
        Err(_) => fail(query, transport, out),
    }
}

/// What is answered to no one.
fn refusal(query: &Query<'_>) -> Option<u16> {
    if query.edns.is_some_and(|edns| edns.version > 0) {
        return Some(rcode::BAD_VERSION);
    }
    match query.rtype {
        rr::IXFR | rr::AXFR => Some(rcode::REFUSED),
        _ if query.class != rr::IN => Some(rcode::REFUSED),
        rr::ANY => None,
        meta if meta == rr::OPT || rr::META.contains(&meta) => Some(rcode::NOT_IMPLEMENTED),
        _ => None,
    }
}

struct Writer<'r, 'o> {
    zones: &'r Zones,
    rtype: u16,
    reply: Reply<'o>,
}

impl Writer<'_, '_> {
    fn write(mut self, leases: &impl Leases, asked: &Name, found: Found<'_>) -> Outcome {
        self.reply.authoritative();
        let (mut name, mut found, mut owner) = (*asked, found, QUESTION);
        for _ in 0..ALIASES {
            let Found::Node { node, apex } = &found else { return self.end(asked, &name, owner, &found, leases) };
            let alias = node.set(rr::CNAME).filter(|_| self.rtype != rr::CNAME && self.rtype != rr::ANY);
            let Some(content) = alias.and_then(|set| set.contents.first()) else {
                self.node(asked, &name, owner, node, *apex, leases);
                return Outcome::Done;
            };
            owner = self.reply.record(Section::Answer, owner, rr::CNAME, self.zones.ttl, content);
            let Some((target, _)) = Name::read(content) else { break };
            name = target;
            found = find(self.zones, leases, &name);
        }
        self.reply.finish(rcode::SERVER_FAILURE);
        Outcome::Done
    }

    fn node(mut self, asked: &Name, name: &Name, owner: u16, node: &Node, apex: usize, leases: &impl Leases) {
        let any = self.rtype == rr::ANY;
        let set = if any { node.first() } else { node.set(self.rtype) };
        if let Some(set) = set {
            self.set(owner, set);
            return self.reply.finish(rcode::NO_ERROR);
        }
        // The address of a machine that the site says other things of may be a leased one.
        let wanted = (any || self.rtype == rr::A) && node.set(rr::A).is_none();
        match leased(self.zones, leases, name).filter(|_| wanted) {
            Some(address) => self.one(owner, rr::A, &address.octets()),
            None => self.negative(asked, name, apex),
        }
        self.reply.finish(rcode::NO_ERROR);
    }

    /// What is not in the site's table.
    fn end(mut self, asked: &Name, name: &Name, owner: u16, found: &Found<'_>, leases: &impl Leases) -> Outcome {
        let wants = |rtype| self.rtype == rtype || self.rtype == rr::ANY;
        let mut code = rcode::NO_ERROR;
        match found {
            Found::Address { address, .. } if wants(rr::A) => self.one(owner, rr::A, &address.octets()),
            Found::Pointer { name, .. } if wants(rr::PTR) => self.one(owner, rr::PTR, name.bytes()),
            Found::ReverseApex if wants(rr::SOA) => self.one(owner, rr::SOA, &self.zones.soa.clone()),
            Found::ReverseApex if wants(rr::NS) => self.one(owner, rr::NS, self.zones.server.bytes()),
            Found::Address { apex, .. } | Found::Pointer { apex, .. } | Found::Empty { apex } => {
                self.negative(asked, name, *apex);
            }
            Found::ReverseApex => self.negative(asked, name, 0),
            Found::Missing { apex } => {
                self.negative(asked, name, *apex);
                code = rcode::NO_NAME;
            }
            // The end of an alias: it was said where it leads, and who asks can go on by himself.
            Found::Foreign if name != asked => {
                let go_on = !self.zones.upstreams.is_empty();
                self.reply.finish(rcode::NO_ERROR);
                return if go_on { Outcome::AskFor(Box::new(*name)) } else { Outcome::Done };
            }
            Found::Foreign => code = rcode::REFUSED,
            Found::Node { node, apex } => {
                self.node(asked, name, owner, node, *apex, leases);
                return Outcome::Done;
            }
        }
        self.reply.finish(code);
        Outcome::Done
    }

    fn set(&mut self, owner: u16, set: &Set) {
        for content in &set.contents {
            self.reply.record(Section::Answer, owner, set.rtype, self.zones.ttl, content);
        }
    }

    fn one(&mut self, owner: u16, rtype: u16, content: &[u8]) {
        self.reply.record(Section::Answer, owner, rtype, self.zones.ttl, content);
    }

    /// The SOA record of the zone, by which it is known how long a "no" holds (RFC 2308 section 3).
    fn negative(&mut self, asked: &Name, name: &Name, apex: usize) {
        let at = name.bytes().get(apex..).unwrap_or_default();
        let own = self.zones.node(at).and_then(|node| node.set(rr::SOA)).and_then(|set| set.contents.first());
        let content = own.map_or(self.zones.soa.as_slice(), |content| content);
        // At the end of an alias, the zone may be another than that of the question, and has to be spelt out.
        let part = asked.suffixes().find(|(_, suffix)| *suffix == at).map(|(offset, _)| part_of_question(offset));
        match part {
            Some(owner) => drop(self.reply.record(Section::Authority, owner, rr::SOA, self.zones.ttl, content)),
            None => self.reply.record_of(Section::Authority, at, rr::SOA, self.zones.ttl, content),
        }
    }
}
