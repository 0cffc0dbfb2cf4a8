//! Heads of answers.

use crate::store::Meta;
use std::fmt::Write;

/// A head being written.
pub(super) struct Head(String);

impl Head {
    pub(super) fn new(status: u16) -> Head {
        Head(format!("HTTP/1.1 {status} {}\r\n", reason(status)))
    }

    #[must_use]
    pub(super) fn with(mut self, name: &str, value: impl std::fmt::Display) -> Head {
        let _ = write!(self.0, "{name}: {value}\r\n");
        self
    }

    #[must_use]
    pub(super) fn maybe(self, name: &str, value: Option<&str>) -> Head {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// What is known of content.
    #[must_use]
    pub(super) fn of(self, meta: &Meta) -> Head {
        let head = self.maybe("Content-Type", meta.kind.as_deref()).maybe("ETag", meta.etag.as_deref());
        head.maybe("Last-Modified", meta.modified.as_deref())
    }

    /// Ends it, and says whether the connection goes on.
    pub(super) fn end(self, keep_alive: bool) -> Vec<u8> {
        let head = self.with("Connection", if keep_alive { "keep-alive" } else { "close" });
        (head.0 + "\r\n").into_bytes()
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        206 => "Partial Content",
        304 => "Not Modified",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        416 => "Range Not Satisfiable",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "Answer",
    }
}
