//! Content that leaves while it still arrives: as far as it was verified, and no byte further.

use super::body::Parcel;
use crate::Growing;
use axum::{
    body::{Body, Bytes, HttpBody},
    http::{
        HeaderValue, Method,
        header::{CONTENT_LENGTH, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use http_body::Frame;
use std::{
    io,
    os::unix::fs::FileExt,
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};
use tokio::sync::mpsc;

/// How much is read at once.
const PIECE: u64 = 256 << 10;

/// How many pieces wait for a client that is slower than the fetch.
const AHEAD: usize = 2;

/// Answers with the whole content, whatever range was asked for (RFC 9110 section 14.2 allows that).
pub(super) fn respond(method: &Method, growing: Growing, parcel: Parcel) -> Response {
    let size = growing.size;
    let body = match *method == Method::HEAD {
        true => Body::empty(),
        false => {
            let (sender, pieces) = mpsc::channel(AHEAD);
            tokio::spawn(async move { record(pass_on(growing, sender).await, &parcel, size) });
            Body::new(Pieces(pieces))
        }
    };
    let mut response = body.into_response();
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(size));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    response
}

/// Passes verified bytes on until the end. Tells how many there were, and in how many milliseconds.
async fn pass_on(mut growing: Growing, sender: mpsc::Sender<io::Result<Bytes>>) -> io::Result<u64> {
    let (begun, mut at) = (Instant::now(), 0);
    while at < growing.size {
        let more = growing.verified.wait_for(|verified| *verified > at).await.map(|verified| *verified);
        let Ok(verified) = more else {
            let why = || io::Error::other("the fetch ended before all of it was here");
            let _ = sender.send(Err(why())).await;
            return Err(why());
        };
        let file = growing.file.clone();
        let piece = tokio::task::spawn_blocking(move || read(&file, at, verified.saturating_sub(at).min(PIECE)));
        let piece = piece.await.map_err(io::Error::other)??;
        at += piece.len() as u64;
        sender.send(Ok(piece)).await.map_err(|_| io::Error::other(format!("the client left after {at} bytes")))?;
    }
    Ok(begun.elapsed().as_millis().try_into().unwrap_or(u64::MAX))
}

fn read(file: &std::fs::File, at: u64, length: u64) -> io::Result<Bytes> {
    let mut piece = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    file.read_exact_at(&mut piece, at)?;
    Ok(piece.into())
}

fn record(result: io::Result<u64>, parcel: &Parcel, size: u64) {
    match result {
        Ok(ms) => parcel.sent(size, ms),
        Err(error) => parcel.failed(error.to_string()),
    }
}

/// What comes out of the channel, as a body.
struct Pieces(mpsc::Receiver<io::Result<Bytes>>);

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}
