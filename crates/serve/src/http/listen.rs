//! One network's listener: connections are let in or turned away, and finished when the server ends.

use super::{
    Http,
    connection::Connection,
    door::{Door, TurnedAway},
    limits::Limits,
    pipe::Pipe,
};
use crate::Stop;
use axum::Router;
use firstlight_state::What;
use std::{io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

/// Connections that wait to be accepted: a rack that is switched on.
const BACKLOG: i32 = 4096;

/// Connections at once that are closed with care after they were told why; the others at once, which may cost them the
/// answer.
const TOLD: usize = 64;

/// Said to whoever is turned away.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Type: text/plain\r\n\
Content-Length: 21\r\nConnection: close\r\n\r\ntoo many connections\n";

/// What one network's connections are served with.
#[derive(Clone)]
pub(super) struct House {
    pub(super) router: Router,
    pub(super) http: Http,
    pub(super) door: Arc<Door>,
    pub(super) limits: Limits,
}

/// Serves until `stop`, and then until the last request in flight has its response. Whoever calls bounds that.
pub(super) async fn listen(listener: std::net::TcpListener, house: House, stop: Stop) -> io::Result<()> {
    socket2::SockRef::from(&listener).listen(BACKLOG)?;
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let (ending, mut connections) = (CancellationToken::new(), JoinSet::new());
    let told = Arc::new(tokio::sync::Semaphore::new(TOLD));
    let mut stopped = pin!(stopped(stop));
    loop {
        let accepted = tokio::select! {
            () = &mut stopped => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => match house.welcome(stream, peer, &ending) {
                Ok(connection) => _ = connections.spawn(connection.run()),
                Err(pipe) => {
                    pipe.say_at_once(FULL);
                    let Ok(place) = told.clone().try_acquire_owned() else { continue };
                    let linger = house.limits.linger;
                    connections.spawn(async move {
                        pipe.linger(linger).await;
                        drop(place);
                    });
                }
            },
            Err(error) => wait_out(&error).await,
        }
    }
    drop(listener);
    ending.cancel();
    while connections.join_next().await.is_some() {}
    Ok(())
}

impl House {
    /// A connection, or the pipe to whom there is no place for.
    fn welcome(&self, stream: TcpStream, peer: SocketAddr, ending: &CancellationToken) -> Result<Connection, Pipe> {
        // Each response is written whole, or said to be continued: there is nothing to wait for.
        let _ = stream.set_nodelay(true);
        let pipe = Pipe::new(stream, self.limits.stall);
        match self.door.enter(peer.ip()) {
            Ok(place) => Ok(Connection {
                pipe,
                peer,
                place,
                router: self.router.clone(),
                http: self.http.clone(),
                limits: self.limits,
                ending: ending.clone(),
            }),
            Err(turned_away) => {
                self.record(turned_away, peer);
                Err(pipe)
            }
        }
    }

    fn record(&self, TurnedAway { why, count }: TurnedAway, peer: SocketAddr) {
        let Some(count) = count else { return };
        tracing::warn!("{count} HTTP connections were turned away, the last of {}: {why}", peer.ip());
        let context = self.http.context();
        context.record(None, What::ConnectionsRefused { count, last: peer.ip(), why: why.to_string() });
    }
}

/// Accepting fails for one client that has left already, or for want of file descriptors or memory; then it goes on as
/// soon as somebody leaves.
async fn wait_out(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    if ![ConnectionAborted, ConnectionReset, Interrupted].contains(&error.kind()) {
        tracing::warn!("no HTTP connection can be accepted: {error}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Ends when `stop` is stopped.
async fn stopped(stop: Stop) {
    let sleep = move || while !stop.wait(Duration::from_secs(3600)) {};
    if let Err(error) = tokio::task::spawn_blocking(sleep).await {
        tracing::error!("a server was told to stop in an odd way: {error}");
    }
}
