//! A tar header: 512 bytes with fields at fixed places.

use crate::{Result, bytes::until_zero, error::broken};
use std::ops::Range;

use super::BLOCK;

const NAME: Range<usize> = 0..100;
const SIZE: Range<usize> = 124..136;
const CHECKSUM: Range<usize> = 148..156;
const KIND: usize = 156;
const LINK: Range<usize> = 157..257;
const MAGIC: Range<usize> = 257..263;
const PREFIX: Range<usize> = 345..500;

/// A header whose checksum is right.
pub(super) struct Header<'a>(&'a [u8; BLOCK]);

impl<'a> Header<'a> {
    pub(super) fn new(block: &'a [u8]) -> Option<Header<'a>> {
        let block: &[u8; BLOCK] = block.get(..BLOCK)?.try_into().ok()?;
        let blank = |(at, byte): (usize, &u8)| if CHECKSUM.contains(&at) { b' ' } else { *byte };
        let bytes = || block.iter().enumerate().map(blank);
        let sum: u64 = bytes().map(u64::from).sum();
        // Some old programs added signed bytes.
        let signed: i64 = bytes().map(|byte| i64::from(byte.cast_signed())).sum();
        let said = number(&block[CHECKSUM])?;
        let right = block[0] != 0 && (said == sum || i64::try_from(said) == Ok(signed));
        right.then_some(Header(block))
    }

    pub(super) fn kind(&self) -> u8 {
        self.0[KIND]
    }

    pub(super) fn size(&self) -> Result<u64> {
        match number(&self.0[SIZE]) {
            Some(size) => Ok(size),
            None => broken("a tar header has no size"),
        }
    }

    /// ustar keeps the front of a long path apart; in GNU's headers there are times instead.
    pub(super) fn path(&self) -> Vec<u8> {
        let name = until_zero(&self.0[NAME]);
        let prefix = if &self.0[MAGIC] == b"ustar\0" { until_zero(&self.0[PREFIX]) } else { b"" };
        if prefix.is_empty() { name.to_vec() } else { [prefix, b"/", name].concat() }
    }

    pub(super) fn link(&self) -> &[u8] {
        until_zero(&self.0[LINK])
    }
}

/// Octal digits, or with the first bit set a binary number (GNU's, for what is too large).
fn number(field: &[u8]) -> Option<u64> {
    let (first, rest) = field.split_first()?;
    if first & 0x80 != 0 {
        let (high, low) = rest.split_at_checked(rest.len().checked_sub(8)?)?;
        let fits = first & 0x7f == 0 && high.iter().all(|byte| *byte == 0);
        return fits.then_some(u64::from_be_bytes(low.try_into().ok()?));
    }
    let text = std::str::from_utf8(until_zero(field)).ok()?.trim();
    if text.is_empty() { Some(0) } else { u64::from_str_radix(text, 8).ok() }
}
