//! Ranges (RFC 9110 section 14): one, of bytes. Anything else is answered with the whole.

use std::ops::Range;

/// Which bytes to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Whole,
    Some(Range<u64>),
    /// There is nothing there: 416.
    Nothing,
}

/// What a `Range` header means for content of this size.
pub(super) fn part(header: Option<&str>, size: u64) -> Part {
    let Some((first, last)) =
        header.and_then(|text| text.strip_prefix("bytes=")).and_then(|range| range.split_once('-'))
    else {
        return Part::Whole;
    };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    match (number(first), number(last)) {
        (Some(first), _) if last.trim().is_empty() => within(first, size, size),
        (Some(first), Some(last)) if first <= last => within(first, last.saturating_add(1), size),
        (None, Some(count)) if first.trim().is_empty() => within(size.saturating_sub(count), size, size),
        _ => Part::Whole,
    }
}

fn within(first: u64, end: u64, size: u64) -> Part {
    if first >= size { Part::Nothing } else { Part::Some(first..end.min(size)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ranges() {
        let of = |text: &str| part(Some(text), 10);
        assert_eq!(of("bytes=0-3"), Part::Some(0..4));
        assert_eq!(of("bytes=5-"), Part::Some(5..10));
        assert_eq!(of("bytes=-3"), Part::Some(7..10));
        assert_eq!(of("bytes=8-99"), Part::Some(8..10));
        assert_eq!(of("bytes=10-"), Part::Nothing);
        for odd in ["bytes=3-1", "bytes=0-1,4-5", "lines=1-2", "bytes=a-", ""] {
            assert_eq!(of(odd), Part::Whole, "{odd}");
        }
    }

    proptest! {
        #[test]
        fn a_part_lies_within(text in "bytes=[0-9]{0,21}-[0-9]{0,21}", size: u64) {
            if let Part::Some(range) = part(Some(&text), size) {
                prop_assert!(range.start < range.end && range.end <= size);
            }
        }
    }
}
