//! TFTP packets (RFC 1350) with options (RFC 2347): block size (2348), timeout and transfer size (2349), window size
//! (7440). No state and no retransmission: that is the server's transfer.

use std::{borrow::Cow, fmt};

/// The port on which requests arrive.
pub const PORT: u16 = 69;
/// The block size where no option says otherwise (RFC 1350).
pub const DEFAULT_BLOCK: u16 = 512;
/// The largest block size that RFC 2348 allows.
pub const MAX_BLOCK: u16 = 65_464;

/// One packet. Texts and payload are borrowed from the datagram that was parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// RRQ: asks for a file.
    Read(Request<'a>),
    /// WRQ: asks to store a file.
    Write(Request<'a>),
    /// DATA: one block of the file.
    Data {
        /// The block's number, counted from 1, modulo 65,536.
        block: u16,
        /// As many bytes as the block size says; fewer end the transfer.
        payload: &'a [u8],
    },
    /// ACK: the last block that arrived in order; 0 acknowledges an OACK.
    Ack(u16),
    /// ERROR: ends the transfer.
    Error {
        /// What kind of error.
        code: ErrorCode,
        /// For people.
        message: Cow<'a, str>,
    },
    /// OACK: the options that the server grants (RFC 2347).
    OptionAck(Options),
}

/// What RRQ and WRQ carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// The file's name, as sent; what is not UTF-8, and control characters, are replaced.
    pub name: Cow<'a, str>,
    /// How its bytes are sent.
    pub mode: Mode,
    /// What the client asks for.
    pub options: Options,
}

/// How a file's bytes are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As they are.
    Octet,
    /// As lines of text in the network's form (RFC 764).
    NetAscii,
    /// Anything else: the obsolete `mail`, or an error.
    Other,
}

/// The options known here. Others are ignored, as RFC 2347 asks; so are values that the option's RFC forbids, except
/// that a block size over the largest one becomes the largest one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// `blksize`, bytes, 8 to 65,464.
    pub block: Option<u16>,
    /// `timeout`, seconds, 1 to 255.
    pub timeout: Option<u8>,
    /// `tsize`, bytes: 0 in a request asks for it.
    pub size: Option<u64>,
    /// `windowsize`, blocks, at least 1.
    pub window: Option<u16>,
}

/// The number in an ERROR packet (RFC 1350 and RFC 2347).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorCode(pub u16);

#[allow(missing_docs)] // the names are the RFC's own
impl ErrorCode {
    pub const NOT_DEFINED: ErrorCode = ErrorCode(0);
    pub const FILE_NOT_FOUND: ErrorCode = ErrorCode(1);
    pub const ACCESS_VIOLATION: ErrorCode = ErrorCode(2);
    pub const DISK_FULL: ErrorCode = ErrorCode(3);
    pub const ILLEGAL_OPERATION: ErrorCode = ErrorCode(4);
    pub const UNKNOWN_TRANSFER: ErrorCode = ErrorCode(5);
    pub const FILE_EXISTS: ErrorCode = ErrorCode(6);
    pub const NO_SUCH_USER: ErrorCode = ErrorCode(7);
    pub const OPTION_REFUSED: ErrorCode = ErrorCode(8);
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("error"),
            1 => f.write_str("file not found"),
            2 => f.write_str("access violation"),
            3 => f.write_str("disk full"),
            4 => f.write_str("illegal operation"),
            5 => f.write_str("unknown transfer"),
            6 => f.write_str("file exists"),
            7 => f.write_str("no such user"),
            8 => f.write_str("option refused"),
            other => write!(f, "error {other}"),
        }
    }
}

/// Why bytes are not a TFTP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Not even an operation and what it always carries.
    #[error("{0} bytes are too few for a TFTP packet")]
    Short(usize),
    /// Not one of the six operations.
    #[error("operation {0} is not one of TFTP's 1 to 6")]
    Operation(u16),
    /// A request without its name and mode.
    #[error("the request's {what} at offset {offset} is not ended by a NUL")]
    Unended {
        /// `name` or `mode`.
        what: &'static str,
        /// Where it begins.
        offset: usize,
    },
}

