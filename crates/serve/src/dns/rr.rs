//! Record types and the content of records (RFC 1035 section 3, RFC 2782, RFC 3596).

use super::name::Name;
use firstlight_site::{Mx, Srv};

pub(super) const A: u16 = 1;
pub(super) const NS: u16 = 2;
pub(super) const CNAME: u16 = 5;
pub(super) const SOA: u16 = 6;
pub(super) const PTR: u16 = 12;
pub(super) const MX: u16 = 15;
pub(super) const TXT: u16 = 16;
pub(super) const AAAA: u16 = 28;
pub(super) const SRV: u16 = 33;
pub(super) const OPT: u16 = 41;
/// Meta types begin here (RFC 6895 section 3.1); from [`IXFR`] on they are questions.
pub(super) const META: std::ops::RangeInclusive<u16> = 128..=255;
pub(super) const IXFR: u16 = 251;
pub(super) const AXFR: u16 = 252;
pub(super) const ANY: u16 = 255;

/// The only class that is served.
pub(super) const IN: u16 = 1;

/// How often secondaries would ask, how long they would go on without us. There are none: zones are not transferred.
const REFRESH: [u32; 3] = [3600, 900, 604_800];

/// The content of a SOA record; `ttl` is how long a "no" may be kept (RFC 2308).
pub(super) fn soa(server: &Name, mailbox: &Name, serial: u32, ttl: u32) -> Vec<u8> {
    let mut content = [server.bytes(), mailbox.bytes(), &serial.to_be_bytes()].concat();
    REFRESH.iter().chain([&ttl]).for_each(|number| content.extend_from_slice(&number.to_be_bytes()));
    content
}

pub(super) fn mx(mx: &Mx) -> Option<Vec<u8>> {
    Some([&mx.preference.to_be_bytes(), Name::below("", &mx.target)?.bytes()].concat())
}

pub(super) fn srv(srv: &Srv) -> Option<Vec<u8>> {
    let numbers = [srv.priority, srv.weight, srv.port].map(u16::to_be_bytes).concat();
    Some([&numbers, Name::below("", &srv.target)?.bytes()].concat())
}

/// One string of at most 255 bytes, which the site has made sure of.
pub(super) fn txt(text: &str) -> Option<Vec<u8>> {
    Some([&[u8::try_from(text.len()).ok()?], text.as_bytes()].concat())
}
