//! cpio of the kind `newc` (cpio(5)): what packages of RPM hold and an initrd is made of.
//!
//! An initrd is any number of archives behind each other, with zeros between them, each plain or compressed.

use crate::{
    Flow, Kind, Member, Result, Visit,
    bytes::{array, skip, small, until_zero},
    compressed::{Budget, Compression, Streams},
    error::broken,
    peek::Peek,
    walk::Compressed,
};
use std::{
    io::{self, Read},
    ops::ControlFlow::{Break, Continue},
};

const HEADER: u64 = 110;
const TRAILER: &[u8] = b"TRAILER!!!";
/// The longest path or link target.
const LONGEST: u64 = 64 << 10;

/// Without checksums, and with them.
pub(crate) fn is(head: &[u8]) -> bool {
    head.starts_with(b"070701") || head.starts_with(b"070702")
}

/// Compression that an initrd may have and that is not read here.
pub(crate) fn other_compression(head: &[u8]) -> Option<&'static str> {
    match head {
        [2, 0x21, 0x4c, 0x18, ..] | [4, 0x22, 0x4d, 0x18, ..] => Some("compressed by lz4, which is not read here"),
        [0x89, b'L', b'Z', b'O', ..] => Some("compressed by lzo, which is not read here"),
        [0x5d, 0, 0, ..] => Some("compressed by lzma, which is not read here"),
        _ => None,
    }
}

/// Archives until something else comes, or nothing.
pub(crate) fn walk(input: &mut Peek<'_>, budget: &Budget, visit: &mut Visit<'_>, depth: Compressed) -> Result<Flow> {
    let mut segment = 0;
    loop {
        input.skip_zeros()?;
        let head = input.peek(6)?;
        let flow = match Compression::of(head) {
            Some(compression) if depth == Compressed::Not => {
                let mut streams = Streams::new(compression, input, budget)?;
                let mut inner = Peek::new(&mut streams);
                let flow = walk(&mut inner, budget, visit, Compressed::Once)?;
                if flow.is_continue() {
                    // The checksum of all stands at the end.
                    io::copy(&mut inner, &mut io::sink())?;
                }
                flow
            }
            _ if is(head) => archive(input, segment, visit)?,
            _ => match other_compression(head) {
                Some(why) => return broken(why),
                // A boot configuration, or a signature.
                None => return Ok(Continue(())),
            },
        };
        if flow.is_break() {
            return Ok(flow);
        }
        segment += 1;
    }
}

/// One archive up to its trailer.
fn archive(input: &mut dyn Read, segment: u32, visit: &mut Visit<'_>) -> Result<Flow> {
    loop {
        let head = Head::read(input)?;
        let name = small(input, head.name_size.into(), LONGEST, "a path")?;
        padding(input, HEADER + u64::from(head.name_size))?;
        let path = until_zero(&name);
        if path == TRAILER {
            return Ok(Continue(()));
        }
        if member(input, &head, path, segment, visit)?.is_break() {
            return Ok(Break(()));
        }
    }
}

fn member(input: &mut dyn Read, head: &Head, path: &[u8], segment: u32, visit: &mut Visit<'_>) -> Result<Flow> {
    let size = u64::from(head.size);
    let kind = match head.mode & 0o170_000 {
        0o100_000 => Kind::File,
        0o040_000 => Kind::Folder,
        0o120_000 => {
            let target = small(input, size, LONGEST, "a link's target")?;
            padding(input, size)?;
            let target = String::from_utf8_lossy(until_zero(&target)).into_owned();
            return visit(Member::new(path, Kind::Symlink(target), 0), &mut io::empty());
        }
        0o010_000 => Kind::Other("a named pipe"),
        0o140_000 => Kind::Other("a socket"),
        _ => Kind::Other("a device"),
    };
    let mut content = input.take(size);
    let mut member = Member::new(path, kind, size);
    member.same = (head.links > 1).then_some([segment, head.device.0, head.device.1, head.inode]);
    let flow = visit(member, &mut content)?;
    if flow.is_continue() {
        let left = content.limit();
        skip(input, left)?;
        padding(input, size)?;
    }
    Ok(flow)
}

/// Names and contents are filled up to whole words.
fn padding(input: &mut dyn Read, size: u64) -> Result<()> {
    skip(input, (4 - size % 4) % 4)
}

struct Head {
    inode: u32,
    mode: u32,
    links: u32,
    size: u32,
    device: (u32, u32),
    name_size: u32,
}

impl Head {
    /// Thirteen numbers of eight hexadecimal digits behind the magic.
    fn read(input: &mut dyn Read) -> Result<Head> {
        let bytes: [u8; HEADER as usize] = array(input)?;
        if !is(&bytes) {
            return broken("a cpio header does not begin with 070701");
        }
        let number = |field: usize| {
            let digits = bytes.get(6 + 8 * field..14 + 8 * field).and_then(|digits| std::str::from_utf8(digits).ok());
            match digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
                Some(number) => Ok(number),
                None => broken("a cpio header has something else than hexadecimal digits"),
            }
        };
        Ok(Head {
            inode: number(0)?,
            mode: number(1)?,
            links: number(4)?,
            size: number(6)?,
            device: (number(7)?, number(8)?),
            name_size: number(11)?,
        })
    }
}
