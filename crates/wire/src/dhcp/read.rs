//! Options read as what they mean. A value too short for its meaning is taken for absent, a longer one is read as far as
//! it goes: so do the servers in use, and clients send both.

use super::{Code, MessageType, Options, SubOptions};
use firstlight_model::Uuid;
use std::{borrow::Cow, net::Ipv4Addr};

impl Options {
    /// The first byte of an option.
    pub fn u8(&self, code: Code) -> Option<u8> {
        self.get(code)?.first().copied()
    }

    /// The first two bytes of an option as a number.
    pub fn u16(&self, code: Code) -> Option<u16> {
        Some(u16::from_be_bytes(*self.get(code)?.first_chunk()?))
    }

    /// The first four bytes of an option as a number.
    pub fn u32(&self, code: Code) -> Option<u32> {
        Some(u32::from_be_bytes(*self.get(code)?.first_chunk()?))
    }

    /// The (first) address of an option.
    pub fn address(&self, code: Code) -> Option<Ipv4Addr> {
        self.addresses(code).next()
    }

    /// The addresses of an option; none when it is absent.
    pub fn addresses(&self, code: Code) -> impl Iterator<Item = Ipv4Addr> {
        let value = self.get(code).unwrap_or_default();
        value.chunks_exact(4).map(|a| Ipv4Addr::new(a[0], a[1], a[2], a[3]))
    }

    /// The text of an option without the NULs that some clients end it with. What is not UTF-8 is replaced.
    pub fn text(&self, code: Code) -> Option<Cow<'_, str>> {
        let value = self.get(code)?;
        let end = value.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        Some(String::from_utf8_lossy(&value[..end]))
    }

    /// Sets what the message is (option 53).
    pub fn put_type(&mut self, kind: MessageType) {
        self.put_u8(Code::MESSAGE_TYPE, kind as u8);
    }

    /// What the client asks to be told (option 55), in its order of preference.
    pub fn requested(&self) -> impl Iterator<Item = Code> {
        self.get(Code::PARAMETERS).unwrap_or_default().iter().map(|code| Code(*code))
    }

    /// The client architectures (option 93, RFC 4578 section 2.1), the preferred one first.
    pub fn architectures(&self) -> impl Iterator<Item = u16> {
        self.get(Code::CLIENT_ARCH).unwrap_or_default().chunks_exact(2).map(|a| u16::from_be_bytes([a[0], a[1]]))
    }

    /// The client's system UUID (option 97); `None` where it sends none or a filler.
    pub fn uuid(&self) -> Option<Uuid> {
        self.get(Code::CLIENT_UUID).and_then(Uuid::from_option_97)
    }

    /// True when the client is of this user class (option 77). RFC 3004 wants each class preceded by its length; iPXE
    /// and others send the bare text. Either is understood.
    pub fn has_user_class(&self, class: &[u8]) -> bool {
        let Some(value) = self.get(Code::USER_CLASS) else { return false };
        value == class || counted(value).is_some_and(|mut classes| classes.any(|found| found == class))
    }

    /// The user classes (option 77): RFC 3004's counted list where the value is one, else the value as a whole.
    pub fn user_classes(&self) -> Vec<&[u8]> {
        match self.get(Code::USER_CLASS) {
            None => Vec::new(),
            Some(value) => counted(value).map_or_else(|| vec![value], Iterator::collect),
        }
    }

    /// The options inside an option: 43, 82 or 175.
    pub fn inside(&self, code: Code) -> SubOptions<'_> {
        SubOptions::new(self.get(code).unwrap_or_default())
    }
}

/// Reads RFC 3004's list: each class is its length, which is not zero, and as many bytes. `None` when the value is not
/// exactly that.
fn counted(value: &[u8]) -> Option<impl Iterator<Item = &[u8]>> {
    let mut at = 0;
    while let Some(length) = value.get(at) {
        if *length == 0 {
            return None;
        }
        at += 1 + usize::from(*length);
    }
    (at == value.len() && at > 0).then_some(Classes { rest: value })
}

struct Classes<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Classes<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.rest.split_first()?;
        let (class, rest) = rest.split_at_checked(usize::from(*length))?;
        self.rest = rest;
        Some(class)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user_class(value: &[u8]) -> Options {
        let mut options = Options::new();
        options.put(Code::USER_CLASS, value);
        options
    }

    #[test]
    fn a_user_class_is_found_bare_and_counted() {
        assert!(user_class(b"iPXE").has_user_class(b"iPXE"));
        assert!(user_class(b"\x04iPXE").has_user_class(b"iPXE"));
        let both = user_class(b"\x04iPXE\x03lab");
        assert!(both.has_user_class(b"lab") && !both.has_user_class(b"PXE"));
        assert_eq!(both.user_classes(), [b"iPXE".as_slice(), b"lab"]);
        assert_eq!(user_class(b"\x05iPXE").user_classes(), [b"\x05iPXE"]);
        assert_eq!(user_class(b"\0\0").user_classes(), [b"\0\0"]);
        assert!(Options::new().user_classes().is_empty());
    }

    #[test]
    fn short_values_are_absent_and_texts_lose_their_nuls() {
        let mut options = Options::new();
        options.put(Code::MAX_SIZE, &[5]);
        options.put(Code::ROUTER, &[10, 0, 0]);
        options.put(Code::HOST_NAME, b"kitt\0\0");
        assert_eq!(options.u16(Code::MAX_SIZE), None);
        assert_eq!(options.address(Code::ROUTER), None);
        assert_eq!(options.text(Code::HOST_NAME).as_deref(), Some("kitt"));
    }
}
