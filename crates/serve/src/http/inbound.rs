//! What comes in on a connection: heads and bodies, each within its time and its size.

use super::{
    chunked::Chunked,
    head::{HEAD_LIMIT, Head, Length, Refused, Scan, parse},
    limits::Limits,
    pipe::Pipe,
};
use axum::http::StatusCode;
use std::{io, pin::Pin};
use tokio_util::sync::WaitForCancellationFutureOwned;

/// What a connection reads at once while it waits for a request.
const READ: usize = 4 << 10;

/// The answer to a body that is longer than any route takes.
pub(super) const TOO_LONG: Refused = Refused(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long");

const TOO_SLOW: Refused = Refused(StatusCode::REQUEST_TIMEOUT, "the request did not come in time");

/// Bytes that were read and not used yet: at most a head's worth, and what came with it.
#[derive(Default)]
pub(super) struct Inbound {
    bytes: Vec<u8>,
}

/// What became of waiting for something.
pub(super) enum Came<T> {
    It(T),
    /// It is refused, and with it the connection.
    Refused(Refused),
    /// Nothing more will come: the client closed, was silent for too long, or the server ends.
    Nothing,
}

impl Inbound {
    /// Waits for the next request's head. `ending` ends the wait as long as nothing of a request has come.
    pub(super) async fn head(
        &mut self,
        pipe: &mut Pipe,
        limits: &Limits,
        ending: &mut Pin<Box<WaitForCancellationFutureOwned>>,
    ) -> io::Result<Came<Head>> {
        let mut scan = Scan::default();
        if !self.bytes.is_empty() {
            pipe.within(limits.request);
        }
        loop {
            match scan.end(&self.bytes) {
                Ok(Some(end)) => return Ok(self.take_head(end)),
                Ok(None) => {}
                Err(refused) => return Ok(Came::Refused(refused)),
            }
            let waiting = self.bytes.is_empty();
            self.make_room();
            let read = tokio::select! {
                biased;
                read = pipe.read(&mut self.bytes) => read,
                () = &mut *ending, if waiting => return Ok(Came::Nothing),
            };
            match read {
                Ok(0) => return Ok(Came::Nothing),
                Ok(_) if waiting => pipe.within(limits.request),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    return Ok(if waiting { Came::Nothing } else { Came::Refused(TOO_SLOW) });
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn take_head(&mut self, end: usize) -> Came<Head> {
        match parse(self.bytes.get(..end).unwrap_or_default()) {
            Ok(head) => {
                self.bytes.drain(..end);
                Came::It(head)
            }
            Err(refused) => Came::Refused(refused),
        }
    }

    /// Room for one more read. A head that does not fit is found too long before more would be needed.
    fn make_room(&mut self) {
        if self.bytes.is_empty() {
            self.bytes.shrink_to(READ);
        }
        if self.bytes.len() == self.bytes.capacity() {
            let more = if self.bytes.is_empty() { READ } else { HEAD_LIMIT + 1 };
            self.bytes.reserve_exact(more);
        }
    }

    /// Reads the body that belongs to a head, at most `limit` bytes of it.
    pub(super) async fn body(
        &mut self,
        head: &Head,
        pipe: &mut Pipe,
        limits: &Limits,
        limit: usize,
    ) -> io::Result<Came<Vec<u8>>> {
        let mut body = Vec::new();
        let mut left = match head.length {
            Length::Exact(0) => return Ok(Came::It(body)),
            Length::Exact(length) if length > limit as u64 => return Ok(Came::Refused(TOO_LONG)),
            Length::Exact(length) => Body::Exact(usize::try_from(length).unwrap_or(limit)),
            Length::Chunked => Body::Chunked(Chunked::new()),
        };
        pipe.within(limits.request);
        if head.expects_continue && self.bytes.is_empty() {
            pipe.write(b"HTTP/1.1 100 Continue\r\n\r\n", b"", &mut 0).await?;
        }
        loop {
            match left.take(&self.bytes, &mut body, limit) {
                Ok(used) => _ = self.bytes.drain(..used.min(self.bytes.len())),
                Err(refused) => return Ok(Came::Refused(refused)),
            }
            if left.is_done() {
                return Ok(Came::It(body));
            }
            self.make_room();
            match pipe.read(&mut self.bytes).await {
                Ok(0) => return Ok(Came::Nothing),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::TimedOut => return Ok(Came::Refused(TOO_SLOW)),
                Err(error) => return Err(error),
            }
        }
    }
}

/// What is still missing of a body.
enum Body {
    Exact(usize),
    Chunked(Chunked),
}

impl Body {
    fn is_done(&self) -> bool {
        match self {
            Body::Exact(left) => *left == 0,
            Body::Chunked(chunked) => chunked.is_done(),
        }
    }

    /// Moves what belongs to the body from `bytes` to `body`, and tells how much of `bytes` that was.
    fn take(&mut self, bytes: &[u8], body: &mut Vec<u8>, limit: usize) -> Result<usize, Refused> {
        match self {
            Body::Exact(left) => {
                let here = bytes.get(..*left).unwrap_or(bytes);
                body.extend_from_slice(here);
                *left -= here.len();
                Ok(here.len())
            }
            Body::Chunked(chunked) => chunked.decode(bytes, body, limit),
        }
    }
}
