//! DNS over TCP (RFC 7766): for answers that are too long for UDP. Questions of one connection are answered one after
//! the other. Connections are bounded, for all and for each client, and one that is idle is closed.

use super::{Next, Server, Transport};
use std::{
    collections::HashMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

/// Connections at once at most: in all, and of one client.
const ALL: usize = 512;
const OF_ONE: usize = 32;

/// How long a connection may be without a question, or an answer without being taken.
const IDLE: Duration = Duration::from_secs(10);

/// How many connections each client has.
#[derive(Debug, Default)]
pub(super) struct Connections(Mutex<HashMap<Ipv4Addr, usize>>);

impl Connections {
    fn enter(&self, client: Ipv4Addr) -> bool {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if open.values().sum::<usize>() >= ALL || open.get(&client).is_some_and(|own| *own >= OF_ONE) {
            return false;
        }
        *open.entry(client).or_default() += 1;
        true
    }

    fn leave(&self, client: Ipv4Addr) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = open.get_mut(&client) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                open.remove(&client);
            }
        }
    }
}

pub(super) async fn serve(server: Arc<Server>, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, SocketAddr::V4(from))) => {
                let client = *from.ip();
                // Whoever may not ask is told so by UDP; here it is not worth a connection.
                let welcome = server.zones().is_some_and(|zones| zones.may_ask(client));
                if welcome && server.connections.enter(client) {
                    let server = server.clone();
                    tokio::spawn(async move {
                        let _ = converse(&server, stream, client).await;
                        server.connections.leave(client);
                    });
                }
            }
            Ok(_) => {}
            // No file descriptor is left, perhaps: there will be again.
            Err(error) => {
                tracing::debug!("cannot accept DNS over TCP: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn converse(server: &Arc<Server>, mut stream: TcpStream, client: Ipv4Addr) -> io::Result<()> {
    stream.set_nodelay(true)?;
    loop {
        let question = timeout(IDLE, question(&mut stream)).await??;
        let Some(zones) = server.zones() else { return Ok(()) };
        let mut reply = Vec::new();
        if let Next::Ask(unanswered) = server.answer(&zones, &question, client, Transport::Tcp, &mut reply) {
            let Some(_place) = server.forwarder.wait(client) else { return Ok(()) };
            reply = server.ask(unanswered, &question, Transport::Tcp).await;
        }
        // What is no question at all ends the conversation.
        let length = u16::try_from(reply.len()).ok().filter(|length| *length > 0);
        let Some(length) = length else { return Ok(()) };
        timeout(IDLE, stream.write_all(&[&length.to_be_bytes(), reply.as_slice()].concat())).await??;
    }
}

async fn question(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut message = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut message).await?;
    Ok(message)
}
