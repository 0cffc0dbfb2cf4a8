//! A message to bytes.

use super::{
    Code, Message, Op,
    message::MIN_LIMIT,
    parse::{COOKIE, FIXED},
};

/// What BOOTP's relays and clients expect at least (RFC 1542 section 2.1).
const MIN_LENGTH: usize = 300;
/// Option 52 with its value.
const OVERLOAD_LENGTH: usize = 3;

/// Where an option goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Options,
    File,
    Sname,
    Nowhere,
}

impl Message {
    /// The message as a UDP payload of at most `max` bytes ([`Message::limit`] of what is answered), padded to 300.
    /// A `max` under the 548 bytes that every client takes counts as 548.
    ///
    /// An option over 255 bytes is split (RFC 3396). Where the options do not all fit, `file` and `sname` carry some of
    /// them if they are empty (option 52); what still finds no place is left out whole, the least needed first: an
    /// exchange lives by 53, 54, 51, 61, 1, 3 and 82, a boot by 60, 43, 66, 67, 150 and 175, then comes the rest in its
    /// order. Option 53 is always written first and 82 last (RFC 3046 section 2.1).
    pub fn encode(&self, max: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(MIN_LIMIT);
        self.encode_into(max, &mut bytes);
        bytes
    }

    /// As [`Message::encode`], into a buffer that is emptied first and keeps its allocation.
    pub fn encode_into(&self, max: usize, bytes: &mut Vec<u8>) {
        bytes.clear();
        self.fixed_part(bytes);
        let room = max.max(MIN_LIMIT) - FIXED - COOKIE.len() - 1;
        let needed: usize = self.written().map(|(_, value)| wire_length(value)).sum();
        if needed <= room {
            self.field(bytes, |_| true);
        } else {
            self.spread(bytes, room);
        }
        bytes.resize(bytes.len().max(MIN_LENGTH), 0);
    }

    fn fixed_part(&self, bytes: &mut Vec<u8>) {
        let op = match self.op {
            Op::Request => 1,
            Op::Reply => 2,
        };
        bytes.extend_from_slice(&[op, self.htype, self.hlen.min(16), self.hops]);
        bytes.extend_from_slice(&self.xid.to_be_bytes());
        bytes.extend_from_slice(&self.secs.to_be_bytes());
        bytes.extend_from_slice(&self.flags.to_be_bytes());
        for address in [self.ciaddr, self.yiaddr, self.siaddr, self.giaddr] {
            bytes.extend_from_slice(&address.octets());
        }
        bytes.extend_from_slice(&self.chaddr);
        bytes.extend_from_slice(&self.sname);
        bytes.extend_from_slice(&self.file);
        bytes.extend_from_slice(&COOKIE);
    }

    /// Writes the options over as many fields as they need and leaves out what fits nowhere.
    fn spread(&self, bytes: &mut Vec<u8>, room: usize) {
        let mut free = [
            (Place::Options, room - OVERLOAD_LENGTH),
            (Place::File, if self.file[0] == 0 { self.file.len() - 1 } else { 0 }),
            (Place::Sname, if self.sname[0] == 0 { self.sname.len() - 1 } else { 0 }),
        ];
        let mut options: Vec<_> = self.written().collect();
        options.sort_by_key(|(code, _)| rank(*code));
        let mut places = [Place::Nowhere; 256];
        for (code, value) in options {
            // The relay's own option stays where relays look for it.
            let fields = if code == Code::RELAY_AGENT { 1 } else { free.len() };
            let length = wire_length(value);
            if let Some((place, left)) = free.iter_mut().take(fields).find(|(_, left)| *left >= length) {
                *left -= length;
                places[usize::from(code.0)] = *place;
            }
        }
        let in_place = |place| move |code: Code| places[usize::from(code.0)] == place;
        let used = |place| self.written().any(|(code, _)| in_place(place)(code));
        let overload = u8::from(used(Place::File)) | u8::from(used(Place::Sname)) << 1;
        if overload & 1 != 0 {
            self.overlay(bytes, FIXED - self.file.len(), in_place(Place::File));
        }
        if overload & 2 != 0 {
            self.overlay(bytes, FIXED - self.file.len() - self.sname.len(), in_place(Place::Sname));
        }
        if overload != 0 {
            bytes.extend_from_slice(&[Code::OVERLOAD.0, 1, overload]);
        }
        self.field(bytes, in_place(Place::Options));
    }

    /// Writes options over a field of the fixed part, where they were found to fit.
    fn overlay(&self, bytes: &mut [u8], start: usize, wanted: impl Fn(Code) -> bool) {
        let mut field = Vec::with_capacity(self.file.len());
        self.field(&mut field, wanted);
        if let Some(place) = bytes.get_mut(start..start + field.len()) {
            place.copy_from_slice(&field);
        }
    }

    /// Writes the wanted options and the end option.
    fn field(&self, bytes: &mut Vec<u8>, wanted: impl Fn(Code) -> bool) {
        for (code, value) in self.written().filter(|(code, _)| wanted(*code)) {
            write(bytes, code, value);
        }
        bytes.push(Code::END.0);
    }

    /// The options in the order in which they are written. Option 52 is this module's own business.
    fn written(&self) -> impl Iterator<Item = (Code, &[u8])> {
        let only = |code| self.options.get(code).map(|value| (code, value)).into_iter();
        let special = [Code::MESSAGE_TYPE, Code::RELAY_AGENT, Code::OVERLOAD];
        let others = self.options.iter().filter(move |(code, _)| !special.contains(code));
        only(Code::MESSAGE_TYPE).chain(others).chain(only(Code::RELAY_AGENT))
    }
}

/// What goes first where there is too little room; equal ranks keep the order in which they were put.
fn rank(code: Code) -> u8 {
    match code {
        Code::MESSAGE_TYPE | Code::SERVER_ID | Code::LEASE_TIME => 0,
        Code::CLIENT_ID | Code::SUBNET_MASK | Code::ROUTER | Code::RELAY_AGENT => 1,
        Code::VENDOR_CLASS | Code::VENDOR | Code::TFTP_SERVER_NAME | Code::BOOT_FILE => 2,
        Code::TFTP_SERVER_ADDRESS | Code::IPXE | Code::CLIENT_UUID => 2,
        _ => 3,
    }
}

/// How many bytes an option takes, the headers of its pieces included. An empty one is a header alone.
fn wire_length(value: &[u8]) -> usize {
    value.len() + 2 * value.len().div_ceil(255).max(1)
}

fn write(bytes: &mut Vec<u8>, code: Code, value: &[u8]) {
    if value.is_empty() {
        bytes.extend_from_slice(&[code.0, 0]);
    }
    for piece in value.chunks(255) {
        bytes.extend_from_slice(&[code.0, piece.len() as u8]);
        bytes.extend_from_slice(piece);
    }
}
