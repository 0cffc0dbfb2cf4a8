//! Bytes to a message.

use super::{Code, Message, Op, Options};
use std::net::Ipv4Addr;

/// Why bytes are not a DHCP message. Offsets are counted from the first byte of the UDP payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The fixed part and the magic cookie are not all there.
    #[error("{length} bytes are too few for a DHCP message: it has at least 240")]
    Short {
        /// How many bytes there were.
        length: usize,
    },
    /// More than a UDP datagram carries.
    #[error("{length} bytes are too many for a DHCP message: a datagram carries at most 65535")]
    Long {
        /// How many bytes there were.
        length: usize,
    },
    /// Neither a request nor a reply.
    #[error("op is {0} at offset 0: expected 1 (request) or 2 (reply)")]
    Op(u8),
    /// The hardware address would not fit its field.
    #[error("hlen is {0} at offset 2: a hardware address has at most 16 bytes")]
    HardwareLength(u8),
    /// BOOTP without the vendor extensions' cookie (RFC 1497), or something else.
    #[error("the magic cookie at offset 236 is {0:#010x}, not 0x63825363: plain BOOTP, or not DHCP at all")]
    Cookie(u32),
    /// An option claims more bytes than there are.
    #[error("{code} at offset {offset} says {length} bytes where {left} are left")]
    Overrun {
        /// Which option.
        code: Code,
        /// Where its code stands.
        offset: usize,
        /// The length it claims.
        length: usize,
        /// How many bytes are left in its field.
        left: usize,
    },
    /// More pieces to join (RFC 3396) than any message needs that crosses an Ethernet.
    #[error("{code} at offset {offset} is one piece too many: at most {MOST_PIECES} are joined")]
    Pieces {
        /// Which option.
        code: Code,
        /// Where the piece stands.
        offset: usize,
    },
}

/// Pieces that are joined in one message. Joining costs time: a packet of nothing else would cost 2,000 others.
const MOST_PIECES: usize = 64;

/// The fixed part of a message (RFC 2131 figure 1).
pub(super) const FIXED: usize = 236;
/// What begins the options (RFC 2131 section 3).
pub(super) const COOKIE: [u8; 4] = [0x63, 0x82, 0x53, 0x63];
const SNAME: usize = 44;
const FILE: usize = 108;

impl Message {
    /// Reads a message. Options that stand in `file` and `sname` (option 52) are merged with the others, the pieces of
    /// an option that came in several are joined (RFC 3396), and the end option may be missing.
    ///
    /// # Errors
    /// [`ParseError`] says what is wrong and where.
    pub fn parse(bytes: &[u8]) -> Result<Message, ParseError> {
        let Some((fixed, rest)) = bytes.split_first_chunk::<FIXED>() else {
            return Err(ParseError::Short { length: bytes.len() });
        };
        if bytes.len() > usize::from(u16::MAX) {
            return Err(ParseError::Long { length: bytes.len() });
        }
        let Some((cookie, options)) = rest.split_first_chunk::<4>() else {
            return Err(ParseError::Short { length: bytes.len() });
        };
        if *cookie != COOKIE {
            return Err(ParseError::Cookie(u32::from_be_bytes(*cookie)));
        }
        let mut message = fixed_part(fixed)?;
        message.options = Options::with_capacity(options.len() + options.len() / 4);
        Reader::new(&mut message.options).all(fixed, options)?;
        let (file, sname) = overloaded(&message.options);
        if file {
            message.file = [0; 128];
        }
        if sname {
            message.sname = [0; 64];
        }
        message.options.remove(Code::OVERLOAD);
        Ok(message)
    }
}

fn fixed_part(fixed: &[u8; FIXED]) -> Result<Message, ParseError> {
    let op = match fixed[0] {
        1 => Op::Request,
        2 => Op::Reply,
        other => return Err(ParseError::Op(other)),
    };
    if fixed[2] > 16 {
        return Err(ParseError::HardwareLength(fixed[2]));
    }
    Ok(Message {
        op,
        htype: fixed[1],
        hlen: fixed[2],
        hops: fixed[3],
        xid: u32::from_be_bytes(array(fixed, 4)),
        secs: u16::from_be_bytes(array(fixed, 8)),
        flags: u16::from_be_bytes(array(fixed, 10)),
        ciaddr: Ipv4Addr::from(array::<4>(fixed, 12)),
        yiaddr: Ipv4Addr::from(array::<4>(fixed, 16)),
        siaddr: Ipv4Addr::from(array::<4>(fixed, 20)),
        giaddr: Ipv4Addr::from(array::<4>(fixed, 24)),
        chaddr: array(fixed, 28),
        sname: array(fixed, SNAME),
        file: array(fixed, FILE),
        options: Options::new(),
    })
}

/// `N` bytes from `start`, which every caller gives so that they lie inside.
fn array<const N: usize>(fixed: &[u8; FIXED], start: usize) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&fixed[start..start + N]);
    bytes
}

/// Which of `file` and `sname` carry options (RFC 2132 section 9.3).
fn overloaded(options: &Options) -> (bool, bool) {
    let bits = options.u8(Code::OVERLOAD).filter(|bits| *bits <= 3).unwrap_or(0);
    (bits & 1 != 0, bits & 2 != 0)
}

struct Reader<'a> {
    into: &'a mut Options,
    /// One bit for each code that was read: pieces to join are rare and looking for them in the buffer is not free.
    seen: [u64; 4],
    pieces: usize,
}

impl<'a> Reader<'a> {
    fn new(into: &'a mut Options) -> Self {
        Reader { into, seen: [0; 4], pieces: 0 }
    }

    /// Reads the fields in the order in which RFC 3396 section 7 joins them.
    fn all(&mut self, fixed: &[u8; FIXED], options: &[u8]) -> Result<(), ParseError> {
        self.field(options, FIXED + COOKIE.len())?;
        let (file, sname) = overloaded(self.into);
        if file {
            self.field(&fixed[FILE..], FILE)?;
        }
        if sname {
            self.field(&fixed[SNAME..FILE], SNAME)?;
        }
        Ok(())
    }

    fn field(&mut self, mut rest: &[u8], start: usize) -> Result<(), ParseError> {
        let whole = rest.len();
        while let [code, after @ ..] = rest {
            let code = Code(*code);
            rest = match (code, after) {
                (Code::PAD, _) => after,
                (Code::END, _) | (_, []) => return Ok(()), // a lone last byte is padding of some kind
                (_, [length, value @ ..]) => {
                    let (length, offset) = (usize::from(*length), start + whole - rest.len());
                    let Some((value, next)) = value.split_at_checked(length) else {
                        return Err(ParseError::Overrun { code, offset, length, left: value.len() });
                    };
                    if !self.option(code, value) {
                        return Err(ParseError::Pieces { code, offset });
                    }
                    next
                }
            };
        }
        Ok(())
    }

    /// False for one piece too many.
    fn option(&mut self, code: Code, value: &[u8]) -> bool {
        let word = &mut self.seen[usize::from(code.0 >> 6)];
        let bit = 1u64 << (code.0 & 63);
        let again = *word & bit != 0;
        *word |= bit;
        if again {
            self.pieces += 1;
            self.into.join(code, value);
        } else {
            self.into.push(code, value);
        }
        self.pieces <= MOST_PIECES
    }
}
