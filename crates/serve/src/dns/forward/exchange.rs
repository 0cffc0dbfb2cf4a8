//! One question to the upstreams: by UDP, by TCP where the answer is too long for that, to the next one where nobody
//! answers (RFC 5452: a random id and port for each question, and nothing but its answer is taken).

use super::{Key, Stored, stored::answers};
use crate::dns::{query::flag, reply::UNFRAGMENTED, rr};
use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
    time::timeout,
};

/// How long an upstream has, the first and the second time. A client asks again, or elsewhere, after five seconds.
const ROUNDS: [Duration; 2] = [Duration::from_millis(1000), Duration::from_millis(1500)];

/// How long an answer by TCP may take.
const BY_TCP: Duration = Duration::from_secs(3);

/// Which upstream answered last: it is asked first, so that one that is down costs its time once.
#[derive(Debug, Default)]
pub(super) struct Preferred(AtomicUsize);

/// Asks the upstreams one after the other. `None` where none of them answers.
pub(super) async fn ask(key: &Key, upstreams: &[SocketAddr], preferred: &Preferred) -> Option<Stored> {
    let first = preferred.0.load(Ordering::Relaxed);
    let mut failure = None;
    for limit in ROUNDS {
        for turn in 0..upstreams.len() {
            let at = first.wrapping_add(turn) % upstreams.len();
            let Some(upstream) = upstreams.get(at) else { continue };
            match one(key, *upstream, limit).await {
                Ok(stored) if !stored.is_failure() => {
                    preferred.0.store(at, Ordering::Relaxed);
                    return Some(stored);
                }
                Ok(stored) => failure = Some(stored),
                Err(error) => tracing::debug!("upstream {upstream} does not answer: {error}"),
            }
        }
        if failure.is_some() {
            break;
        }
    }
    failure
}

async fn one(key: &Key, upstream: SocketAddr, limit: Duration) -> io::Result<Stored> {
    let id = u16::from_be_bytes(random()?);
    let question = question(id, key);
    let mut answer = timeout(limit, by_udp(&question, id, key, upstream)).await??;
    if answer
        .get(2..4)
        .is_some_and(|flags| flags.first_chunk().is_some_and(|f| u16::from_be_bytes(*f) & flag::TRUNCATED != 0))
    {
        answer = timeout(BY_TCP, by_tcp(&question, id, key, upstream)).await??;
    }
    Stored::of(&answer, key).ok_or_else(|| io::Error::other("its answer is damaged"))
}

fn random() -> io::Result<[u8; 2]> {
    let mut bytes = [0; 2];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(bytes)
}

fn question(id: u16, key: &Key) -> Vec<u8> {
    let flags = flag::RECURSION_DESIRED | if key.checking_disabled { flag::CHECKING_DISABLED } else { 0 };
    let [s1, s2] = (UNFRAGMENTED as u16).to_be_bytes();
    let dnssec_ok = if key.dnssec_ok { 0x80 } else { 0 };
    let opt = [0, 0, rr::OPT as u8, s1, s2, 0, 0, dnssec_ok, 0, 0, 0];
    let counts = [0, 1, 0, 0, 0, 0, 0, 1];
    [id.to_be_bytes().as_slice(), &flags.to_be_bytes(), &counts, &key.question(), &opt].concat()
}

/// From a port of the kernel's choice, which is random, connected: the kernel drops what comes from elsewhere.
async fn by_udp(question: &[u8], id: u16, key: &Key, upstream: SocketAddr) -> io::Result<Vec<u8>> {
    let any = match upstream.ip() {
        IpAddr::V4(_) => IpAddr::from(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::from(Ipv6Addr::UNSPECIFIED),
    };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(upstream).await?;
    socket.send(question).await?;
    let mut buffer = vec![0; 4096];
    loop {
        let length = socket.recv(&mut buffer).await?;
        let message = buffer.get(..length).unwrap_or_default();
        if answers(message, id, key) {
            return Ok(message.to_vec());
        }
    }
}

async fn by_tcp(question: &[u8], id: u16, key: &Key, upstream: SocketAddr) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(upstream).await?;
    let length = u16::try_from(question.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), question].concat()).await?;
    let mut message = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut message).await?;
    if answers(&message, id, key) { Ok(message) } else { Err(io::Error::other("it answers something else")) }
}
