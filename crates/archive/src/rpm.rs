//! RPM packages: a lead, two headers, and a cpio archive, mostly compressed (RPM's docs/manual/format_v4).

use crate::{
    Flow, Result, Visit,
    bytes::{array, be32, skip},
    compressed::Budget,
    error::broken,
    peek::Peek,
    walk::{self, Compressed},
};

const LEAD: u64 = 96;
/// RPM's own limits for a header's index and store are 64 Ki entries and 256 MiB.
const LARGEST: u64 = 256 << 20;

pub(crate) fn is(head: &[u8]) -> bool {
    head.starts_with(&[0xed, 0xab, 0xee, 0xdb])
}

pub(crate) fn walk(input: &mut Peek<'_>, budget: &Budget, visit: &mut Visit<'_>) -> Result<Flow> {
    skip(input, LEAD)?;
    let signature = header(input)?;
    skip(input, (8 - signature % 8) % 8)?;
    header(input)?;
    if input.peek(6)?.starts_with(b"07070X") {
        return broken("a package with files over 4 GiB, whose payload is not plain cpio");
    }
    walk::stream(input, budget, visit, Compressed::Not)
}

/// Passes over a header, and tells its length: an index of 16 bytes for each entry, then what they point to.
fn header(input: &mut Peek<'_>) -> Result<u64> {
    let intro: [u8; 16] = array(input)?;
    if !intro.starts_with(&[0x8e, 0xad, 0xe8, 1]) {
        return broken("a header of RPM is not one");
    }
    let length = u64::from(be32(&intro, 8)) * 16 + u64::from(be32(&intro, 12));
    if length > LARGEST {
        return broken("a header of RPM is too large");
    }
    skip(input, length)?;
    Ok(length)
}
