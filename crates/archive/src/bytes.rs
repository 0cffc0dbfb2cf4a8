//! Reading small things of known length from what may be cut off or hostile.

use crate::{Result, error::broken};
use std::io::{self, Read};

/// `N` bytes.
pub(crate) fn array<const N: usize>(reader: &mut (impl Read + ?Sized)) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// `size` bytes, when that is at most `limit`. Memory grows with what is there, not with what is claimed.
pub(crate) fn small(reader: &mut (impl Read + ?Sized), size: u64, limit: u64, what: &str) -> Result<Vec<u8>> {
    if size > limit {
        return broken(format!("{what} of {size} bytes"));
    }
    let mut bytes = Vec::new();
    reader.take(size).read_to_end(&mut bytes)?;
    if (bytes.len() as u64) < size {
        return broken("it is cut off");
    }
    Ok(bytes)
}

/// Passes over `size` bytes.
pub(crate) fn skip(reader: &mut (impl Read + ?Sized), size: u64) -> Result<()> {
    let passed = io::copy(&mut reader.take(size), &mut io::sink())?;
    if passed < size { broken("it is cut off") } else { Ok(()) }
}

/// Little-endian numbers within a slice; zero behind its end, where nothing can be.
pub(crate) fn le16(bytes: &[u8], at: usize) -> u16 {
    field(bytes, at).map_or(0, u16::from_le_bytes)
}

/// See [`le16`].
pub(crate) fn le32(bytes: &[u8], at: usize) -> u32 {
    field(bytes, at).map_or(0, u32::from_le_bytes)
}

/// See [`le16`].
pub(crate) fn le64(bytes: &[u8], at: usize) -> u64 {
    field(bytes, at).map_or(0, u64::from_le_bytes)
}

/// Big-endian.
pub(crate) fn be32(bytes: &[u8], at: usize) -> u32 {
    field(bytes, at).map_or(0, u32::from_be_bytes)
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

/// What stands before the first zero byte.
pub(crate) fn until_zero(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}
