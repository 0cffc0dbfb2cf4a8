//! The chunked transfer coding of a request's body (RFC 9112 section 7.1), piece by piece. Pure. Extensions and trailer
//! fields are read over.

use super::head::Refused;

/// The most bytes that may be spent on sizes, extensions and trailers: a body of one-byte chunks is no use to anybody.
const OVERHEAD: usize = 8 << 10;

/// Where in the coding the next byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Among the digits of a size, of which there were some already.
    Size {
        size: u64,
        digits: u8,
    },
    /// In what follows a size.
    Extension {
        size: u64,
    },
    /// At the LF of a size's line.
    SizeEnd {
        size: u64,
    },
    /// In data, of which this much is left.
    Data(u64),
    /// At the CR, or the LF, after data.
    DataCr,
    DataLf,
    /// In the trailer, at a line's beginning or not.
    Trailer {
        empty: bool,
    },
    /// At the LF of a trailer's line.
    TrailerEnd {
        empty: bool,
    },
    /// Behind the last byte.
    End,
}

/// A decoder of one body.
#[derive(Debug)]
pub(super) struct Chunked {
    at: At,
    overhead: usize,
}

impl Chunked {
    pub(super) fn new() -> Chunked {
        Chunked { at: At::Size { size: 0, digits: 0 }, overhead: 0 }
    }

    /// True when the whole body has been decoded.
    pub(super) fn is_done(&self) -> bool {
        self.at == At::End
    }

    /// Decodes as much of `input` as belongs to the body, and appends the data to `out`. Tells how much of `input` that
    /// was. Refuses a body longer than `limit`.
    pub(super) fn decode(&mut self, input: &[u8], out: &mut Vec<u8>, limit: usize) -> Result<usize, Refused> {
        let mut rest = input;
        while let (false, Some((byte, after))) = (self.is_done(), rest.split_first()) {
            rest = match self.at {
                At::Data(left) => {
                    let here = rest.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                    let (data, after) = rest.split_at_checked(here).unwrap_or((rest, &[]));
                    out.extend_from_slice(data);
                    let left = left.saturating_sub(here as u64);
                    self.at = if left == 0 { At::DataCr } else { At::Data(left) };
                    after
                }
                at => {
                    self.at = next(at, *byte)?;
                    self.overhead += 1;
                    after
                }
            };
            self.check(out.len(), limit)?;
        }
        Ok(input.len() - rest.len())
    }

    fn check(&self, decoded: usize, limit: usize) -> Result<(), Refused> {
        if self.overhead > OVERHEAD {
            return Err(Refused::bad("too many chunks, or too long a trailer"));
        }
        let left = if let At::Data(left) = self.at { left } else { 0 };
        if (decoded as u64).saturating_add(left) > limit as u64 {
            return Err(super::inbound::TOO_LONG);
        }
        Ok(())
    }
}

fn next(at: At, byte: u8) -> Result<At, Refused> {
    const WRONG: Refused = Refused::bad("the body's chunks are malformed");
    Ok(match (at, byte) {
        (At::Size { size, digits }, byte) if byte.is_ascii_hexdigit() && digits < 15 => {
            let digit = char::from(byte).to_digit(16).unwrap_or_default();
            At::Size { size: size << 4 | u64::from(digit), digits: digits + 1 }
        }
        (At::Size { size, digits: 1.. } | At::Extension { size }, b'\r') => At::SizeEnd { size },
        (At::Size { size, digits: 1.. }, b';' | b' ' | b'\t') => At::Extension { size },
        (At::Extension { size }, byte) if byte != b'\n' && byte != 0 => At::Extension { size },
        (At::SizeEnd { size: 0 }, b'\n') => At::Trailer { empty: true },
        (At::SizeEnd { size }, b'\n') => At::Data(size),
        (At::DataCr, b'\r') => At::DataLf,
        (At::DataLf, b'\n') => At::Size { size: 0, digits: 0 },
        (At::Trailer { empty }, b'\r') => At::TrailerEnd { empty },
        (At::Trailer { .. }, byte) if byte != b'\n' && byte != 0 => At::Trailer { empty: false },
        (At::TrailerEnd { empty: true }, b'\n') => At::End,
        (At::TrailerEnd { empty: false }, b'\n') => At::Trailer { empty: true },
        _ => return Err(WRONG),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decoded(text: &str) -> Result<(String, usize), u16> {
        let (mut chunked, mut out) = (Chunked::new(), Vec::new());
        let used = chunked.decode(text.as_bytes(), &mut out, 100).map_err(|refused| refused.0.as_u16())?;
        assert!(chunked.is_done(), "{text:?} is not whole");
        Ok((String::from_utf8(out).unwrap(), used))
    }

    #[test]
    fn bodies() {
        assert_eq!(decoded("0\r\n\r\n"), Ok((String::new(), 5)));
        assert_eq!(
            decoded("3\r\nall\r\n0A;x=y\r\n is well\r\n\r\n0\r\nTrailer: x\r\n\r\nGET /"),
            Ok(("all is well\r\n".to_owned(), 45))
        );
    }

    #[test]
    fn malformed_ones() {
        for text in ["\r\n", "3\nall", "3\r\nallX", "g\r\n", "-1\r\n", "1000000000000000\r\n", "0\r\n\n", "3 \0\r\n"] {
            assert_eq!(decoded(text), Err(400), "{text:?}");
        }
        assert_eq!(decoded("65\r\n"), Err(413), "101 bytes, where 100 are taken");
        assert_eq!(decoded(&format!("1;{}", "x".repeat(OVERHEAD))), Err(400));
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces(pieces: Vec<Vec<u8>>) {
            let (mut chunked, mut out) = (Chunked::new(), Vec::new());
            for piece in &pieces {
                match chunked.decode(piece, &mut out, 50) {
                    Ok(used) => prop_assert!(used == piece.len() || chunked.is_done()),
                    Err(_) => break,
                }
            }
        }

        #[test]
        fn what_was_encoded_comes_out(data: Vec<Vec<u8>>, split in 0..60usize) {
            let mut text = Vec::new();
            for chunk in data.iter().filter(|chunk| !chunk.is_empty()) {
                text.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                text.extend_from_slice(chunk);
                text.extend_from_slice(b"\r\n");
            }
            text.extend_from_slice(b"0\r\n\r\n");
            let (first, second) = text.split_at(split.min(text.len()));
            let (mut chunked, mut out) = (Chunked::new(), Vec::new());
            for piece in [first, second] {
                prop_assert_eq!(chunked.decode(piece, &mut out, 1 << 20).unwrap(), piece.len());
            }
            prop_assert!(chunked.is_done());
            prop_assert_eq!(out, data.concat());
        }
    }
}
