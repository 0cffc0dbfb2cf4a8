//! One connection: requests are read, answered by the routes, and written back in their order.

use super::{
    Http,
    body::{Outgoing, Transfer},
    body_limit,
    door::Place,
    head::{Head, Refused},
    inbound::{Came, Inbound},
    limits::Limits,
    pipe::Pipe,
    reply::{Date, End, write_head},
    shelf::Source,
};
use axum::{
    Router,
    body::{Body, HttpBody},
    extract::ConnectInfo,
    http::{Method, Request, StatusCode, Version, header, response::Parts},
    response::{IntoResponse, Response},
};
use std::{
    future::poll_fn,
    io::{self, Write},
    net::SocketAddr,
    pin::Pin,
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tower_service::Service;

/// One connection of one client.
pub(super) struct Connection {
    pub(super) pipe: Pipe,
    pub(super) peer: SocketAddr,
    pub(super) place: Place,
    pub(super) router: Router,
    pub(super) http: Http,
    pub(super) limits: Limits,
    pub(super) ending: CancellationToken,
}

/// What lasts from one request of a connection to the next.
struct Serving {
    connection: Connection,
    inbound: Inbound,
    ended: Pin<Box<WaitForCancellationFutureOwned>>,
    out: Vec<u8>,
    date: Date,
}

/// What of a request decides how its response is written.
#[derive(Debug, Clone, Copy)]
struct Asked {
    is_head: bool,
    old: bool,
    keep: bool,
}

impl Connection {
    /// Serves until one side has enough.
    pub(super) async fn run(self) {
        let ended = Box::pin(self.ending.clone().cancelled_owned());
        let mut serving =
            Serving { connection: self, inbound: Inbound::default(), ended, out: Vec::new(), date: Date::default() };
        loop {
            match serving.once().await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    tracing::debug!(client = %serving.connection.peer, "HTTP: {error}");
                    return;
                }
            }
        }
        let Connection { pipe, limits, place, .. } = serving.connection;
        pipe.linger(limits.linger).await;
        drop(place);
    }
}

impl Serving {
    /// One request and its response. False when it was the last one.
    async fn once(&mut self) -> io::Result<bool> {
        let Connection { pipe, limits, .. } = &mut self.connection;
        pipe.within(limits.idle);
        let head = match self.inbound.head(pipe, limits, &mut self.ended).await? {
            Came::It(head) => head,
            Came::Refused(refused) => return self.refuse(refused).await,
            Came::Nothing => return Ok(false),
        };
        let body = match self.inbound.body(&head, pipe, limits, body_limit(head.request.uri().path())).await? {
            Came::It(body) => body,
            Came::Refused(refused) => return self.refuse(refused).await,
            Came::Nothing => return Ok(false),
        };
        let asked = self.asked(&head);
        let response = match self.connection.http.shortcut(&head.request, self.connection.peer) {
            Some(response) => response,
            None => self.route(head.request.map(|()| Body::from(body))).await,
        };
        self.answer(asked, response).await?;
        // It may have ended meanwhile: a large file takes its time.
        Ok(asked.keep && !self.connection.ending.is_cancelled())
    }

    fn asked(&self, head: &Head) -> Asked {
        let wanted = head.keep_alive && !self.connection.ending.is_cancelled();
        Asked {
            is_head: head.request.method() == Method::HEAD,
            old: head.request.version() == Version::HTTP_10,
            keep: wanted && !self.connection.place.is_rare(),
        }
    }

    async fn route(&mut self, mut request: Request<Body>) -> Response {
        request.extensions_mut().insert(ConnectInfo(self.connection.peer));
        match self.connection.router.call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    async fn refuse(&mut self, Refused(status, why): Refused) -> io::Result<bool> {
        tracing::debug!(client = %self.connection.peer, "HTTP request refused: {why}");
        let response = (status, format!("{why}\n")).into_response();
        self.answer(Asked { is_head: false, old: false, keep: false }, response).await?;
        Ok(false)
    }

    async fn answer(&mut self, mut asked: Asked, response: Response) -> io::Result<()> {
        let (mut parts, body) = response.into_parts();
        let outgoing = parts.extensions.remove::<Outgoing>();
        let end = end_of(asked, &parts, outgoing.as_ref(), &body);
        asked.keep &= end != End::Close;
        let connection = match (asked.keep, asked.old) {
            (false, _) => Some("close"),
            (true, true) => Some("keep-alive"),
            (true, false) => None,
        };
        self.out.clear();
        write_head(&mut self.out, &parts, end, connection, &mut self.date);
        match outgoing {
            _ if asked.is_head || end == End::NoBody => self.connection.pipe.write(&self.out, b"", &mut 0).await,
            Some(outgoing) => self.send(outgoing).await,
            None => self.stream(end, body).await,
        }
    }

    /// Sends content, and has it recorded how that went.
    async fn send(&mut self, outgoing: Outgoing) -> io::Result<()> {
        let mut transfer = Transfer::begin(outgoing, self.out.len());
        let result = self.send_content(&mut transfer).await;
        transfer.end(&result);
        result
    }

    async fn send_content(&mut self, transfer: &mut Transfer) -> io::Result<()> {
        let (pipe, part) = (&mut self.connection.pipe, transfer.outgoing.part.clone());
        match &transfer.outgoing.source {
            Source::Bytes(bytes) => {
                let range = usize::try_from(part.start).unwrap_or(0)..usize::try_from(part.end).unwrap_or(0);
                pipe.write(&self.out, bytes.get(range).unwrap_or_default(), &mut transfer.done).await
            }
            Source::File(file) => pipe.send_file(&self.out, file, part, &mut transfer.done).await,
        }
    }

    /// Writes a body that comes in pieces; the head goes with the first one.
    async fn stream(&mut self, end: End, mut body: Body) -> io::Result<()> {
        let mut written = 0;
        loop {
            let frame = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await;
            let Some(data) = frame.transpose().map_err(io::Error::other)?.map(|frame| frame.into_data()) else { break };
            // Trailers are not passed on.
            let Ok(data) = data else { continue };
            if data.is_empty() {
                continue;
            }
            written += data.len() as u64;
            if end == End::Chunks {
                write!(self.out, "{:x}\r\n", data.len())?;
            }
            self.connection.pipe.write(&self.out, &data, &mut 0).await?;
            self.out.clear();
            if end == End::Chunks {
                self.out.extend_from_slice(b"\r\n");
            }
        }
        if end == End::Chunks {
            self.out.extend_from_slice(b"0\r\n\r\n");
        }
        self.connection.pipe.write(&self.out, b"", &mut 0).await?;
        match end {
            End::After(length) if length != written => Err(io::Error::other("a route's body has another length")),
            _ => Ok(()),
        }
    }
}

/// How the client will know where the body ends.
fn end_of(asked: Asked, parts: &Parts, outgoing: Option<&Outgoing>, body: &Body) -> End {
    if parts.status.is_informational() || [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&parts.status) {
        return End::NoBody;
    }
    let told = || parts.headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok();
    let length = outgoing.map(|outgoing| outgoing.part.end - outgoing.part.start);
    match length.or_else(told).or_else(|| body.size_hint().exact()) {
        Some(length) => End::After(length),
        None if asked.old => End::Close,
        None => End::Chunks,
    }
}
