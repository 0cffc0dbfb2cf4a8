//! The head of a request.

use std::io::{self, Read};

/// The longest head.
const LONGEST: usize = 16 << 10;
const HEADERS: usize = 64;

/// A request, as far as it matters here.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) target: String,
    /// HTTP/1.0.
    pub(super) old: bool,
    pub(super) keep_alive: bool,
    /// `Cache-Control: no-cache`.
    pub(super) anew: bool,
    pub(super) range: Option<String>,
    pub(super) if_range: Option<String>,
    pub(super) if_none_match: Option<String>,
    pub(super) if_modified_since: Option<String>,
    /// It comes with a body, which is not read.
    pub(super) has_body: bool,
}

/// The next request, taken from the front of `buffer`, which is filled as needed.
pub(super) enum Next {
    Request(Request),
    /// It is none; the connection has to end.
    Bad,
    /// The client has left.
    End,
}

pub(super) fn next(stream: &mut impl Read, buffer: &mut Vec<u8>) -> io::Result<Next> {
    loop {
        match parse(buffer) {
            Parsed::Request(request, length) => {
                buffer.drain(..length);
                return Ok(Next::Request(request));
            }
            Parsed::Bad => return Ok(Next::Bad),
            Parsed::More if buffer.len() >= LONGEST => return Ok(Next::Bad),
            Parsed::More => {
                let mut more = [0; 4096];
                match stream.read(&mut more)? {
                    0 => return Ok(if buffer.is_empty() { Next::End } else { Next::Bad }),
                    n => buffer.extend_from_slice(&more[..n]),
                }
            }
        }
    }
}

enum Parsed {
    Request(Request, usize),
    More,
    Bad,
}

fn parse(bytes: &[u8]) -> Parsed {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut head = httparse::Request::new(&mut headers);
    let length = match head.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Parsed::More,
        Err(_) => return Parsed::Bad,
    };
    let old = head.version == Some(0);
    let (Some(method), Some(target)) = (head.method, head.path) else { return Parsed::Bad };
    let mut request =
        Request { method: method.to_owned(), target: target.to_owned(), old, keep_alive: !old, ..Request::default() };
    for header in head.headers.iter() {
        let Ok(value) = std::str::from_utf8(header.value) else { continue };
        request.take(&header.name.to_ascii_lowercase(), value.trim());
    }
    Parsed::Request(request, length)
}

impl Request {
    fn take(&mut self, name: &str, value: &str) {
        let has = |word: &str| value.split(',').any(|part| part.trim().eq_ignore_ascii_case(word));
        match name {
            "connection" | "proxy-connection" if has("close") => self.keep_alive = false,
            "connection" | "proxy-connection" if has("keep-alive") => self.keep_alive = true,
            "cache-control" | "pragma" if has("no-cache") => self.anew = true,
            "range" => self.range = Some(value.to_owned()),
            "if-range" => self.if_range = Some(value.to_owned()),
            "if-none-match" => self.if_none_match = Some(value.to_owned()),
            "if-modified-since" => self.if_modified_since = Some(value.to_owned()),
            "transfer-encoding" => self.has_body = true,
            "content-length" if value != "0" => self.has_body = true,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn requests_that_came_together_are_taken_one_by_one() {
        let text = "GET http://d/x HTTP/1.1\r\nHost: d\r\nRange: bytes=5-\r\nCache-Control: max-age=0, no-cache\r\n\r\n\
                    HEAD /d/y HTTP/1.0\r\nIf-Modified-Since: yesterday\r\n\r\n";
        // In small pieces.
        let mut stream = text.as_bytes();
        let mut buffer = Vec::new();
        let mut read = || match next(&mut stream, &mut buffer).unwrap() {
            Next::Request(request) => Some(request),
            Next::Bad => panic!("a request"),
            Next::End => None,
        };
        let first = read().unwrap();
        assert_eq!((first.method.as_str(), first.target.as_str()), ("GET", "http://d/x"));
        assert!(first.keep_alive && first.anew && first.range.as_deref() == Some("bytes=5-"));
        let second = read().unwrap();
        assert!(second.old && !second.keep_alive && second.if_modified_since.as_deref() == Some("yesterday"));
        assert_eq!(read(), None);
    }

    proptest! {
        #[test]
        fn anything_is_a_request_or_none(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = next(&mut bytes.as_slice(), &mut Vec::new());
            let _ = next(&mut bytes.as_slice(), &mut b"GET / HTTP/1.1\r\n".to_vec());
        }
    }

    #[test]
    fn a_head_without_an_end_is_given_up() {
        let endless = vec![b'a'; 1 << 20];
        let mut buffer = b"GET / HTTP/1.1\r\nX: ".to_vec();
        assert!(matches!(next(&mut endless.as_slice(), &mut buffer).unwrap(), Next::Bad));
        assert!(buffer.len() < 32 << 10);
    }
}
