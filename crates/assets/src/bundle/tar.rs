//! The tar of a bundle: plain files with fixed times and owners (POSIX ustar; sizes over 8 GiB as GNU has them). Only what
//! is written here is read here.

use std::io::{self, Read, Write};

const BLOCK: usize = 512;
/// The largest size in octal digits.
const OCTAL: u64 = 0o77_777_777_777;

/// The header of a file.
pub(super) fn header(name: &str, size: u64) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| {
        block.iter_mut().skip(at).zip(bytes).for_each(|(to, from)| *to = *from);
    };
    put(0, name.as_bytes());
    put(100, b"0000644\x000000000\x000000000\0");
    match size {
        0..=OCTAL => put(124, format!("{size:011o}\0").as_bytes()),
        _ => put(124, &[&[0x80, 0, 0, 0], size.to_be_bytes().as_slice()].concat()),
    }
    put(136, b"00000000000\0");
    put(148, b"        0");
    put(257, b"ustar\x0000");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block.iter_mut().skip(148).zip(format!("{sum:06o}\0 ").as_bytes()).for_each(|(to, from)| *to = *from);
    block
}

/// Ends a member: it is filled up to a whole block.
pub(super) fn pad(out: &mut dyn Write, size: u64) -> io::Result<()> {
    out.write_all(&[0; BLOCK][..padding(size)])
}

/// Ends the archive.
pub(super) fn end(out: &mut dyn Write) -> io::Result<()> {
    out.write_all(&[0; 2 * BLOCK])
}

/// The next member's name and size; `None` at the end.
pub(super) fn next(input: &mut dyn Read) -> io::Result<Option<(String, u64)>> {
    let mut block = [0; BLOCK];
    input.read_exact(&mut block)?;
    if block == [0; BLOCK] {
        return Ok(None);
    }
    let wrong = || io::Error::new(io::ErrorKind::InvalidData, "this is no header of a bundle");
    let name = block.split(|byte| *byte == 0).next().unwrap_or_default();
    let name = String::from_utf8(name.iter().take(100).copied().collect()).map_err(|_| wrong())?;
    let size = size(&block).ok_or_else(wrong)?;
    if header(&name, size) != block {
        return Err(wrong());
    }
    Ok(Some((name, size)))
}

fn size(block: &[u8; BLOCK]) -> Option<u64> {
    let field = block.get(124..136)?;
    if field.first() == Some(&0x80) {
        return Some(u64::from_be_bytes(field.get(4..)?.try_into().ok()?));
    }
    u64::from_str_radix(std::str::from_utf8(field.get(..11)?).ok()?, 8).ok()
}

/// Passes over a member's padding, after its content.
pub(super) fn skip_pad(input: &mut dyn Read, size: u64) -> io::Result<()> {
    input.read_exact(&mut vec![0; padding(size)])
}

fn padding(size: u64) -> usize {
    (BLOCK - (size % BLOCK as u64) as usize) % BLOCK
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_back_and_no_other() {
        for size in [0, 1, 511, OCTAL, OCTAL + 1, u64::MAX] {
            let block = header("sha256/ab", size);
            assert_eq!(next(&mut block.as_slice()).unwrap(), Some(("sha256/ab".to_owned(), size)));
            let mut other = block;
            other[300] = 1;
            assert!(next(&mut other.as_slice()).is_err());
        }
        assert_eq!(next(&mut [0; BLOCK].as_slice()).unwrap(), None);
        assert!(next(&mut [1; 100].as_slice()).is_err());
    }
}
