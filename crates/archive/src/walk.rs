//! Which kind of archive it is, and the walk through its members.

use crate::{
    Error, Flow, Result, Source, Visit, ar,
    compressed::{Budget, Compression, Streams},
    cpio, iso,
    peek::Peek,
    rpm, tar, zip,
};
use std::io::{self, SeekFrom};

/// Shows `visit` every member, in the archive's order, until it has seen enough.
pub(crate) fn walk(reader: &mut dyn Source, unpacked: u64, visit: &mut Visit<'_>) -> Result<Flow> {
    let budget = Budget::new(unpacked);
    reader.seek(SeekFrom::Start(0))?;
    let head = Peek::new(&mut *reader).peek(tar::BLOCK)?.to_vec();
    if zip::is(&head) {
        return zip::walk(reader, &budget, visit);
    }
    if !is_stream(&head) && iso::is(reader)? {
        return iso::walk(reader, visit);
    }
    reader.seek(SeekFrom::Start(0))?;
    stream(&mut Peek::new(reader), &budget, visit, Compressed::Not)
}

/// Whether what is read has come out of a compressed stream. Nothing is compressed twice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compressed {
    Not,
    Once,
}

fn is_stream(head: &[u8]) -> bool {
    Compression::of(head).is_some() || ar::is(head) || rpm::is(head) || cpio::is(head) || tar::is(head)
}

/// An archive that is read from its beginning to its end.
pub(crate) fn stream(input: &mut Peek<'_>, budget: &Budget, visit: &mut Visit<'_>, depth: Compressed) -> Result<Flow> {
    let head = input.peek(tar::BLOCK)?;
    if let Some(compression) = Compression::of(head) {
        return decompress(compression, input, budget, visit, depth);
    }
    match () {
        () if tar::is(head) => tar::walk(input, visit),
        () if cpio::is(head) => cpio::walk(input, budget, visit, depth),
        () if ar::is(head) && depth == Compressed::Not => ar::walk(input, budget, visit),
        () if rpm::is(head) && depth == Compressed::Not => rpm::walk(input, budget, visit),
        () => Err(unknown(head, depth)),
    }
}

/// What is compressed is a tar or a cpio. Behind a compressed cpio more may follow, as in an initrd.
fn decompress(
    compression: Compression,
    input: &mut Peek<'_>,
    budget: &Budget,
    visit: &mut Visit<'_>,
    depth: Compressed,
) -> Result<Flow> {
    if depth == Compressed::Once {
        return Err(Error::Unknown { why: "it is compressed twice" });
    }
    let mut streams = Streams::new(compression, input, budget)?;
    let mut inner = Peek::new(&mut streams);
    let was_cpio = cpio::is(inner.peek(tar::BLOCK)?);
    let flow = stream(&mut inner, budget, visit, Compressed::Once)?;
    if flow.is_break() {
        return Ok(flow);
    }
    // The checksum of all stands at the end.
    io::copy(&mut inner, &mut io::sink())?;
    if !was_cpio {
        return Ok(flow);
    }
    cpio::walk(input, budget, visit, depth)
}

fn unknown(head: &[u8], depth: Compressed) -> Error {
    let why = match head {
        [] => "it is empty",
        _ if depth == Compressed::Once => "something else that is compressed",
        [b'7', b'z', 0xbc, 0xaf, ..] => "7-Zip",
        [b'<', ..] => "a page of HTML or XML, perhaps an error from the server that it came from",
        [b'M', b'Z', ..] => "a program or kernel for EFI",
        _ => cpio::other_compression(head).unwrap_or("its first bytes are unknown"),
    };
    Error::Unknown { why }
}
