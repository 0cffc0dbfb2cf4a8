//! A message's options in one buffer.

use super::Code;
use std::{fmt, net::Ipv4Addr};

/// The options of a message, each code once, in the order they were put.
///
/// They lie one after another in a single buffer as code (1 byte), length (2 bytes, big-endian) and value, so that a
/// message costs one allocation and a value may be longer than the 255 bytes of an option on the wire (RFC 3396).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Options {
    buffer: Vec<u8>,
}

/// Code and length before each value.
const HEADER: usize = 3;

impl Options {
    /// No options.
    pub fn new() -> Self {
        Options::default()
    }

    /// No options, and room for `bytes` of them.
    pub fn with_capacity(bytes: usize) -> Self {
        Options { buffer: Vec::with_capacity(bytes) }
    }

    /// The options as they are kept in the record: code (1 byte), length (2 bytes, big-endian) and value, one after
    /// another. Not the wire's form: that is [`super::Message::encode`]'s.
    pub fn as_bytes(&self) -> &[u8] {
        &self.buffer
    }

    /// Reads [`Options::as_bytes`] again. Bytes that are no option any more end it.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut options = Options::with_capacity(bytes.len());
        Iter { rest: bytes }.for_each(|(code, value)| options.put(code, value));
        options
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Every option in order.
    pub fn iter(&self) -> impl Iterator<Item = (Code, &[u8])> + Clone {
        Iter { rest: &self.buffer }
    }

    /// The value of an option; `None` when it is absent.
    pub fn get(&self, code: Code) -> Option<&[u8]> {
        self.iter().find(|(found, _)| *found == code).map(|(_, value)| value)
    }

    /// True when the option is there, with whatever value.
    pub fn has(&self, code: Code) -> bool {
        self.get(code).is_some()
    }

    /// Sets an option, in its old place when it was there with a value as long, else at the end. What is over 65,535
    /// bytes is cut off: no datagram could carry it. `PAD` and `END` are no options and are not put.
    pub fn put(&mut self, code: Code, value: &[u8]) {
        match self.position(code) {
            Some((start, length)) if length == value.len() => {
                self.buffer[start + HEADER..start + HEADER + length].copy_from_slice(value);
            }
            Some(_) => {
                self.remove(code);
                self.push(code, value);
            }
            None => self.push(code, value),
        }
    }

    /// Removes an option; nothing happens when it is absent.
    pub fn remove(&mut self, code: Code) {
        if let Some((start, length)) = self.position(code) {
            self.buffer.drain(start..start + HEADER + length);
        }
    }

    /// Sets an option of one byte.
    pub fn put_u8(&mut self, code: Code, value: u8) {
        self.put(code, &[value]);
    }

    /// Sets an option of two bytes.
    pub fn put_u16(&mut self, code: Code, value: u16) {
        self.put(code, &value.to_be_bytes());
    }

    /// Sets an option of four bytes: times in seconds, most of all.
    pub fn put_u32(&mut self, code: Code, value: u32) {
        self.put(code, &value.to_be_bytes());
    }

    /// Sets an option that is a text. It is not ended by NUL (RFC 2132 section 2).
    pub fn put_text(&mut self, code: Code, text: &str) {
        self.put(code, text.as_bytes());
    }

    /// Sets an option that is an address.
    pub fn put_address(&mut self, code: Code, address: Ipv4Addr) {
        self.put(code, &address.octets());
    }

    /// Sets an option that is a list of addresses; an empty list removes it, for it may not be empty.
    pub fn put_addresses(&mut self, code: Code, addresses: impl IntoIterator<Item = Ipv4Addr>) {
        self.remove(code);
        let start = self.buffer.len();
        self.buffer.extend_from_slice(&[code.0, 0, 0]);
        addresses.into_iter().take(usize::from(u16::MAX) / 4).for_each(|a| self.buffer.extend_from_slice(&a.octets()));
        match self.buffer.len() - start - HEADER {
            0 => self.buffer.truncate(start),
            length => self.set_length(start, length),
        }
    }

