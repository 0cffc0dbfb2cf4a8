//! One line of a journal: `crc32 json\n`. The checksum (IEEE, eight hex digits) covers the JSON text.

use serde::{Serialize, de::DeserializeOwned};
use std::io;

/// Digits of the checksum and the space after them.
const PREFIX: usize = 9;

/// Appends `value` as one line to `out`.
pub(crate) fn encode(value: &impl Serialize, out: &mut Vec<u8>) -> io::Result<()> {
    let start = out.len();
    out.extend_from_slice(b"00000000 ");
    serde_json::to_writer(&mut *out, value)?;
    let crc = crc32fast::hash(out.get(start + PREFIX..).unwrap_or_default());
    if let Some(digits) = out.get_mut(start..start + 8) {
        for (i, digit) in digits.iter_mut().enumerate() {
            *digit = b"0123456789abcdef"[(crc >> (28 - 4 * i) & 15) as usize];
        }
    }
    out.push(b'\n');
    Ok(())
}

/// Reads one line without its newline. Says what is wrong with it otherwise.
pub(crate) fn decode<T: DeserializeOwned>(line: &[u8]) -> Result<T, String> {
    let (prefix, json) = line.split_at_checked(PREFIX).ok_or("the line is too short")?;
    let digits = prefix.strip_suffix(b" ").and_then(|hex| std::str::from_utf8(hex).ok());
    let expected = digits.and_then(|hex| u32::from_str_radix(hex, 16).ok()).ok_or("no checksum at its start")?;
    if crc32fast::hash(json) != expected {
        return Err("the checksum does not match".to_owned());
    }
    serde_json::from_slice(json).map_err(|error| format!("the checksum is right, the record is not: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_is_readable_and_checked() {
        let mut out = Vec::new();
        encode(&("kitt", 7), &mut out).unwrap();
        assert_eq!(String::from_utf8(out.clone()).unwrap(), "bf8656a3 [\"kitt\",7]\n");
        let line = &out[..out.len() - 1];
        assert_eq!(decode::<(String, u32)>(line), Ok(("kitt".to_owned(), 7)));
        let mut flipped = line.to_vec();
        flipped[12] ^= 1;
        assert!(decode::<(String, u32)>(&flipped).unwrap_err().contains("checksum"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_without_a_panic(bytes: Vec<u8>) {
            prop_assert!(decode::<u32>(&bytes).is_err());
        }

        #[test]
        fn what_is_written_reads_back(text: String) {
            let mut out = Vec::new();
            encode(&text, &mut out).unwrap();
            prop_assert_eq!(decode::<String>(&out[..out.len() - 1]), Ok(text));
            prop_assert_eq!(out.iter().filter(|b| **b == b'\n').count(), 1);
        }
    }
}
