//! A request's head (RFC 9112): from bytes to what a connection has to know. Pure.
//!
//! It is strict where two readers could see two different requests: lines end in CRLF and nothing else, a body has one
//! length told in one way, lines are not folded. Whoever sends otherwise is refused and the connection closed, because
//! nobody can say where the next request begins (section 11.2).

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, Version, header};

/// The longest head, in bytes, with its blank line.
pub(super) const HEAD_LIMIT: usize = 16 << 10;

/// The most fields that a head may have.
const FIELDS: usize = 64;

/// Why a request is not answered: what is said, and the connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused(pub(super) StatusCode, pub(super) &'static str);

impl Refused {
    pub(super) const fn bad(why: &'static str) -> Refused {
        Refused(StatusCode::BAD_REQUEST, why)
    }
}

/// How the end of the request's body is known (section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    /// This many bytes; none where the head does not say.
    Exact(u64),
    /// The body itself says.
    Chunked,
}

/// One request's head.
#[derive(Debug)]
pub(super) struct Head {
    /// Method, target, version and fields.
    pub(super) request: Request<()>,
    pub(super) length: Length,
    /// Whether the client can take another response on this connection.
    pub(super) keep_alive: bool,
    /// Whether the client waits for `100 Continue` before it sends the body.
    pub(super) expects_continue: bool,
}

/// Looks for the end of a head, and remembers what it has seen: a head that comes byte by byte is read once.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Everything before this was seen.
    seen: usize,
    /// Where the current line begins.
    line: usize,
    /// Whether there was a line that is not empty. Empty ones before the request are ignored (section 2.2).
    begun: bool,
}

impl Scan {
    /// The length of the head, once all of it is there. `bytes` begin with what the last call was given.
    pub(super) fn end(&mut self, bytes: &[u8]) -> Result<Option<usize>, Refused> {
        while let Some(n) = bytes.get(self.seen..).and_then(|rest| rest.iter().position(|byte| *byte == b'\n')) {
            let newline = self.seen + n;
            let line = bytes.get(self.line..newline).unwrap_or_default();
            let Some(line) = line.strip_suffix(b"\r").filter(|line| !line.contains(&b'\r')) else {
                return Err(Refused::bad("a line of the head does not end in CRLF"));
            };
            (self.seen, self.line) = (newline + 1, newline + 1);
            match line {
                [] if self.begun => return within_limit(self.seen).map(|()| Some(self.seen)),
                [] => {}
                _ => self.begun = true,
            }
        }
        self.seen = bytes.len();
        within_limit(self.seen).map(|()| None)
    }
}

fn within_limit(length: usize) -> Result<(), Refused> {
    let too_long = Refused(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "the head is longer than 16 KiB");
    if length > HEAD_LIMIT { Err(too_long) } else { Ok(()) }
}

/// Reads a whole head, as [`Scan::end`] found it.
pub(super) fn parse(bytes: &[u8]) -> Result<Head, Refused> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut parsed = httparse::Request::new(&mut fields);
    match parsed.parse(bytes) {
        Ok(httparse::Status::Complete(length)) if length == bytes.len() => {}
        Ok(_) => return Err(Refused::bad("the head does not end where its lines end")),
        Err(error) => return Err(refusal(error)),
    }
    let (Some(method), Some(target), Some(minor)) = (parsed.method, parsed.path, parsed.version) else {
        return Err(Refused::bad("the head has no request line"));
    };
    let mut request = Request::new(());
    *request.method_mut() =
        Method::from_bytes(method.as_bytes()).map_err(|_| Refused::bad("the method is malformed"))?;
    *request.uri_mut() = Uri::try_from(target).map_err(|_| Refused::bad("the target is malformed"))?;
    *request.version_mut() = if minor == 0 { Version::HTTP_10 } else { Version::HTTP_11 };
    *request.headers_mut() = field_map(parsed.headers)?;
    checked(request)
}