    /// Adds to the end of an option's value, as RFC 3396 joins the pieces of a long one; sets it when it is absent.
    pub(super) fn join(&mut self, code: Code, piece: &[u8]) {
        let Some((start, length)) = self.position(code) else { return self.push(code, piece) };
        let piece = &piece[..piece.len().min(usize::from(u16::MAX) - length)];
        let end = start + HEADER + length;
        self.buffer.splice(end..end, piece.iter().copied());
        self.set_length(start, length + piece.len());
    }

    /// Adds an option that is known to be absent.
    pub(super) fn push(&mut self, code: Code, value: &[u8]) {
        if code == Code::PAD || code == Code::END {
            return;
        }
        let length = value.len().min(usize::from(u16::MAX));
        let start = self.buffer.len();
        self.buffer.extend_from_slice(&[code.0, 0, 0]);
        self.set_length(start, length);
        self.buffer.extend_from_slice(&value[..length]);
    }

    /// Where an option's header starts, and how long its value is.
    fn position(&self, code: Code) -> Option<(usize, usize)> {
        let mut start = 0;
        for (found, value) in self.iter() {
            if found == code {
                return Some((start, value.len()));
            }
            start += HEADER + value.len();
        }
        None
    }

    /// `length` is at most `u16::MAX`: every caller has seen to it.
    fn set_length(&mut self, start: usize, length: usize) {
        self.buffer[start + 1..start + HEADER].copy_from_slice(&(length as u16).to_be_bytes());
    }
}

#[derive(Clone)]
struct Iter<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Iter<'a> {
    type Item = (Code, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let [code, high, low, rest @ ..] = self.rest else { return None };
        let (value, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes([*high, *low])))?;
        self.rest = rest;
        Some((Code(*code), value))
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_there_once_and_can_change_its_length() {
        let mut options = Options::new();
        options.put_text(Code::HOST_NAME, "kitt");
        options.put_u32(Code::LEASE_TIME, 3600);
        options.put_text(Code::HOST_NAME, "karr");
        assert_eq!(options.iter().next(), Some((Code::HOST_NAME, b"karr".as_slice())));
        options.put_text(Code::HOST_NAME, "goliath");
        assert_eq!(options.get(Code::HOST_NAME), Some(b"goliath".as_slice()));
        assert_eq!(options.iter().count(), 2);
        options.remove(Code::HOST_NAME);
        assert_eq!(options.iter().collect::<Vec<_>>(), [(Code::LEASE_TIME, [0, 0, 14, 16].as_slice())]);
    }

    #[test]
    fn pieces_are_joined_in_the_middle_of_the_buffer() {
        let mut options = Options::new();
        options.join(Code::BOOT_FILE, b"http://");
        options.put_u8(Code::MESSAGE_TYPE, 5);
        options.join(Code::BOOT_FILE, b"host/file");
        assert_eq!(options.get(Code::BOOT_FILE), Some(b"http://host/file".as_slice()));
        assert_eq!(options.get(Code::MESSAGE_TYPE), Some([5].as_slice()));
    }

    #[test]
    fn what_was_kept_reads_back_as_far_as_it_goes() {
        let mut options = Options::new();
        options.put_text(Code::HOST_NAME, "kitt");
        options.put_u32(Code::LEASE_TIME, 3600);
        assert_eq!(Options::from_bytes(options.as_bytes()), options);
        let cut = &options.as_bytes()[..options.as_bytes().len() - 1];
        assert_eq!(Options::from_bytes(cut).iter().count(), 1);
    }

    #[test]
    fn a_list_of_no_addresses_is_no_option() {
        let mut options = Options::new();
        options.put_addresses(Code::DNS, [Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2)]);
        assert_eq!(options.get(Code::DNS), Some([10, 0, 0, 1, 10, 0, 0, 2].as_slice()));
        options.put_addresses(Code::DNS, []);
        assert!(options.is_empty());
    }

    #[test]
    fn what_no_datagram_could_carry_is_cut_off() {
        let mut options = Options::new();
        options.put(Code::VENDOR, &vec![7; 70_000]);
        options.join(Code::VENDOR, &[8; 10]);
        options.put(Code::END, &[1]);
        assert_eq!(options.get(Code::VENDOR).map(<[u8]>::len), Some(65_535));
        assert_eq!(options.iter().count(), 1);
    }
}