impl<'a> Packet<'a> {
    /// Reads a packet.
    ///
    /// # Errors
    /// [`ParseError`] says what is wrong.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        let [high, low, rest @ ..] = bytes else { return Err(ParseError::Short(bytes.len())) };
        let number = || match rest {
            [high, low, rest @ ..] => Ok((u16::from_be_bytes([*high, *low]), rest)),
            _ => Err(ParseError::Short(bytes.len())),
        };
        Ok(match u16::from_be_bytes([*high, *low]) {
            1 => Packet::Read(Request::parse(rest)?),
            2 => Packet::Write(Request::parse(rest)?),
            3 => number().map(|(block, payload)| Packet::Data { block, payload })?,
            4 => Packet::Ack(number()?.0),
            5 => {
                let (code, text) = number()?;
                let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
                Packet::Error { code: ErrorCode(code), message: readable(text) }
            }
            6 => Packet::OptionAck(Options::parse(rest)),
            other => return Err(ParseError::Operation(other)),
        })
    }

    /// The packet as a UDP payload.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self {
            Packet::Read(request) => request.encode(1, &mut bytes),
            Packet::Write(request) => request.encode(2, &mut bytes),
            Packet::Data { block, payload } => {
                bytes.extend_from_slice(&data_header(*block));
                bytes.extend_from_slice(payload);
            }
            Packet::Ack(block) => {
                let [high, low] = block.to_be_bytes();
                bytes.extend_from_slice(&[0, 4, high, low]);
            }
            Packet::Error { code, message } => {
                let [high, low] = code.0.to_be_bytes();
                bytes.extend_from_slice(&[0, 5, high, low]);
                text(&mut bytes, message);
            }
            Packet::OptionAck(options) => {
                bytes.extend_from_slice(&[0, 6]);
                options.encode(&mut bytes);
            }
        }
        bytes
    }
}

/// A text that can be shown to a person: no control characters, with which a terminal could be taken over.
fn readable(bytes: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(bytes);
    match text.contains(char::is_control) {
        true => text.replace(char::is_control, "\u{fffd}").into(),
        false => text,
    }
}

/// What precedes the payload of a DATA packet: for servers that send the payload from where it lies.
pub fn data_header(block: u16) -> [u8; 4] {
    let [high, low] = block.to_be_bytes();
    [0, 3, high, low]
}

impl<'a> Request<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        let (name, rest) = split_text(bytes).ok_or(ParseError::Unended { what: "name", offset: 2 })?;
        let unended = ParseError::Unended { what: "mode", offset: 3 + name.len() };
        let (mode, rest) = split_text(rest).ok_or(unended)?;
        let mode = match mode {
            octet if octet.eq_ignore_ascii_case(b"octet") => Mode::Octet,
            text if text.eq_ignore_ascii_case(b"netascii") => Mode::NetAscii,
            _ => Mode::Other,
        };
        Ok(Request { name: readable(name), mode, options: Options::parse(rest) })
    }

    fn encode(&self, operation: u8, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&[0, operation]);
        text(bytes, &self.name);
        text(
            bytes,
            match self.mode {
                Mode::Octet => "octet",
                Mode::NetAscii => "netascii",
                Mode::Other => "mail",
            },
        );
        self.options.encode(bytes);
    }
}

impl Options {
    /// True when the client asked for nothing known here: then no OACK is sent.
    pub fn is_empty(&self) -> bool {
        *self == Options::default()
    }

    fn parse(mut bytes: &[u8]) -> Self {
        let mut options = Options::default();
        while let Some((name, rest)) = split_text(bytes) {
            // Some firmware forgets the very last NUL.
            let (value, rest) = split_text(rest).unwrap_or((rest, &[]));
            options.set(name, value);
            bytes = rest;
        }
        options
    }

    fn set(&mut self, name: &[u8], value: &[u8]) {
        let Some(value) = std::str::from_utf8(value).ok().and_then(|digits| digits.trim().parse::<u64>().ok()) else {
            return;
        };
        let within = |low, high| Some(value).filter(|value| (low..=high).contains(value));
        if name.eq_ignore_ascii_case(b"blksize") {
            let largest = value.min(MAX_BLOCK.into()) as u16; // fits: it was just bounded
            self.block = Some(largest).filter(|block| *block >= 8).or(self.block);
        } else if name.eq_ignore_ascii_case(b"timeout") {
            self.timeout = within(1, 255).map(|seconds| seconds as u8).or(self.timeout);
        } else if name.eq_ignore_ascii_case(b"tsize") {
            self.size = Some(value);
        } else if name.eq_ignore_ascii_case(b"windowsize") {
            self.window = within(1, 65_535).map(|blocks| blocks as u16).or(self.window);
        }
    }

