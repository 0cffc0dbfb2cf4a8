//! Contents as a `data:` URL (RFC 2397), in the shortest of three encodings, with Butane's rules for choosing.

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};
use std::io::Write;

/// An encoded content.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DataUrl {
    pub(super) url: String,
    /// What to say of compression: `gzip`, or that there is none; nothing where the user has said it.
    pub(super) compression: Option<&'static str>,
}

/// Contents with escapes, never compressed, as the oldest version has them.
pub(super) fn escaped(contents: &[u8]) -> String {
    let mut url = String::with_capacity(6 + escaped_length(contents));
    url.push_str("data:,");
    escape(contents, &mut url);
    url
}

/// Contents in the shortest encoding. A user who names a compression has compressed them already.
pub(super) fn shortest(contents: &[u8], compression: Option<&str>) -> DataUrl {
    const BASE64: &str = ";base64,";
    let compressible = compression.is_none_or(str::is_empty);
    let as_base64 = BASE64.len() + base64_length(contents.len());
    let as_text = 1 + escaped_length(contents);
    let plain = as_text.min(as_base64);
    // gzip must make up for the word that says so.
    if compressible && let Some(packed) = gzip(contents, plain) {
        let url = format!("data:{BASE64}{}", STANDARD.encode(packed));
        return DataUrl { url, compression: Some("gzip") };
    }
    let url =
        if as_base64 < as_text { format!("data:{BASE64}{}", STANDARD.encode(contents)) } else { escaped(contents) };
    DataUrl { url, compression: compressible.then_some("") }
}

/// The contents compressed, if that is shorter than the other encodings.
fn gzip(contents: &[u8], other: usize) -> Option<Vec<u8>> {
    // Nothing compresses to less than header, trailer and an empty block.
    const LEAST: usize = 20;
    let length = |packed: usize| ";base64,".len() + base64_length(packed) + "gzip".len();
    if length(LEAST) >= other {
        return None;
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(contents.len() / 3), Compression::best());
    encoder.write_all(contents).ok()?;
    let packed = encoder.finish().ok()?;
    (length(packed.len()) < other).then_some(packed)
}

fn base64_length(bytes: usize) -> usize {
    bytes.div_ceil(3) * 4
}

/// What stands for itself: RFC 2396's unreserved characters.
fn stands_for_itself(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte)
}

fn escaped_length(contents: &[u8]) -> usize {
    contents.iter().map(|byte| if stands_for_itself(*byte) { 1 } else { 3 }).sum()
}

fn escape(contents: &[u8], into: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in contents {
        if stands_for_itself(byte) {
            into.push(char::from(byte));
        } else {
            into.push('%');
            into.push(char::from(DIGITS[usize::from(byte >> 4)]));
            into.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_encoding_is_chosen() {
        let url = |contents: &[u8]| shortest(contents, None);
        assert_eq!(url(b""), DataUrl { url: "data:,".to_owned(), compression: Some("") });
        assert_eq!(url(b"hi (you)!~\n").url, "data:,hi%20(you)!~%0A");
        assert_eq!(url(b"\0\x01\x02\x03\x04\x05").url, "data:;base64,AAECAwQF");
        let packed = url("abc ".repeat(200).as_bytes());
        assert_eq!(packed.compression, Some("gzip"));
        assert!(packed.url.starts_with("data:;base64,H4sI"), "{}", packed.url);
    }

    #[test]
    fn what_the_user_compressed_is_not_compressed_again() {
        let text = "abc ".repeat(200);
        let url = shortest(text.as_bytes(), Some("gzip"));
        assert_eq!(url.compression, None);
        assert!(url.url.starts_with("data:;base64,YWJj"));
        assert!(shortest(text.as_bytes(), Some("")).compression == Some("gzip"));
    }

    #[test]
    fn the_oldest_version_only_escapes() {
        assert_eq!(escaped(b"\0a b"), "data:,%00a%20b");
    }
}
