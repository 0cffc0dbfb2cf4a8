//! Byte ranges (RFC 9110 section 14): one range of bytes, which is what boot clients and resumed downloads ask for.

use axum::http::{HeaderMap, header};

/// Which part of the content is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it. Also for what we do not serve in parts: several ranges, or other units (section 14.2 allows it).
    Whole,
    /// From the first to the last byte, both included.
    Bytes(u64, u64),
    /// Nothing of it exists: 416.
    Unsatisfiable,
}

/// Reads the `Range` header for content of `size` bytes. `If-Range` with another tag asks for the whole.
pub(super) fn part(headers: &HeaderMap, size: u64, etag: &str) -> Part {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(range) = text(header::RANGE).and_then(|range| range.trim().strip_prefix("bytes=")) else {
        return Part::Whole;
    };
    if text(header::IF_RANGE).is_some_and(|tag| tag != etag) {
        return Part::Whole;
    }
    let Some((first, last)) = range.split_once('-').filter(|_| !range.contains(',')) else { return Part::Whole };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let (first, last) = match (first.trim().is_empty(), number(first), last.trim().is_empty(), number(last)) {
        (false, Some(first), true, _) => (first, size.saturating_sub(1)),
        (false, Some(first), false, Some(last)) if last >= first => (first, last.min(size.saturating_sub(1))),
        (true, _, false, Some(count)) if count > 0 => (size.saturating_sub(count), size.saturating_sub(1)),
        (true, _, false, Some(_)) => return Part::Unsatisfiable,
        _ => return Part::Whole,
    };
    if first >= size { Part::Unsatisfiable } else { Part::Bytes(first, last) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(range: &str, size: u64) -> Part {
        let headers = HeaderMap::from_iter([(header::RANGE, range.parse().unwrap())]);
        part(&headers, size, "\"tag\"")
    }

    #[test]
    fn the_forms_of_a_range() {
        assert_eq!(asked("bytes=0-99", 1000), Part::Bytes(0, 99));
        assert_eq!(asked("bytes=900-", 1000), Part::Bytes(900, 999));
        assert_eq!(asked("bytes=-100", 1000), Part::Bytes(900, 999));
        assert_eq!(asked("bytes=-5000", 1000), Part::Bytes(0, 999));
        assert_eq!(asked("bytes=990-5000", 1000), Part::Bytes(990, 999));
    }

    #[test]
    fn what_cannot_be_given() {
        assert_eq!(asked("bytes=1000-", 1000), Part::Unsatisfiable);
        assert_eq!(asked("bytes=0-", 0), Part::Unsatisfiable);
        assert_eq!(asked("bytes=-0", 1000), Part::Unsatisfiable);
        for odd in ["bytes=5-2", "bytes=a-b", "bytes=-", "bytes=0-1,5-6", "lines=1-2", "bytes=99999999999999999999-"] {
            assert_eq!(asked(odd, 1000), Part::Whole, "{odd}");
        }
    }

    #[test]
    fn a_resumed_download_of_other_content_starts_over() {
        let mut headers = HeaderMap::from_iter([(header::RANGE, "bytes=5-".parse().unwrap())]);
        headers.insert(header::IF_RANGE, "\"other\"".parse().unwrap());
        assert_eq!(part(&headers, 10, "\"tag\""), Part::Whole);
    }
}
