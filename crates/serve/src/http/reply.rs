//! A response's head as bytes (RFC 9112 section 4). Plain on purpose: GRUB 2.06 compares names of fields with their
//! capitals, and some firmware knows no chunks, so that what has a length says it.

use axum::http::{HeaderName, header, response::Parts};
use std::{
    io::Write,
    time::{SystemTime, UNIX_EPOCH},
};

/// How the client knows where the body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// There is none, and nothing is said of its length: 1xx, 204, 304.
    NoBody,
    /// After this many bytes.
    After(u64),
    /// The chunks say.
    Chunks,
    /// With the connection.
    Close,
}

/// The date, written once a second (RFC 9110 section 6.6.1).
#[derive(Debug, Default)]
pub(super) struct Date {
    second: u64,
    text: String,
}

impl Date {
    fn text(&mut self, now: SystemTime) -> &str {
        let second = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        if second != self.second || self.text.is_empty() {
            (self.second, self.text) = (second, httpdate::fmt_http_date(now));
        }
        &self.text
    }
}

/// Appends the head of a response. What concerns the connection and the length is said here and nowhere else.
/// `connection` is the value of that field, where one is needed.
pub(super) fn write_head(out: &mut Vec<u8>, parts: &Parts, end: End, connection: Option<&str>, date: &mut Date) {
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(parts.status.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(parts.status.canonical_reason().unwrap_or("Unknown").as_bytes());
    field(out, "Date", date.text(SystemTime::now()).as_bytes());
    let ours =
        [header::DATE, header::CONTENT_LENGTH, header::CONNECTION, header::TRANSFER_ENCODING].map(HeaderName::from);
    for (name, value) in parts.headers.iter().filter(|(name, _)| !ours.contains(name)) {
        out.extend_from_slice(b"\r\n");
        write_name(out, name);
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
    }
    match end {
        // Writing to a Vec cannot fail.
        End::After(length) => _ = write!(out, "\r\nContent-Length: {length}"),
        End::Chunks => field(out, "Transfer-Encoding", b"chunked"),
        End::NoBody | End::Close => {}
    }
    if let Some(connection) = connection {
        field(out, "Connection", connection.as_bytes());
    }
    out.extend_from_slice(b"\r\n\r\n");
}

fn field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
}

/// `content-type` as `Content-Type`.
fn write_name(out: &mut Vec<u8>, name: &HeaderName) {
    if *name == header::ETAG {
        return out.extend_from_slice(b"ETag");
    }
    let mut begins = true;
    for byte in name.as_str().bytes() {
        out.push(if begins { byte.to_ascii_uppercase() } else { byte });
        begins = byte == b'-';
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Response;

    #[test]
    fn a_head() {
        let response = Response::builder().status(206).header("content-type", "text/plain").header("etag", "\"1\"");
        let (parts, ()) = response.header("connection", "strange").body(()).unwrap().into_parts();
        let (mut out, mut date) = (Vec::new(), Date::default());
        write_head(&mut out, &parts, End::After(7), Some("close"), &mut date);
        let text = String::from_utf8(out).unwrap();
        let (first, rest) = text.split_once("\r\nDate: ").unwrap();
        let (date, rest) = rest.split_once("\r\n").unwrap();
        assert_eq!(first, "HTTP/1.1 206 Partial Content");
        assert!(date.ends_with(" GMT") && date.len() == 29, "{date}");
        assert_eq!(rest, "Content-Type: text/plain\r\nETag: \"1\"\r\nContent-Length: 7\r\nConnection: close\r\n\r\n");
    }
}
