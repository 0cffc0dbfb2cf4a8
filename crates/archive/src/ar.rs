//! Debian packages: an `ar` archive whose member `data.tar.*` is a tar with the package's files (deb(5)).

use crate::{
    Error, Flow, Result, Visit,
    bytes::{array, skip},
    compressed::Budget,
    error::broken,
    peek::Peek,
    walk::{self, Compressed},
};
use std::io::Read;

const MAGIC: &[u8] = b"!<arch>\n";

pub(crate) fn is(head: &[u8]) -> bool {
    head.starts_with(MAGIC)
}

pub(crate) fn walk(input: &mut Peek<'_>, budget: &Budget, visit: &mut Visit<'_>) -> Result<Flow> {
    skip(input, MAGIC.len() as u64)?;
    while !input.peek(1)?.is_empty() {
        let header: [u8; 60] = array(input)?;
        let Some(size) = size(&header) else {
            return broken("a header of ar is not one");
        };
        if header.starts_with(b"data.tar") {
            let mut data = input.take(size);
            return walk::stream(&mut Peek::new(&mut data), budget, visit, Compressed::Not);
        }
        skip(input, size)?;
        if size % 2 == 1 && !input.peek(1)?.is_empty() {
            skip(input, 1)?;
        }
    }
    Err(Error::Unknown { why: "an archive of ar without data.tar, so not a Debian package" })
}

/// Decimal digits filled up with spaces, before the two characters that every header ends with.
fn size(header: &[u8; 60]) -> Option<u64> {
    if &header[58..] != b"`\n" {
        return None;
    }
    std::str::from_utf8(&header[48..58]).ok()?.trim_end().parse().ok()
}