fn refusal(error: httparse::Error) -> Refused {
    use httparse::Error;
    match error {
        Error::TooManyHeaders => {
            Refused(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "the head has more than 64 fields")
        }
        Error::Version => Refused(StatusCode::HTTP_VERSION_NOT_SUPPORTED, "only HTTP/1.0 and HTTP/1.1 are spoken here"),
        Error::HeaderName => Refused::bad("a field's name is malformed, or a line is folded"),
        Error::HeaderValue => Refused::bad("a field's value is malformed"),
        _ => Refused::bad("the request line is malformed"),
    }
}

fn field_map(fields: &[httparse::Header<'_>]) -> Result<HeaderMap, Refused> {
    let mut map = HeaderMap::with_capacity(fields.len());
    for field in fields {
        let name = HeaderName::from_bytes(field.name.as_bytes());
        let value = HeaderValue::from_bytes(field.value);
        let (Ok(name), Ok(value)) = (name, value) else { return Err(Refused::bad("a field is malformed")) };
        map.append(name, value);
    }
    Ok(map)
}

/// What the fields say of the connection and the body.
fn checked(request: Request<()>) -> Result<Head, Refused> {
    let (fields, old) = (request.headers(), request.version() == Version::HTTP_10);
    // A request goes to the host that it names: two names, two readings (section 3.2).
    let hosts = fields.get_all(header::HOST).iter().count();
    if hosts > 1 || (hosts == 0 && !old) {
        return Err(Refused::bad("exactly one Host is needed"));
    }
    let length = body_length(fields, old)?;
    let keep_alive = !has_token(fields, &header::CONNECTION, "close")
        && (!old || has_token(fields, &header::CONNECTION, "keep-alive"));
    let expects_continue = match fields.get(header::EXPECT) {
        None => false,
        Some(value) if value.as_bytes().eq_ignore_ascii_case(b"100-continue") => !old,
        Some(_) => return Err(Refused(StatusCode::EXPECTATION_FAILED, "only 100-continue can be expected")),
    };
    Ok(Head { length, keep_alive, expects_continue, request })
}

fn body_length(fields: &HeaderMap, old: bool) -> Result<Length, Refused> {
    let (mut codings, mut lengths) =
        (fields.get_all(header::TRANSFER_ENCODING).iter(), fields.get_all(header::CONTENT_LENGTH).iter());
    match (codings.next(), lengths.next()) {
        (None, None) => Ok(Length::Exact(0)),
        (Some(_), Some(_)) => Err(Refused::bad("both Content-Length and Transfer-Encoding")),
        (Some(_), None) if old => Err(Refused::bad("HTTP/1.0 has no Transfer-Encoding")),
        (Some(coding), None) => {
            let chunked = codings.next().is_none() && coding.as_bytes().eq_ignore_ascii_case(b"chunked");
            let refused = Refused(StatusCode::NOT_IMPLEMENTED, "the only transfer coding known here is chunked");
            if chunked { Ok(Length::Chunked) } else { Err(refused) }
        }
        (None, Some(_)) if lengths.next().is_some() => Err(Refused::bad("more than one Content-Length")),
        (None, Some(length)) => digits(length.as_bytes()).map(Length::Exact),
    }
}

/// Digits and nothing else: no sign, no list, no space between them.
fn digits(text: &[u8]) -> Result<u64, Refused> {
    let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let number = std::str::from_utf8(text).ok().filter(|_| digits).and_then(|text| text.parse().ok());
    number.ok_or(Refused::bad("the Content-Length is not a number"))
}

fn has_token(fields: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let tokens = fields.get_all(name).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    tokens.into_iter().any(|found| found.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads a head that ends with the text.
    fn read(text: &str) -> Result<Head, StatusCode> {
        let status = |refused: Refused| refused.0;
        match Scan::default().end(text.as_bytes()).map_err(status)? {
            Some(end) => parse(&text.as_bytes()[..end]).map_err(status),
            None => panic!("{text:?} is not whole"),
        }
    }

    fn refused(text: &str) -> u16 {
        read(text).map(|head| head.length).expect_err(text).as_u16()
    }

    #[test]
    fn an_ordinary_request() {
        let head = read("GET /asset/linux HTTP/1.1\r\nHost: 10.20.0.1\r\nRange: bytes=0-9\r\n\r\n").unwrap();
        assert_eq!((head.request.method(), head.request.uri().path()), (&Method::GET, "/asset/linux"));
        assert_eq!(head.request.headers()[header::RANGE], "bytes=0-9");
        assert_eq!((head.length, head.keep_alive, head.expects_continue), (Length::Exact(0), true, false));
        assert!(read("\r\n\r\nGET / HTTP/1.0\r\n\r\n").is_ok(), "empty lines before a request are ignored");
    }

    #[test]
    fn when_a_connection_is_kept() {
        let kept = |version: &str, connection: &str| {
            read(&format!("GET / {version}\r\nHost: a\r\nConnection: {connection}\r\n\r\n")).unwrap().keep_alive
        };
        assert!(kept("HTTP/1.1", "") && kept("HTTP/1.1", "keep-alive") && kept("HTTP/1.0", "Keep-Alive, TE"));
        assert!(!kept("HTTP/1.0", "") && !kept("HTTP/1.1", "TE, Close") && !kept("HTTP/1.0", "keep-alive, close"));
    }

    #[test]
    fn how_long_a_body_is() {
        let length = |fields: &str| read(&format!("POST /r/1 HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n")).unwrap();
        assert_eq!(length("Content-Length: 12").length, Length::Exact(12));
        assert_eq!(length("Transfer-Encoding: Chunked").length, Length::Chunked);
        assert!(length("Content-Length: 12\r\nExpect: 100-continue").expects_continue);
    }

    #[test]
    fn what_two_readers_could_read_in_two_ways_is_refused() {
        for fields in [
            "Content-Length: 3\r\nTransfer-Encoding: chunked",
            "Content-Length: 3\r\nContent-Length: 3",
            "Content-Length: 3\r\nContent-Length: 4",
            "Content-Length: 3, 3",
            "Content-Length: +3",
            "Content-Length: 0x3",
            "Content-Length: ",
            "Content-Length: 99999999999999999999",
            "Content-Length : 3",
            "X: a\r\n folded",
            "X: a\nY: b",
            "X: a\rY: b",
            "X: a\0b",
            "X\0: b",
            ": nameless",
            "no colon",
            "Host: again",
        ] {
            assert_eq!(refused(&format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n")), 400, "{fields:?}");
        }
        assert_eq!(refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
        for fields in ["gzip, chunked", "chunked, chunked", "xchunked", "chunked\r\nTransfer-Encoding: chunked"] {
            let text = format!("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: {fields}\r\n\r\n");
            assert_eq!(refused(&text), 501, "{fields:?}");
        }
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for text in ["GET / HTTP/1.1\r\n\r\n", "GET /\r\n\r\n", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "\n", "G@T\n"] {
            assert_eq!(refused(text), 400, "{text:?}");
        }
        assert_eq!(refused("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505);
        assert_eq!(refused("GET / HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\n\r\n"), 417);
        let many = "X: y\r\n".repeat(FIELDS);
        assert_eq!(refused(&format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n")), 431);
        assert_eq!(refused(&format!("GET /{} HTTP/1.1\r\n", "a".repeat(HEAD_LIMIT))), 431);
        assert_eq!(refused(&format!("GET /{}", "a".repeat(HEAD_LIMIT))), 431);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
            let _ = parse(&bytes);
            let _ = Scan::default().end(&bytes);
        }

        #[test]
        fn where_the_bytes_are_split_makes_no_difference(
            text in "(GET|POST) /[a-z]{0,9} HTTP/1[.][01]\r\n([A-Za-z]{1,6}: [ -~]{0,9}(\r\n|\n|\r\n )){0,4}\r\n.{0,5}",
            splits in prop::collection::vec(0..200usize, 0..6),
        ) {
            let bytes = text.as_bytes();
            let whole = Scan::default().end(bytes);
            let mut scan = Scan::default();
            let mut splits = splits;
            splits.sort_unstable();
            let mut found = Ok(None);
            for end in splits.into_iter().map(|end| end.min(bytes.len())).chain([bytes.len()]) {
                found = scan.end(&bytes[..end]);
                if !matches!(found, Ok(None)) {
                    break;
                }
            }
            prop_assert_eq!(found, whole);
        }
    }
}
