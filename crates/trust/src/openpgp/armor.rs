//! Armour (RFC 9580, 6.2): which of its blocks a file has. rPGP reads one block; files are often several, put together.

use super::error::{BadKeys, Error};
use pgp::armor::Dearmor;
use std::io::Read;

/// So many blocks of one file are read.
const BLOCKS: usize = 100;

/// The packets of each block of a file of keys, or of the file itself when it is binary.
pub(super) fn keys(bytes: &[u8]) -> Result<Vec<Vec<u8>>, BadKeys> {
    if bytes.get(8..12) == Some(b"KBXf") {
        return Err(BadKeys::Keybox);
    }
    if is_binary(bytes) {
        return Ok(vec![bytes.to_vec()]);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| BadKeys::None)?;
    if text.contains("-----BEGIN PGP PRIVATE KEY BLOCK-----") {
        return Err(BadKeys::Private);
    }
    blocks(text, "PUBLIC KEY BLOCK").map(|block| packets(block).map_err(BadKeys::Unreadable)).collect()
}

/// The packets of each block of a file of signatures, or of the file itself when it is binary.
pub(super) fn signatures(bytes: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    if is_binary(bytes) {
        return Ok(vec![bytes.to_vec()]);
    }
    let no = |why: &str| Error::NotASignature(why.to_owned());
    let text = std::str::from_utf8(bytes).map_err(|_| no("it is neither text nor OpenPGP packets"))?;
    if super::is_clear_signed(bytes) {
        return Err(no("it is a clear-signed text; give its own URL as the list, without a signature beside it"));
    }
    let blocks: Vec<_> = blocks(text, "SIGNATURE").collect();
    if blocks.is_empty() {
        return Err(no("there is no -----BEGIN PGP SIGNATURE----- in it"));
    }
    blocks.into_iter().map(|block| packets(block).map_err(Error::NotASignature)).collect()
}

/// Each packet begins with a byte whose highest bit is set, which no text in ASCII has.
fn is_binary(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|first| first & 0x80 != 0) && !bytes.starts_with("\u{feff}".as_bytes())
}

/// The armoured blocks of a kind, from their first line to their last.
fn blocks<'a>(text: &'a str, kind: &str) -> impl Iterator<Item = &'a str> {
    let begin = format!("-----BEGIN PGP {kind}-----");
    let end = format!("-----END PGP {kind}-----");
    let mut rest = text;
    std::iter::from_fn(move || {
        let from = &rest[rest.find(&begin)?..];
        let length = from.find(&end)? + end.len();
        let (block, after) = from.split_at(length);
        rest = after;
        Some(block)
    })
    .take(BLOCKS)
}

fn packets(block: &str) -> Result<Vec<u8>, String> {
    let mut packets = Vec::new();
    Dearmor::new(block.as_bytes())
        .read_to_end(&mut packets)
        .map_err(|error| format!("its armour is broken: {error}"))?;
    Ok(packets)
}