    fn encode(&self, bytes: &mut Vec<u8>) {
        let mut option = |name: &str, value: Option<u64>| {
            if let Some(value) = value {
                text(bytes, name);
                text(bytes, &value.to_string());
            }
        };
        option("blksize", self.block.map(u64::from));
        option("timeout", self.timeout.map(u64::from));
        option("tsize", self.size);
        option("windowsize", self.window.map(u64::from));
    }
}

/// A text up to its NUL, and what follows.
fn split_text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    Some((bytes.get(..end)?, bytes.get(end + 1..)?))
}

/// Adds a text and its NUL; a NUL inside would end it early and is left out.
fn text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend(text.bytes().filter(|byte| *byte != 0));
    bytes.push(0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ipxes_request_is_read() {
        let bytes = b"\0\x01undionly.kpxe\0octet\0blksize\x001432\0tsize\x000\0";
        let options = Options { block: Some(1432), size: Some(0), ..Options::default() };
        let request = Request { name: "undionly.kpxe".into(), mode: Mode::Octet, options };
        assert_eq!(Packet::parse(bytes), Ok(Packet::Read(request)));
    }

    #[test]
    fn edk2s_request_is_read() {
        let bytes = b"\0\x01snponly.efi\0octet\0tsize\x000\0blksize\x001468\0windowsize\x004\0";
        let Ok(Packet::Read(request)) = Packet::parse(bytes) else { panic!("not a read request") };
        assert_eq!(request.options, Options { block: Some(1468), timeout: None, size: Some(0), window: Some(4) });
    }

    #[test]
    fn options_out_of_their_bounds_are_ignored_and_a_huge_block_is_bounded() {
        let read = |text: &str| Options::parse(text.replace(' ', "\0").as_bytes());
        assert_eq!(read("BLKSIZE 100000 ").block, Some(MAX_BLOCK));
        assert!(read("blksize 7 timeout 0 timeout 256 windowsize 0 windowsize 65536 tsize -1 multicast 1 ").is_empty());
        assert_eq!(read("tsize 0 windowsize 16").window, Some(16));
    }

    #[test]
    fn faults_are_named() {
        assert_eq!(Packet::parse(b"\0"), Err(ParseError::Short(1)));
        assert_eq!(Packet::parse(b"\0\x04\0"), Err(ParseError::Short(3)));
        assert_eq!(Packet::parse(b"\0\x09"), Err(ParseError::Operation(9)));
        assert_eq!(Packet::parse(b"\0\x01name"), Err(ParseError::Unended { what: "name", offset: 2 }));
        assert_eq!(Packet::parse(b"\0\x01name\0oct"), Err(ParseError::Unended { what: "mode", offset: 7 }));
    }

    #[test]
    fn no_text_can_take_over_a_terminal() {
        let Ok(Packet::Read(request)) = Packet::parse(b"\0\x01\x1b[2Jx\n\0octet\0") else { panic!("no request") };
        assert_eq!(request.name, "\u{fffd}[2Jx\u{fffd}");
        let Ok(Packet::Error { message, .. }) = Packet::parse(b"\0\x05\0\0\x07ring\0") else { panic!("no error") };
        assert_eq!(message, "\u{fffd}ring");
    }

    fn any_options() -> impl Strategy<Value = Options> {
        let block = prop::option::of(8..=MAX_BLOCK);
        let size = any::<Option<u64>>();
        (block, prop::option::of(1u8..), size, prop::option::of(1u16..))
            .prop_map(|(block, timeout, size, window)| Options { block, timeout, size, window })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_written_is_read_back(
            name in "[a-zA-Z0-9/._-]{0,40}", options in any_options(), block: u16, code: u16, payload: Vec<u8>,
        ) {
            let request = Request { name: name.as_str().into(), mode: Mode::Octet, options };
            for packet in [
                Packet::Read(request.clone()),
                Packet::Write(Request { mode: Mode::NetAscii, ..request }),
                Packet::Data { block, payload: &payload },
                Packet::Ack(block),
                Packet::Error { code: ErrorCode(code), message: name.as_str().into() },
                Packet::OptionAck(options),
            ] {
                let bytes = packet.encode();
                prop_assert_eq!(Packet::parse(&bytes), Ok(packet));
            }
        }

        #[test]
        fn no_bytes_make_it_panic(operation in 0u8..8, bytes: Vec<u8>) {
            let _ = Packet::parse(&bytes);
            let _ = Packet::parse(&[&[0, operation], bytes.as_slice()].concat());
        }
    }
}
