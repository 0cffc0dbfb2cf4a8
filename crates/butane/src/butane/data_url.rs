//! Contents as a `data:` URL (RFC 2397), in the shortest of three encodings, with Butane's rules for choosing.

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compress, Compression, Crc, FlushCompress, Status};

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

/// Chooses encodings. It keeps its compressor, which takes longer to make than a small file to compress.
#[derive(Debug, Default)]
pub(super) struct Packer {
    deflate: Option<Compress>,
}

const BASE64: &str = ";base64,";

impl Packer {
    /// Contents in the shortest encoding. A user who names a compression has compressed them already.
    pub(super) fn shortest(&mut self, contents: &[u8], compression: Option<&str>) -> DataUrl {
        let compressible = compression.is_none_or(str::is_empty);
        let as_base64 = BASE64.len() + base64_length(contents.len());
        let as_text = 1 + escaped_length(contents);
        if compressible && let Some(packed) = self.gzip(contents, as_text.min(as_base64)) {
            return DataUrl { url: format!("data:{BASE64}{}", STANDARD.encode(packed)), compression: Some("gzip") };
        }
        let url = match as_base64 < as_text {
            true => format!("data:{BASE64}{}", STANDARD.encode(contents)),
            false => escaped(contents),
        };
        DataUrl { url, compression: compressible.then_some("") }
    }

    /// The contents as gzip (RFC 1952), if that makes a shorter URL than `other` and makes up for the word that says so.
    fn gzip(&mut self, contents: &[u8], other: usize) -> Option<Vec<u8>> {
        const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255];
        const TRAILER: usize = 8;
        let room = other.checked_sub(BASE64.len() + "gzip".len() + 1)? / 4 * 3;
        // Nothing compresses to less than an empty block.
        let room = room.checked_sub(HEADER.len() + TRAILER).filter(|room| *room > 2)?;
        let mut block = vec![0; room];
        let deflate = self.deflate.get_or_insert_with(|| Compress::new(Compression::best(), false));
        deflate.reset();
        let status = deflate.compress(contents, &mut block, FlushCompress::Finish).ok()?;
        if status != Status::StreamEnd {
            return None;
        }
        let length = usize::try_from(deflate.total_out()).ok()?;
        let mut crc = Crc::new();
        crc.update(contents);
        // The length is written modulo 2³².
        let trailer = [crc.sum().to_le_bytes(), (contents.len() as u32).to_le_bytes()];
        Some([&HEADER, block.get(..length)?, trailer.as_flattened()].concat())
    }
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
        let mut packer = Packer::default();
        let mut url = |contents: &[u8]| packer.shortest(contents, None);
        assert_eq!(url(b""), DataUrl { url: "data:,".to_owned(), compression: Some("") });
        assert_eq!(url(b"hi (you)!~\n").url, "data:,hi%20(you)!~%0A");
        assert_eq!(url(b"\0\x01\x02\x03\x04\x05").url, "data:;base64,AAECAwQF");
        let packed = url("abc ".repeat(200).as_bytes());
        assert_eq!(packed.compression, Some("gzip"));
        assert!(packed.url.starts_with("data:;base64,H4sI"), "{}", packed.url);
    }

    #[test]
    fn what_is_packed_unpacks() {
        use std::io::Read;
        let mut packer = Packer::default();
        for length in [60_usize, 100, 1000, 100_000] {
            let contents: Vec<u8> = (0..length).map(|at| b"abcdefgh"[at * at % 8]).collect();
            let Some(packed) = packer.gzip(&contents, contents.len()) else { continue };
            assert!(base64_length(packed.len()) + 12 < contents.len());
            let mut unpacked = Vec::new();
            flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut unpacked).unwrap();
            assert_eq!(unpacked, contents);
        }
        assert!(packer.gzip(&[b'a'; 1000], 1000).is_some());
        assert_eq!(packer.gzip(b"abc", 10), None);
    }

    #[test]
    fn what_the_user_compressed_is_not_compressed_again() {
        let text = "abc ".repeat(200);
        let url = Packer::default().shortest(text.as_bytes(), Some("gzip"));
        assert_eq!(url.compression, None);
        assert!(url.url.starts_with("data:;base64,YWJj"));
        assert_eq!(Packer::default().shortest(text.as_bytes(), Some("")).compression, Some("gzip"));
    }

    #[test]
    fn the_oldest_version_only_escapes() {
        assert_eq!(escaped(b"\0a b"), "data:,%00a%20b");
    }
}
