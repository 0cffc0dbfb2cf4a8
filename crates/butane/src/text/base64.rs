//! Base64 (RFC 4648 §4), with padding and with line ends between its characters. Our own, since a mistake is placed where
//! the reference places it, which no crate does.

/// The bytes that a text stands for.
///
/// # Errors
/// Where it stops to be base64, from 0.
pub fn decode(text: &[u8]) -> Result<Vec<u8>, usize> {
    let mut input = Input { text, at: 0 };
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    while input.group(&mut bytes)? {}
    if input.at < text.len() { Err(input.at) } else { Ok(bytes) }
}

struct Input<'a> {
    text: &'a [u8],
    at: usize,
}

impl Input<'_> {
    /// Adds the next one to three bytes, and says whether more may follow.
    fn group(&mut self, bytes: &mut Vec<u8>) -> Result<bool, usize> {
        let mut bits = 0_u32;
        for filled in 0_u8..4 {
            match self.next() {
                None if filled == 0 => return Ok(false),
                None => return Err(self.at.saturating_sub(filled.into())),
                Some(b'=') => return self.padding(bits, filled, bytes).map(|()| false),
                Some(byte) => {
                    let value = sextet(byte).ok_or(self.at.saturating_sub(1))?;
                    bits = bits << 6 | u32::from(value);
                }
            }
        }
        bytes.extend_from_slice(&bits.to_be_bytes()[1..]);
        Ok(true)
    }

    /// Adds what a group holds that has come to its padding after that many characters.
    fn padding(&mut self, bits: u32, filled: u8, bytes: &mut Vec<u8>) -> Result<(), usize> {
        if filled < 2 {
            return Err(self.at.saturating_sub(1));
        }
        if filled == 2 {
            match self.next() {
                None => return Err(self.text.len()),
                Some(b'=') => {}
                Some(_) => return Err(self.at.saturating_sub(1)),
            }
        }
        self.skip_line_ends();
        let whole = (bits << (24 - 6 * u32::from(filled))).to_be_bytes();
        bytes.extend_from_slice(&whole[1..usize::from(filled)]);
        Ok(())
    }

    fn next(&mut self) -> Option<u8> {
        self.skip_line_ends();
        let byte = self.text.get(self.at).copied()?;
        self.at += 1;
        Some(byte)
    }

    fn skip_line_ends(&mut self) {
        while matches!(self.text.get(self.at), Some(b'\n' | b'\r')) {
            self.at += 1;
        }
    }
}

fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_rfc() {
        for (text, bytes) in
            [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob"), ("Zm9v\nYmFy\n", "foobar")]
        {
            assert_eq!(decode(text.as_bytes()).as_deref(), Ok(bytes.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_mistake_has_its_place() {
        for (text, at) in [("Z", 0), ("Zg", 0), ("Zg=", 3), ("Zg=x", 3), ("Zm9v=", 4), ("Zg==Zg==", 4), ("Zm9v@", 4)] {
            assert_eq!(decode(text.as_bytes()), Err(at), "{text}");
        }
    }
}
