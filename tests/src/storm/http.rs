//! HTTP/1.1 as iPXE speaks it: one request, its headers, its body.

use super::Counters;
use socket2::{Domain, Socket, Type};
use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

const PATIENCE: Duration = Duration::from_secs(60);

/// The status and the body of a URL, asked for from one of our addresses; `headers` are whole lines, a body makes it a
/// POST.
///
/// # Errors
/// No connection, or an answer that ends early.
pub fn get(
    from: Ipv4Addr,
    url: &str,
    headers: &str,
    body: Option<&str>,
    counters: &Counters,
) -> Result<(u16, Vec<u8>), String> {
    Counters::add(&counters.http, 1);
    let failed = |error: std::io::Error| format!("{url}: {error}");
    let (host, path) = url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).ok_or("not a URL")?;
    let port = if host.contains(':') { "" } else { ":80" };
    let server: SocketAddr = format!("{host}{port}").parse().map_err(|_| format!("{host} is no address"))?;
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).map_err(failed)?;
    socket.bind(&SocketAddr::from((from, 0)).into()).map_err(failed)?;
    socket.connect_timeout(&server.into(), PATIENCE).map_err(failed)?;
    socket.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
    let method = if body.is_some() { "POST" } else { "GET" };
    let text = body.unwrap_or_default();
    let request = format!(
        "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: iPXE/1.21.1\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{text}",
        text.len()
    );
    (&socket).write_all(request.as_bytes()).map_err(failed)?;
    let mut answer = Vec::new();
    (&socket).read_to_end(&mut answer).map_err(failed)?;
    Counters::add(&counters.bytes, answer.len() as u64);
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").ok_or_else(|| format!("{url}: no answer"))?;
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(|| format!("{url}: {head}"))?;
    let body = answer.split_off(end + 4);
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
    match length {
        Some(length) if length != body.len() => Err(format!("{url}: {} of {length} bytes", body.len())),
        _ => Ok((status, body)),
    }
}
