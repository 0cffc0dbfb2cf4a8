//! A question, read from its bytes (RFC 1035 section 4, RFC 6891). The usual one, a question with at most an OPT record,
//! is read by hand, since that is done for each packet; everything else is left to hickory-proto, which says the same of
//! the usual ones (a test compares them).

use super::{name::Name, rr};
use hickory_proto::op::Message;
use std::borrow::Cow;

pub(super) const HEADER: usize = 12;

/// The flags of the header that matter here.
pub(super) mod flag {
    pub(crate) const RESPONSE: u16 = 1 << 15;
    pub(crate) const AUTHORITATIVE: u16 = 1 << 10;
    pub(crate) const TRUNCATED: u16 = 1 << 9;
    pub(crate) const RECURSION_DESIRED: u16 = 1 << 8;
    pub(crate) const RECURSION_AVAILABLE: u16 = 1 << 7;
    pub(crate) const CHECKING_DISABLED: u16 = 1 << 4;
    pub(crate) const OPCODE: u16 = 0xf << 11;
}

/// Response codes (RFC 1035, RFC 6891).
pub(super) mod rcode {
    pub(crate) const NO_ERROR: u16 = 0;
    pub(crate) const FORMAT: u16 = 1;
    pub(crate) const SERVER_FAILURE: u16 = 2;
    pub(crate) const NO_NAME: u16 = 3;
    pub(crate) const NOT_IMPLEMENTED: u16 = 4;
    pub(crate) const REFUSED: u16 = 5;
    pub(crate) const BAD_VERSION: u16 = 16;
}

/// What is asked.
#[derive(Debug, PartialEq)]
pub(super) struct Query<'a> {
    pub(super) id: u16,
    pub(super) flags: u16,
    /// Name, type and class as they were sent: the answer repeats them, also in their case.
    pub(super) question: Cow<'a, [u8]>,
    pub(super) name: Name,
    pub(super) rtype: u16,
    pub(super) class: u16,
    pub(super) edns: Option<Edns>,
}

/// What an OPT record says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Edns {
    /// How long an answer by UDP the client takes, in bytes.
    pub(super) size: u16,
    pub(super) version: u8,
    pub(super) dnssec_ok: bool,
}

/// What is no question that can be answered.
#[derive(Debug, PartialEq)]
pub(super) enum Reject {
    /// Nothing is said to it: it is no question, and an answer could make a loop.
    Silently,
    /// Only its header is answered, with this response code.
    With(u16),
}

/// Reads a message.
pub(super) fn read(bytes: &[u8]) -> Result<Query<'_>, Reject> {
    let header = Header::read(bytes).ok_or(Reject::Silently)?;
    if header.flags & flag::RESPONSE != 0 {
        return Err(Reject::Silently);
    }
    if header.flags & flag::OPCODE != 0 {
        return Err(Reject::With(rcode::NOT_IMPLEMENTED));
    }
    if header.counts[0] != 1 {
        return Err(Reject::With(rcode::FORMAT));
    }
    usual(bytes, &header).or_else(|| unusual(bytes, &header)).ok_or(Reject::With(rcode::FORMAT))
}

/// The header of any message.
pub(super) struct Header {
    pub(super) id: u16,
    pub(super) flags: u16,
    /// Questions, answers, authorities, additionals.
    pub(super) counts: [u16; 4],
}

impl Header {
    pub(super) fn read(bytes: &[u8]) -> Option<Header> {
        let words: &[u8; HEADER] = bytes.first_chunk()?;
        let word = |at: usize| u16::from_be_bytes([words[2 * at], words[2 * at + 1]]);
        Some(Header { id: word(0), flags: word(1), counts: [word(2), word(3), word(4), word(5)] })
    }
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at.checked_add(2)?)?.try_into().ok().map(u16::from_be_bytes)
}

/// One question, nothing else but perhaps an OPT record, and no byte after it.
pub(super) fn usual<'a>(bytes: &'a [u8], header: &Header) -> Option<Query<'a>> {
    let [1, 0, 0, more @ 0..=1] = header.counts else { return None };
    let (name, len) = Name::read(bytes.get(HEADER..)?)?;
    let end = HEADER + len + 4;
    let question = bytes.get(HEADER..end)?;
    let rest = bytes.get(end..)?;
    let edns = if more == 1 { Some(opt(rest)?) } else { None };
    if more == 0 && !rest.is_empty() {
        return None;
    }
    Some(Query {
        id: header.id,
        flags: header.flags,
        question: Cow::Borrowed(question),
        name,
        rtype: u16_at(question, len)?,
        class: u16_at(question, len + 2)?,
        edns,
    })
}

/// An OPT record that fills `bytes`: root, type, size, extended response code, version, flags, length, options.
fn opt(bytes: &[u8]) -> Option<Edns> {
    let [0, t1, t2, s1, s2, _, version, flags, _, l1, l2, options @ ..] = bytes else { return None };
    let fits =
        u16::from_be_bytes([*t1, *t2]) == rr::OPT && options.len() == usize::from(u16::from_be_bytes([*l1, *l2]));
    (fits && are_options(options)).then_some(Edns {
        // RFC 6891 section 6.2.3: less is as good as nothing said.
        size: u16::from_be_bytes([*s1, *s2]).max(512),
        version: *version,
        dnssec_ok: flags & 0x80 != 0,
    })
}

/// Code, length and content, over and over.
fn are_options(mut bytes: &[u8]) -> bool {
    while let [_, _, l1, l2, rest @ ..] = bytes {
        let Some(rest) = rest.get(usize::from(u16::from_be_bytes([*l1, *l2]))..) else { return false };
        bytes = rest;
    }
    bytes.is_empty()
}

/// Whatever else is a message with one question.
pub(super) fn unusual(bytes: &[u8], header: &Header) -> Option<Query<'static>> {
    let message = Message::from_vec(bytes).ok()?;
    let [asked] = &message.queries[..] else { return None };
    let mut question = Vec::with_capacity(64);
    for label in asked.name.iter() {
        question.push(u8::try_from(label.len()).ok()?);
        question.extend_from_slice(label);
    }
    question.push(0);
    let (name, _) = Name::read(&question)?;
    let (rtype, class) = (u16::from(asked.query_type()), u16::from(asked.query_class()));
    question.extend_from_slice(&rtype.to_be_bytes());
    question.extend_from_slice(&class.to_be_bytes());
    let edns = message.edns.as_ref().map(|edns| Edns {
        size: edns.max_payload(),
        version: edns.version(),
        dnssec_ok: edns.flags().dnssec_ok,
    });
    Some(Query { id: header.id, flags: header.flags, question: Cow::Owned(question), name, rtype, class, edns })
}
