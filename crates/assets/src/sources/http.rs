//! HTTP and HTTPS (RFC 9110): ranges with `If-Range`, bounded redirects, and no answer taken for what it is not.
//!
//! It does not decode anything: a body that comes compressed though `identity` was asked for is refused, for its hash would
//! be that of something else. TLS is rustls with the roots of webpki-roots.

use super::{Ask, Patience, SourceError, Stream};
use std::{
    io::{self, Read},
    time::Duration,
};
use ureq::http::{HeaderMap, HeaderName, Response, StatusCode, header};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// As many as browsers follow half of.
const MOST_REDIRECTS: u32 = 10;
/// As many as are used at once.
const IDLE_CONNECTIONS: usize = 8;

#[derive(Debug)]
pub(super) struct Http {
    agent: ureq::Agent,
    stall: Duration,
}

impl Http {
    pub(super) fn new(patience: &Patience) -> Http {
        let config = ureq::Agent::config_builder()
            .timeout_connect(Some(CONNECT_TIMEOUT.min(patience.stall)))
            .timeout_recv_response(Some(patience.stall))
            .timeout_per_read(Some(patience.stall))
            .timeout_per_write(Some(patience.stall))
            .max_redirects(MOST_REDIRECTS)
            .max_idle_connections_per_host(IDLE_CONNECTIONS)
            .http_status_as_error(false)
            .accept_encoding("identity")
            .user_agent(concat!("firstlight/", env!("CARGO_PKG_VERSION")))
            .build();
        Http { agent: config.new_agent(), stall: patience.stall }
    }

    pub(super) fn open(&self, ask: &Ask<'_>) -> Result<Stream, SourceError> {
        let response = self.get(ask, [])?;
        self.stream(ask, response)
    }

