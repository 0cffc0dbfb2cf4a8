//! A reply as it is written: header, the question as it was sent, records, OPT (RFC 1035 section 4, RFC 6891).

use super::{
    name,
    query::{Edns, HEADER, Query, flag, rcode},
    rr,
};

/// How long a reply by UDP may be where the client says nothing (RFC 1035), and at most: what crosses every network in
/// one piece (RFC 9715).
const PLAIN: usize = 512;
pub(super) const UNFRAGMENTED: usize = 1232;

/// A pointer to the question's name; others begin at it plus an offset.
pub(super) const QUESTION: u16 = 0xc000 | HEADER as u16;

/// Where a reply goes: how long it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    Udp,
    Tcp,
}

/// A section after the question.
#[derive(Debug, Clone, Copy)]
pub(super) enum Section {
    Answer = 0,
    Authority = 1,
    Additional = 2,
}

/// A reply under way, at the end of a buffer that may hold others before it.
pub(super) struct Reply<'o> {
    out: &'o mut Vec<u8>,
    start: usize,
    /// The end of the question.
    question: usize,
    flags: u16,
    counts: [u16; 3],
    limit: usize,
    edns: Option<Edns>,
}

impl<'o> Reply<'o> {
    pub(super) fn new(query: &Query<'_>, transport: Transport, recursive: bool, out: &'o mut Vec<u8>) -> Self {
        let start = out.len();
        let available = if recursive { flag::RECURSION_AVAILABLE } else { 0 };
        let flags = flag::RESPONSE | available | query.flags & (flag::RECURSION_DESIRED | flag::CHECKING_DISABLED);
        out.extend_from_slice(&query.id.to_be_bytes());
        out.extend_from_slice(&[0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
        out.extend_from_slice(&query.question);
        let limit = match (transport, query.edns) {
            (Transport::Tcp, _) => usize::from(u16::MAX),
            (Transport::Udp, None) => PLAIN,
            (Transport::Udp, Some(edns)) => usize::from(edns.size).clamp(PLAIN, UNFRAGMENTED),
        };
        let question = out.len();
        Reply { out, start, question, flags, counts: [0; 3], limit, edns: query.edns }
    }

    pub(super) fn authoritative(&mut self) {
        self.flags |= flag::AUTHORITATIVE;
    }

    /// Adds a record, whose owner is a pointer into the reply. Returns a pointer to its content.
    pub(super) fn record(&mut self, section: Section, owner: u16, rtype: u16, ttl: u32, content: &[u8]) -> u16 {
        self.out.extend_from_slice(&owner.to_be_bytes());
        self.rest(section, rtype, ttl, content)
    }

    /// Adds a record, whose owner is spelt out.
    pub(super) fn record_of(&mut self, section: Section, owner: &[u8], rtype: u16, ttl: u32, content: &[u8]) {
        self.out.extend_from_slice(owner);
        self.rest(section, rtype, ttl, content);
    }

    fn rest(&mut self, section: Section, rtype: u16, ttl: u32, content: &[u8]) -> u16 {
        let [t1, t2] = rtype.to_be_bytes();
        let [a, b, c, d] = ttl.to_be_bytes();
        let [l1, l2] = u16::try_from(content.len()).unwrap_or(0).to_be_bytes();
        self.out.extend_from_slice(&[t1, t2, 0, 1, a, b, c, d, l1, l2]);
        let at = self.out.len() - self.start;
        self.out.extend_from_slice(content);
        self.count(section, 1);
        // Names that begin beyond what a pointer reaches are only the targets of long chains, which end before that.
        0xc000 | u16::try_from(at).unwrap_or(0) & 0x3fff
    }

    /// Adds ready-made records.
    pub(super) fn records(&mut self, counts: [u16; 3], bytes: &[u8]) -> usize {
        let at = self.out.len();
        self.out.extend_from_slice(bytes);
        self.counts = counts;
        at
    }

    /// What was written from `at` on.
    pub(super) fn written(&mut self, at: usize) -> &mut [u8] {
        self.out.get_mut(at..).unwrap_or_default()
    }

    fn count(&mut self, section: Section, by: u16) {
        if let Some(count) = self.counts.get_mut(section as usize) {
            *count = count.saturating_add(by);
        }
    }

    /// Ends the reply. One that is too long is cut to its question, and its client comes by TCP (RFC 2181 section 9).
    pub(super) fn finish(mut self, code: u16) {
        let opt = if self.edns.is_some() { 11 } else { 0 };
        if self.out.len() - self.start + opt > self.limit {
            self.out.truncate(self.question);
            self.counts = [0; 3];
            self.flags |= flag::TRUNCATED;
        }
        if let Some(edns) = self.edns {
            let [s1, s2] = (UNFRAGMENTED as u16).to_be_bytes();
            let high = (code >> 4).to_be_bytes()[1];
            let dnssec_ok = if edns.dnssec_ok { 0x80 } else { 0 };
            self.out.extend_from_slice(&[0, 0, rr::OPT as u8, s1, s2, high, 0, dnssec_ok, 0, 0, 0]);
            self.count(Section::Additional, 1);
        }
        let flags = (self.flags | code & 0xf).to_be_bytes();
        let words =
            [flags, [0, 1], self.counts[0].to_be_bytes(), self.counts[1].to_be_bytes(), self.counts[2].to_be_bytes()];
        let header = self.out.get_mut(self.start + 2..self.start + HEADER).unwrap_or_default();
        header.iter_mut().zip(words.as_flattened()).for_each(|(place, byte)| *place = *byte);
    }
}

/// The answer to what is no question: its header alone.
pub(super) fn reject(bytes: &[u8], code: u16, out: &mut Vec<u8>) {
    let [id1, id2, f1, ..] = bytes else { return };
    debug_assert!(code <= rcode::REFUSED);
    // Operation and "recursion desired" as they were asked.
    let flags = [0x80 | f1 & 0x79, code.to_be_bytes()[1] & 0xf];
    out.extend_from_slice(&[*id1, *id2, flags[0], flags[1], 0, 0, 0, 0, 0, 0, 0, 0]);
}

/// A pointer to where a part of the question's name begins.
pub(super) fn part_of_question(offset: usize) -> u16 {
    QUESTION + u16::try_from(offset.min(name::LONGEST)).unwrap_or(0)
}
