//! The header: who can unwrap the file's key, and a MAC over that.
//!
//! ```text
//! age-encryption.org/v1
//! -> X25519 SHARE          a stanza: its words
//! BODY                     Base64 in lines of 64 letters, the last of which is shorter
//! --- MAC
//! ```

use super::derived;
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use ring::hmac;

const VERSION: &str = "age-encryption.org/v1";
/// The letters of a line of a stanza's body.
const COLUMNS: usize = 64;
/// No header of ours is longer: a stanza takes some 100 bytes.
const LONGEST: usize = 64 << 10;

pub(super) struct Header<'f> {
    pub(super) stanzas: Vec<Stanza<'f>>,
    /// What the MAC is over: all up to and with the three hyphens.
    signed: &'f [u8],
    mac: Vec<u8>,
}

/// A way to the file's key.
pub(super) struct Stanza<'f> {
    pub(super) words: Vec<&'f str>,
    pub(super) body: Vec<u8>,
}

/// Base64 without padding, in its one form.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    STANDARD_NO_PAD.decode(text).ok()
}

impl<'f> Header<'f> {
    /// The header, and what follows it.
    pub(super) fn parse(file: &'f [u8]) -> Option<(Header<'f>, &'f [u8])> {
        let mut at = 0;
        let mut line = || {
            let rest = file.get(at..)?;
            let length = rest.iter().take(LONGEST).position(|byte| *byte == b'\n')?;
            let begin = at;
            at = begin.checked_add(length)?.checked_add(1)?;
            Some((begin, std::str::from_utf8(rest.get(..length)?).ok()?))
        };
        (line()?.1 == VERSION).then_some(())?;
        let mut stanzas = Vec::new();
        loop {
            let (begin, text) = line()?;
            if let Some(mac) = text.strip_prefix("--- ") {
                let (signed, mac) = (file.get(..begin.checked_add(3)?)?, base64(mac)?);
                return Some((Header { stanzas, signed, mac }, file.get(at..)?));
            }
            if begin > LONGEST {
                return None;
            }
            let words = text.strip_prefix("-> ")?.split(' ').collect();
            stanzas.push(Stanza { words, body: body(&mut line)? });
        }
    }

    pub(super) fn is_by(&self, file_key: &[u8; 16]) -> bool {
        let Some(key) = derived::<32>(&[], file_key, "header") else { return false };
        hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &key[..]), self.signed, &self.mac).is_ok()
    }
}

fn body<'f>(mut line: impl FnMut() -> Option<(usize, &'f str)>) -> Option<Vec<u8>> {
    let mut text = String::new();
    loop {
        let (_, part) = line()?;
        if part.len() > COLUMNS || text.len() > LONGEST {
            return None;
        }
        text.push_str(part);
        if part.len() < COLUMNS {
            return base64(&text);
        }
    }
}