    /// Asks, with these headers besides.
    pub(super) fn get(
        &self,
        ask: &Ask<'_>,
        headers: impl IntoIterator<Item = (HeaderName, String)>,
    ) -> Result<Response<ureq::Body>, SourceError> {
        let mut request = self.agent.get(ask.url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if ask.from > 0 {
            request = request.header(header::RANGE, format!("bytes={}-", ask.from));
            if let Some(validator) = ask.validator {
                request = request.header(header::IF_RANGE, validator);
            }
        }
        request.call().map_err(|error| self.failed(error))
    }

    /// The body of an answer in another form than that of a file, which is told apart by its `accept`. The whole must not
    /// take longer than `longest`.
    pub(super) fn body(
        &self,
        url: &str,
        accept: &str,
        longest: Option<Duration>,
    ) -> Result<impl Read + Send + use<>, SourceError> {
        let request = self.agent.get(url).header(header::ACCEPT, accept);
        let request = request.config().timeout_global(longest).build();
        let response = request.call().map_err(|error| self.failed(error))?;
        match response.status() {
            StatusCode::OK => {}
            other => return Err(SourceError::Status(other.as_u16())),
        }
        refuse_encoded(response.headers())?;
        refuse_page(response.headers(), url)?;
        let body = response.into_body().into_with_config().limit(u64::MAX).reader();
        Ok(Body { body, stall: self.stall })
    }

    /// The bytes of an answer.
    pub(super) fn stream(&self, ask: &Ask<'_>, response: Response<ureq::Body>) -> Result<Stream, SourceError> {
        let headers = response.headers();
        let (starts_at, total) = match response.status() {
            StatusCode::OK => (0, response.body().content_length()),
            StatusCode::PARTIAL_CONTENT => (ask.from, part(headers, ask.from)?),
            StatusCode::RANGE_NOT_SATISFIABLE => return nothing_left(headers, ask.from),
            other => return Err(SourceError::Status(other.as_u16())),
        };
        refuse_encoded(headers)?;
        refuse_page(headers, ask.url)?;
        let validator = validator(headers);
        let body = response.into_body().into_with_config().limit(u64::MAX).reader();
        let body = Box::new(Body { body, stall: self.stall });
        Ok(Stream { body, total, starts_at, validator, ..Stream::default() })
    }

    fn failed(&self, error: ureq::Error) -> SourceError {
        match error {
            ureq::Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => {
                SourceError::Unreachable("it takes too long".to_owned())
            }
            ureq::Error::Timeout(_) => SourceError::Stalled(self.stall),
            ureq::Error::TooManyRedirects => SourceError::Redirects(MOST_REDIRECTS),
            ureq::Error::HostNotFound => SourceError::Unreachable("there is no such host".to_owned()),
            ureq::Error::Io(error) => unreachable_by(&error),
            ureq::Error::Tls(why) => SourceError::Tls(why.to_owned()),
            ureq::Error::Rustls(why) => SourceError::Tls(why.to_string()),
            ureq::Error::BadUri(why) => SourceError::Final(format!("this is no URL that can be asked: {why}")),
            other => SourceError::Other(other.to_string()),
        }
    }
}

/// What rustls says of a certificate comes as an error of I/O.
fn unreachable_by(error: &io::Error) -> SourceError {
    match error.kind() {
        io::ErrorKind::InvalidData => SourceError::Tls(error.to_string()),
        _ => SourceError::Unreachable(error.to_string()),
    }
}

/// The whole length, from the `Content-Range` of an answer to a range (RFC 9110 section 14.4).
fn part(headers: &HeaderMap, from: u64) -> Result<Option<u64>, SourceError> {
    let text = text(headers, header::CONTENT_RANGE).unwrap_or_default();
    let wrong =
        || SourceError::WrongRange { asked: from, got: if text.is_empty() { "no range" } else { &text }.to_owned() };
    let (range, total) = text.strip_prefix("bytes ").and_then(|rest| rest.split_once('/')).ok_or_else(wrong)?;
    let (first, last) = range.split_once('-').ok_or_else(wrong)?;
    let (first, last): (u64, u64) = first.parse().ok().zip(last.parse().ok()).ok_or_else(wrong)?;
    let total: Option<u64> = total.parse().ok();
    let to_the_end = total.is_none_or(|total| last.checked_add(1) == Some(total));
    // An answer in parts nobody asked for, or to another question.
    if from == 0 || first != from || !to_the_end { Err(wrong()) } else { Ok(total) }
}

/// Asked for what comes after the last byte: all is here, where the lengths agree.
fn nothing_left(headers: &HeaderMap, from: u64) -> Result<Stream, SourceError> {
    let says = text(headers, header::CONTENT_RANGE).unwrap_or_default();
    match says.strip_prefix("bytes */").and_then(|total| total.parse::<u64>().ok()) {
        Some(total) if total == from && from > 0 => {
            let (body, validator) = (Box::new(io::empty()), validator(headers));
            Ok(Stream { body, total: Some(total), starts_at: from, validator, ..Stream::default() })
        }
        _ if from == 0 => Err(SourceError::Status(416)),
        _ => Err(SourceError::WrongRange { asked: from, got: "416 Range Not Satisfiable".to_owned() }),
    }
}

fn refuse_encoded(headers: &HeaderMap) -> Result<(), SourceError> {
    match text(headers, header::CONTENT_ENCODING) {
        Some(encoding) if !encoding.trim().eq_ignore_ascii_case("identity") && !encoding.trim().is_empty() => {
            Err(SourceError::Encoded(encoding.chars().filter(|c| c.is_ascii_graphic()).take(20).collect()))
        }
        _ => Ok(()),
    }
}

/// A page where nothing in the URL says that a page is wanted, as an index of a folder is.
fn refuse_page(headers: &HeaderMap, url: &str) -> Result<(), SourceError> {
    let kind = text(headers, header::CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
    let wanted = super::last_part(url).is_none_or(|name| name.ends_with(".html") || name.ends_with(".htm"));
    if kind.starts_with("text/html") && !wanted { Err(SourceError::Page) } else { Ok(()) }
}

/// A strong validator (RFC 9110 section 8.8): an ETag that is not weak, else the time of change.
fn validator(headers: &HeaderMap) -> Option<String> {
    let etag = text(headers, header::ETAG).filter(|tag| tag.starts_with('"'));
    etag.or_else(|| text(headers, header::LAST_MODIFIED)).filter(|text| text.len() <= 500)
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(|text| text.trim().to_owned())
}

/// A body whose failures say what they are.
struct Body<R> {
    body: R,
    stall: Duration,
}

impl<R: Read> Read for Body<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.body.read(buffer).map_err(|error| {
            let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<ureq::Error>());
            let timed_out = matches!(inner, Some(ureq::Error::Timeout(_))) || error.kind() == io::ErrorKind::TimedOut;
            if timed_out { io::Error::other(SourceError::Stalled(self.stall)) } else { error }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn only_the_part_that_was_asked_for_is_taken() {
        let of = |range: &str, from| part(&headers(&[(header::CONTENT_RANGE, range)]), from);
        assert_eq!(of("bytes 5-9/10", 5).unwrap(), Some(10));
        assert_eq!(of("bytes 5-9/*", 5).unwrap(), None);
        for (range, from) in [
            ("bytes 0-9/10", 5),
            ("bytes 5-8/10", 5),
            ("bytes 0-9/10", 0),
            ("bytes 5-18446744073709551615/*", 4),
            ("bytes 5-18446744073709551615/3", 5),
            ("lines 5-9/10", 5),
            ("", 5),
        ] {
            assert!(matches!(of(range, from), Err(SourceError::WrongRange { .. })), "{range} {from}");
        }
    }

    #[test]
    fn past_the_end_is_the_end_only_where_the_lengths_agree() {
        let of = |range: &str, from| nothing_left(&headers(&[(header::CONTENT_RANGE, range)]), from);
        assert_eq!(of("bytes */10", 10).unwrap().starts_at, 10);
        assert!(of("bytes */9", 10).is_err() && of("", 10).is_err() && of("bytes */0", 0).is_err());
    }

    #[test]
    fn what_is_no_file_is_refused() {
        let html = headers(&[(header::CONTENT_TYPE, "Text/HTML; charset=utf-8")]);
        assert!(matches!(refuse_page(&html, "https://x/vmlinuz"), Err(SourceError::Page)));
        assert!(refuse_page(&html, "https://x/a.html").is_ok() && refuse_page(&html, "https://x/a/").is_ok());
        let of = |encoding: &str| refuse_encoded(&headers(&[(header::CONTENT_ENCODING, encoding)]));
        assert!(matches!(of("gzip"), Err(SourceError::Encoded(how)) if how == "gzip"));
        assert!(of("identity").is_ok() && refuse_encoded(&HeaderMap::new()).is_ok());
        assert_eq!(validator(&headers(&[(header::ETAG, "W/\"a\"")])), None);
    }
}
