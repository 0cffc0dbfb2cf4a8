//! Unsigned varints (<https://github.com/multiformats/unsigned-varint>): seven bits a byte, the lowest first.

/// Longest form that the multiformats allow: 63 bits.
const MAX_BYTES: usize = 9;

/// Why the bytes do not begin with a varint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum VarintError {
    /// The last byte says that another follows.
    #[error("the bytes end within a number")]
    Short,
    /// More than 63 bits.
    #[error("a number is larger than 63 bits")]
    Long,
    /// Trailing zeros: another form of a number that has a shorter one, so that one CID would have two names.
    #[error("a number is not written in its shortest form")]
    Padded,
}

/// The number at the front of `bytes`, and what follows it.
pub(crate) fn take(bytes: &[u8]) -> Result<(u64, &[u8]), VarintError> {
    let mut value = 0;
    for (index, byte) in bytes.iter().take(MAX_BYTES).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return match (byte, index) {
                (0, 1..) => Err(VarintError::Padded),
                _ => Ok((value, bytes.get(index + 1..).unwrap_or_default())),
            };
        }
    }
    Err(if bytes.len() < MAX_BYTES { VarintError::Short } else { VarintError::Long })
}

/// Appends a number.
pub(crate) fn put(mut value: u64, to: &mut Vec<u8>) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_examples_of_the_specification() {
        for (value, bytes) in [(1, &[0x01][..]), (127, &[0x7f]), (128, &[0x80, 0x01]), (300, &[0xac, 0x02])] {
            assert_eq!(take(bytes), Ok((value, &[][..])));
        }
    }

    #[test]
    fn what_is_cut_or_padded_or_too_long_is_refused() {
        assert_eq!(take(&[]), Err(VarintError::Short));
        assert_eq!(take(&[0x80]), Err(VarintError::Short));
        assert_eq!(take(&[0x81, 0x00]), Err(VarintError::Padded));
        assert_eq!(take(&[0xff; 10]), Err(VarintError::Long));
    }

    proptest! {
        #[test]
        fn a_number_reads_back(value in 0..1_u64 << 63, rest: Vec<u8>) {
            let mut bytes = Vec::new();
            put(value, &mut bytes);
            bytes.extend(&rest);
            prop_assert_eq!(take(&bytes), Ok((value, &rest[..])));
        }
    }
}
