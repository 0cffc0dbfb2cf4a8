//! tar: ustar and PAX (POSIX.1-2001, pax), and GNU's long names.

mod header;
mod pax;

use crate::{
    Flow, Kind, Member, Result, Visit,
    bytes::{skip, small, until_zero},
    error::broken,
};
use header::Header;
use pax::Extended;
use std::{
    io::Read,
    ops::ControlFlow::{Break, Continue},
};

pub(crate) const BLOCK: usize = 512;
/// GNU's long names and PAX's records are at most this long.
const LONGEST: u64 = 1 << 20;

/// Whether these first bytes are a header's.
pub(crate) fn is(head: &[u8]) -> bool {
    Header::new(head).is_some()
}

pub(crate) fn walk(input: &mut dyn Read, visit: &mut Visit<'_>) -> Result<Flow> {
    let mut extended = Extended::default();
    while let Some(block) = next_block(input)? {
        let Some(header) = Header::new(&block) else {
            return broken("a tar header's checksum is wrong");
        };
        match header.kind() {
            b'L' => extended.path = Some(long_name(input, &header)?),
            b'K' => extended.link = Some(long_name(input, &header)?),
            b'x' => extended.read(&content(input, &header)?),
            b'g' | b'V' | b'M' | b'D' => pass(input, header.size()?)?,
            _ => {
                if member(input, &header, std::mem::take(&mut extended), visit)?.is_break() {
                    return Ok(Break(()));
                }
            }
        }
    }
    Ok(Continue(()))
}

/// The next header; none at the end, which is a block of zeros or nothing more.
fn next_block(input: &mut dyn Read) -> Result<Option<[u8; BLOCK]>> {
    let mut block = Vec::with_capacity(BLOCK);
    input.take(BLOCK as u64).read_to_end(&mut block)?;
    if block.is_empty() {
        return Ok(None);
    }
    match <[u8; BLOCK]>::try_from(block) {
        Ok(block) => Ok(block.iter().any(|byte| *byte != 0).then_some(block)),
        Err(_) => broken("it is cut off"),
    }
}

fn member(input: &mut dyn Read, header: &Header<'_>, extended: Extended, visit: &mut Visit<'_>) -> Result<Flow> {
    let path = extended.path.unwrap_or_else(|| header.path());
    let target = || {
        let link = extended.link.clone().unwrap_or_else(|| header.link().to_vec());
        String::from_utf8_lossy(&link).into_owned()
    };
    let kind = match header.kind() {
        b'0' | 0 if path.ends_with(b"/") => Kind::Folder,
        b'0' | 0 | b'7' if extended.sparse => Kind::Other("a sparse file, which is not read here"),
        b'0' | 0 | b'7' => Kind::File,
        b'1' => Kind::HardLink(target()),
        b'2' => Kind::Symlink(target()),
        b'5' => Kind::Folder,
        b'S' => Kind::Other("a sparse file, which is not read here"),
        b'3' | b'4' => Kind::Other("a device"),
        b'6' => Kind::Other("a named pipe"),
        _ => Kind::Other("of a kind that is not known here"),
    };
    // Links, folders and devices have no content, whatever their headers say of a size.
    let size = match header.kind() {
        b'1'..=b'6' => 0,
        _ => extended.size.map_or_else(|| header.size(), Ok)?,
    };
    let mut content = input.take(size);
    let flow = visit(Member::new(&path, kind, size), &mut content)?;
    if flow.is_continue() {
        let left = content.limit();
        skip(input, left)?;
        padding(input, size)?;
    }
    Ok(flow)
}

fn long_name(input: &mut dyn Read, header: &Header<'_>) -> Result<Vec<u8>> {
    Ok(until_zero(&content(input, header)?).to_vec())
}

fn content(input: &mut dyn Read, header: &Header<'_>) -> Result<Vec<u8>> {
    let size = header.size()?;
    let content = small(input, size, LONGEST, "an extended tar header")?;
    padding(input, size)?;
    Ok(content)
}

fn pass(input: &mut dyn Read, size: u64) -> Result<()> {
    skip(input, size)?;
    padding(input, size)
}

/// Content is filled up to whole blocks; the last one may be missing.
fn padding(input: &mut dyn Read, size: u64) -> Result<()> {
    let fill = (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64;
    std::io::copy(&mut input.take(fill), &mut std::io::sink())?;
    Ok(())
}
