//! Content as a response: GET and HEAD, ranges, entity tags; and the event when its last byte has been handed on.

use super::range::{Part, part};
use crate::{Context, content::Opened};
use axum::{
    body::Body,
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use firstlight_boot::Content;
use firstlight_model::{Mac, Sha256};
use firstlight_state::{Protocol, Role, What};
use sha2::Digest;
use std::{
    io::SeekFrom,
    pin::Pin,
    task::{Context as Polling, Poll, ready},
    time::Instant,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeekExt, ReadBuf};
use tokio_util::io::ReaderStream;

/// How much is read at once.
const CHUNK: usize = 256 << 10;

/// What is being sent, to whom, for the record.
pub(super) struct Parcel {
    pub(super) context: Context,
    pub(super) mac: Option<Mac>,
    pub(super) role: Role,
    pub(super) name: String,
}

/// Answers a request for this content.
pub(super) async fn respond(method: &Method, headers: &HeaderMap, content: &Content, parcel: Parcel) -> Response {
    let opened = match crate::content::open(content) {
        Ok(opened) => opened,
        Err(error) => {
            tracing::error!("cannot serve {}: {error}", parcel.name);
            parcel.failed(error.to_string());
            return (StatusCode::SERVICE_UNAVAILABLE, "this file cannot be read at the moment\n").into_response();
        }
    };
    let (size, etag) = (content.size(), etag_of(content));
    let unchanged = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if unchanged.is_some_and(|tags| tags.split(',').any(|tag| tag.trim() == etag || tag.trim() == "*")) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response();
    }
    let (status, first, length) = match part(headers, size, &etag) {
        Part::Whole => (StatusCode::OK, 0, size),
        Part::Bytes(first, last) => (StatusCode::PARTIAL_CONTENT, first, last - first + 1),
        Part::Unsatisfiable => {
            return (StatusCode::RANGE_NOT_SATISFIABLE, [(header::CONTENT_RANGE, format!("bytes */{size}"))])
                .into_response();
        }
    };
    let mut response = Response::builder()
        .status(status)
        .header(header::ETAG, etag)
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::CONTENT_TYPE, "application/octet-stream")
        .header(header::CONTENT_LENGTH, length);
    if status == StatusCode::PARTIAL_CONTENT {
        response = response.header(header::CONTENT_RANGE, format!("bytes {first}-{}/{size}", first + length - 1));
    }
    let body = match *method {
        Method::HEAD => Ok(Body::empty()),
        _ => stream(opened, first, length, size, parcel).await,
    };
    let response = body.ok().and_then(|body| response.body(body).ok());
    response.unwrap_or_else(|| (StatusCode::INTERNAL_SERVER_ERROR, "this file cannot be read\n").into_response())
}

fn etag_of(content: &Content) -> String {
    let hash = match content {
        Content::File { sha256, .. } => *sha256,
        Content::Bytes(bytes) => Sha256(sha2::Sha256::digest(bytes).into()),
    };
    format!("\"{hash}\"")
}

async fn stream(opened: Opened, first: u64, length: u64, size: u64, parcel: Parcel) -> std::io::Result<Body> {
    let reader: Pin<Box<dyn AsyncRead + Send>> = match opened {
        Opened::File(file) => {
            let mut file = tokio::fs::File::from_std(file);
            file.set_max_buf_size(CHUNK);
            file.seek(SeekFrom::Start(first)).await?;
            Box::pin(file.take(length))
        }
        Opened::Bytes(mut bytes) => {
            bytes.set_position(first);
            Box::pin(bytes.take(length))
        }
    };
    let watched =
        Watched { reader, left: length, whole: first + length == size, sent: 0, started: Instant::now(), parcel };
    Ok(Body::from_stream(ReaderStream::with_capacity(watched, CHUNK)))
}

/// A reader that records how the transfer ended: whole when its last byte was handed on, cut off when it is dropped
/// before.
struct Watched {
    reader: Pin<Box<dyn AsyncRead + Send>>,
    left: u64,
    /// Whether this part ends where the content ends.
    whole: bool,
    sent: u64,
    started: Instant,
    parcel: Parcel,
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        polling: &mut Polling<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        ready!(self.reader.as_mut().poll_read(polling, buffer))?;
        let n = (buffer.filled().len() - before) as u64;
        self.sent += n;
        self.left = self.left.saturating_sub(n);
        if n > 0 && self.left == 0 && self.whole {
            let ms = self.started.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
            self.parcel.sent(self.sent, ms);
        }
        Poll::Ready(Ok(()))
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if self.left > 0 {
            self.parcel.failed(format!("the client left after {} bytes", self.sent));
        }
    }
}

impl Parcel {
    fn sent(&self, bytes: u64, ms: u64) {
        let what =
            What::Sent { protocol: Protocol::Http, role: self.role, name: self.name.clone(), bytes, ms, resent: 0 };
        self.context.record(self.mac, what);
    }

    pub(super) fn failed(&self, reason: String) {
        self.context.record(self.mac, What::SendFailed { protocol: Protocol::Http, name: self.name.clone(), reason });
    }
}
