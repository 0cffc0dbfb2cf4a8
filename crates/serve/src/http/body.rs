//! Content as a response: GET and HEAD, ranges, entity tags; and the event when its last byte has been handed on.

use super::{
    range::{Part, part},
    shelf::{Shelf, Source},
};
use crate::Context;
use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use firstlight_boot::Content;
use firstlight_model::Mac;
use firstlight_state::{Protocol, Role, What};
use std::{io, ops::Range, sync::Arc, time::Instant};

/// What is being sent, to whom, for the record.
#[derive(Clone)]
pub(super) struct Parcel {
    pub(super) context: Context,
    pub(super) shelf: Arc<Shelf>,
    pub(super) mac: Option<Mac>,
    pub(super) role: Role,
    pub(super) name: String,
}

/// Answers a request for this content.
pub(super) fn respond(method: &Method, headers: &HeaderMap, content: &Content, parcel: Parcel) -> Response {
    let (source, etag) = match parcel.shelf.take(content) {
        Ok(ready) => ready,
        Err(error) => {
            tracing::error!("cannot serve {}: {error}", parcel.name);
            parcel.failed(error.to_string());
            return (StatusCode::SERVICE_UNAVAILABLE, "this file cannot be read at the moment\n").into_response();
        }
    };
    let (size, tag) = (content.size(), etag.to_str().unwrap_or_default());
    let unchanged = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if unchanged.is_some_and(|tags| tags.split(',').any(|found| found.trim() == tag || found.trim() == "*")) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response();
    }
    let (status, part) = match part(headers, size, tag) {
        Part::Whole => (StatusCode::OK, 0..size),
        Part::Bytes(first, last) => (StatusCode::PARTIAL_CONTENT, first..last + 1),
        Part::Unsatisfiable => {
            return (StatusCode::RANGE_NOT_SATISFIABLE, [(header::CONTENT_RANGE, format!("bytes */{size}"))])
                .into_response();
        }
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    let fields = response.headers_mut();
    fields.insert(header::ETAG, etag);
    fields.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    if status == StatusCode::PARTIAL_CONTENT {
        let range = format!("bytes {}-{}/{size}", part.start, part.end.saturating_sub(1));
        fields.extend(HeaderValue::try_from(range).map(|range| (header::CONTENT_RANGE, range)));
    }
    if *method == Method::HEAD {
        fields.insert(header::CONTENT_LENGTH, HeaderValue::from(part.end - part.start));
    } else {
        response.extensions_mut().insert(Outgoing { source, part, size, parcel });
    }
    response
}

/// Content that a response carries in its extensions instead of a body: the connection knows the shortest way for it.
#[derive(Clone)]
pub(super) struct Outgoing {
    pub(super) source: Source,
    /// Which bytes of it are sent.
    pub(super) part: Range<u64>,
    /// How long the whole content is.
    size: u64,
    parcel: Parcel,
}

/// Content on its way. How it ended is recorded, also when the connection is dropped in between.
pub(super) struct Transfer {
    pub(super) outgoing: Outgoing,
    /// Bytes that the system has accepted, with those of the response's head.
    pub(super) done: u64,
    head: u64,
    started: Instant,
    over: bool,
}

impl Transfer {
    /// Begins now. `head` is the length of the response's head, which is no content.
    pub(super) fn begin(outgoing: Outgoing, head: usize) -> Transfer {
        Transfer { outgoing, done: 0, head: head as u64, started: Instant::now(), over: false }
    }

    /// It is over: whole, or with this error. A part that ends before the content does is no transfer for the record.
    pub(super) fn end(mut self, result: &io::Result<()>) {
        self.over = true;
        let (parcel, bytes) = (&self.outgoing.parcel, self.bytes());
        match result {
            Ok(()) if self.outgoing.part.end == self.outgoing.size => {
                let ms = self.started.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
                parcel.sent(bytes, ms);
            }
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                parcel.failed(format!("the client took nothing more after {bytes} bytes"));
            }
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                parcel.failed(format!("the file has become shorter: it ended after {bytes} bytes"));
            }
            Err(error) if is_departure(error) => parcel.failed(format!("the client left after {bytes} bytes")),
            Err(error) => parcel.failed(format!("{error}, after {bytes} bytes")),
        }
    }

    fn bytes(&self) -> u64 {
        self.done.saturating_sub(self.head)
    }
}

fn is_departure(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    [BrokenPipe, ConnectionAborted, ConnectionReset].contains(&error.kind())
}

impl Drop for Transfer {
    fn drop(&mut self) {
        if !self.over {
            self.outgoing.parcel.failed(format!("the server ended after {} bytes", self.bytes()));
        }
    }
}

impl Parcel {
    pub(super) fn sent(&self, bytes: u64, ms: u64) {
        let what =
            What::Sent { protocol: Protocol::Http, role: self.role, name: self.name.clone(), bytes, ms, resent: 0 };
        self.context.record(self.mac, what);
    }

    pub(super) fn failed(&self, reason: String) {
        self.context.record(self.mac, What::SendFailed { protocol: Protocol::Http, name: self.name.clone(), reason });
    }
}
