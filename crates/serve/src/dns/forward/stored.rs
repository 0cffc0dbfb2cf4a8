//! An upstream's answer as it is kept: the records' bytes after the question. Names in them may point into the question,
//! which is as long in every message about the same name, so they can be given on as they are; only the times are
//! counted down, and the OPT record, which belongs to one hop, is taken out.

use super::Key;
use crate::dns::{
    name::Name,
    query::{HEADER, Header, Query, flag, rcode, u16_at},
    reply::{Reply, Transport},
    rr,
};
use hickory_proto::op::Message;
use std::time::{Duration, Instant};

/// The longest time that anything is kept, in seconds; a "no" at most as long as RFC 2308 section 5 finds sensible.
const DAY: u32 = 24 * 3600;
const LONGEST_NO: u32 = 3 * 3600;

#[derive(Debug)]
pub(in crate::dns) struct Stored {
    rcode: u16,
    counts: [u16; 3],
    records: Box<[u8]>,
    /// Where in `records` the times are.
    times: Box<[usize]>,
    taken: Instant,
    lifetime: u32,
}

/// Of the sections after the question, the last.
const ADDITIONAL: usize = 2;

/// A record's place in a message.
struct Place {
    section: usize,
    start: usize,
    rtype: u16,
    time: usize,
    content: std::ops::Range<usize>,
}

impl Stored {
    /// From a message that answers `key`. `None` where it is damaged.
    pub(super) fn of(message: &[u8], key: &Key) -> Option<Stored> {
        Stored::read(message, key, true)
    }

    /// The same; `anew` says whether it may be written anew. Once is enough for any message that is what it should be.
    fn read(message: &[u8], key: &Key, anew: bool) -> Option<Stored> {
        let question = HEADER + key.name.len() + 4;
        let places = places(message, question)?;
        let options: Vec<usize> =
            (0..places.len()).filter(|at| places.get(*at).is_some_and(|p| p.rtype == rr::OPT)).collect();
        let end = match options[..] {
            [] => places.last().map_or(question, |place| place.content.end),
            [opt] if opt + 1 == places.len() => places.get(opt)?.start,
            // In the middle: what points beyond it has to be written anew. Anywhere else it is out of place.
            [opt] if anew && places.get(opt)?.section == ADDITIONAL => {
                return Stored::read(&without_opt(message)?, key, false);
            }
            _ => return None,
        };
        let places: Vec<Place> = places.into_iter().filter(|place| place.start < end).collect();
        let mut counts = [0_u16; 3];
        for place in &places {
            counts.get_mut(place.section).into_iter().for_each(|count| *count = count.saturating_add(1));
        }
        let rcode = Header::read(message)?.flags & 0xf;
        Some(Stored {
            rcode,
            counts,
            records: message.get(question..end)?.into(),
            times: places.iter().map(|place| place.time - question).collect(),
            taken: Instant::now(),
            lifetime: lifetime(message, &places, rcode),
        })
    }

    /// True where the upstream could not tell: another one may.
    pub(super) fn is_failure(&self) -> bool {
        ![rcode::NO_ERROR, rcode::NO_NAME].contains(&self.rcode)
    }

    pub(super) fn is_fresh(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.taken) < Duration::from_secs(self.lifetime.into())
    }

    pub(super) fn lifetime(&self) -> u32 {
        self.lifetime
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// Writes the answer to a question for it.
    pub(in crate::dns) fn write(&self, query: &Query<'_>, transport: Transport, out: &mut Vec<u8>) {
        let mut reply = Reply::new(query, transport, true, out);
        let at = reply.records(self.counts, &self.records);
        let age = u32::try_from(self.taken.elapsed().as_secs()).unwrap_or(u32::MAX);
        let written = reply.written(at);
        for time in &self.times {
            let place = written.get_mut(*time..).and_then(|rest| rest.first_chunk_mut());
            place.into_iter().for_each(|place: &mut [u8; 4]| {
                *place = u32::from_be_bytes(*place).saturating_sub(age).to_be_bytes();
            });
        }
        reply.finish(self.rcode);
    }

    #[cfg(test)]
    pub(super) fn empty(lifetime: u32) -> Stored {
        Stored::long(lifetime, 0)
    }

    #[cfg(test)]
    pub(super) fn long(lifetime: u32, length: usize) -> Stored {
        let (records, times) = (vec![0; length].into(), Box::default());
        Stored { rcode: 0, counts: [0; 3], records, times, taken: Instant::now(), lifetime }
    }
}

/// True for the answer to this question with this id.
pub(super) fn answers(message: &[u8], id: u16, key: &Key) -> bool {
    let Some(header) = Header::read(message) else { return false };
    let is = header.id == id && header.flags & flag::RESPONSE != 0 && header.flags & flag::OPCODE == 0;
    let question = message.get(HEADER..).unwrap_or_default();
    let same = Name::read(question).is_some_and(|(name, len)| {
        *name.bytes() == *key.name
            && u16_at(question, len) == Some(key.rtype)
            && u16_at(question, len + 2) == Some(rr::IN)
    });
    is && same && header.counts[0] == 1
}

/// The records after the question. `None` where one of them does not fit, or there is not just one question.
fn places(message: &[u8], question: usize) -> Option<Vec<Place>> {
    let [1, counts @ ..] = Header::read(message)?.counts else { return None };
    let (mut places, mut at) = (Vec::new(), question);
    for (section, count) in counts.into_iter().enumerate() {
        for _ in 0..count {
            let start = at;
            at = after_name(message, at)?;
            let rtype = u16_at(message, at)?;
            let content = at + 10..at + 10 + usize::from(u16_at(message, at + 8)?);
            message.get(content.clone())?;
            let time = at + 4;
            at = content.end;
            places.push(Place { section, start, rtype, time, content });
        }
    }
    Some(places)
}

/// Where a name ends that may be compressed.
fn after_name(message: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match usize::from(*message.get(at)?) {
            0 => return Some(at + 1),
            label @ 1..=63 => at += 1 + label,
            0xc0.. => return Some(at + 2),
            _ => return None,
        }
    }
}

fn without_opt(message: &[u8]) -> Option<Vec<u8>> {
    let mut message = Message::from_vec(message).ok()?;
    message.edns = None;
    message.to_vec().ok()
}

/// How long an answer may be kept, in seconds: as long as the shortest of its records; a "no" as long as the zone says.
fn lifetime(message: &[u8], places: &[Place], code: u16) -> u32 {
    let time = |place: &Place| {
        let bytes = message.get(place.time..)?.first_chunk()?;
        // RFC 2181 section 8: with the first bit set, it is none.
        Some(u32::from_be_bytes(*bytes)).map(|time| if time > i32::MAX as u32 { 0 } else { time })
    };
    let answers = places.iter().filter(|place| place.section == 0).filter_map(time).min();
    let soa = places.iter().find(|place| place.section == 1 && place.rtype == rr::SOA);
    let no = soa.and_then(|soa| {
        let least = message.get(soa.content.clone())?.last_chunk()?;
        Some(time(soa)?.min(u32::from_be_bytes(*least)).min(LONGEST_NO))
    });
    match (code, answers, no) {
        (rcode::NO_ERROR, Some(answers), no) => answers.min(no.unwrap_or(DAY)).min(DAY),
        (rcode::NO_ERROR | rcode::NO_NAME, answers, Some(no)) => no.min(answers.unwrap_or(no)),
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
