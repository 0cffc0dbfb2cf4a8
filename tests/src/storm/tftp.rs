//! TFTP as UEFI firmware fetches its loader: blocks of 1468, windows, the size asked for; repeats itself after a second.

use super::Counters;
use firstlight_wire::tftp::{Mode, Options, Packet, Request};
use std::{
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    time::Duration,
};

const WAIT: Duration = Duration::from_secs(1);
const PATIENCE: usize = 30;

/// A file by TFTP, from one of our addresses.
///
/// # Errors
/// What the server said, or that it says nothing.
pub fn fetch(
    from: Ipv4Addr,
    server: Ipv4Addr,
    name: &str,
    window: u16,
    counters: &Counters,
) -> Result<Vec<u8>, String> {
    let socket = UdpSocket::bind((from, 0)).map_err(|error| format!("cannot be {from}: {error}"))?;
    socket.set_read_timeout(Some(WAIT)).map_err(|error| error.to_string())?;
    let options = Options { block: Some(1468), timeout: None, size: Some(0), window: Some(window) };
    let request = Packet::Read(Request { name: name.into(), mode: Mode::Octet, options }).encode();
    let mut download =
        Download { content: Vec::new(), block: 1468, window, in_window: 0, next: 1, gap: false, size: None };
    let (mut said, mut to) = (request, SocketAddr::from((server, 69)));
    let mut buffer = [0; 2048];
    let mut silences = 0;
    send(&socket, &said, to, counters)?;
    loop {
        let Ok((length, peer)) = socket.recv_from(&mut buffer) else {
            silences += 1;
            if silences > PATIENCE {
                return Err(format!("{name}: silence after {} bytes", download.content.len()));
            }
            Counters::add(&counters.tftp_again, 1);
            send(&socket, &said, to, counters)?;
            continue;
        };
        (to, silences) = (peer, 0);
        Counters::add(&counters.tftp, 1);
        let answer = download.take(&buffer[..length])?;
        if let Some(number) = answer {
            said = Packet::Ack(number).encode();
            send(&socket, &said, to, counters)?;
        }
        if download.is_complete() {
            Counters::add(&counters.bytes, download.content.len() as u64);
            return match download.size {
                Some(size) if size != download.content.len() as u64 => Err(format!("{name}: not {size} bytes")),
                _ => Ok(download.content),
            };
        }
    }
}

fn send(socket: &UdpSocket, bytes: &[u8], to: SocketAddr, counters: &Counters) -> Result<(), String> {
    Counters::add(&counters.tftp, 1);
    socket.send_to(bytes, to).map(drop).map_err(|error| error.to_string())
}

struct Download {
    content: Vec<u8>,
    block: usize,
    window: u16,
    in_window: u16,
    next: u64,
    gap: bool,
    size: Option<u64>,
}

impl Download {
    fn is_complete(&self) -> bool {
        self.next > 1 && self.content.len() as u64 / self.block as u64 + 1 < self.next
    }

    /// Takes a packet; what to acknowledge.
    fn take(&mut self, bytes: &[u8]) -> Result<Option<u16>, String> {
        match Packet::parse(bytes).map_err(|error| error.to_string())? {
            Packet::OptionAck(options) if self.next == 1 => {
                (self.window, self.size) = (options.window.unwrap_or(1), options.size);
                Ok(Some(0))
            }
            Packet::Data { block, payload } => Ok(self.data(block, payload)),
            Packet::Error { code, message } => Err(format!("{code}: {message}")),
            _ => Ok(None),
        }
    }

    fn data(&mut self, block: u16, payload: &[u8]) -> Option<u16> {
        if block != self.next as u16 {
            let first = !std::mem::replace(&mut self.gap, true);
            self.in_window = 0;
            return first.then_some((self.next - 1) as u16);
        }
        self.content.extend_from_slice(payload);
        (self.next, self.gap, self.in_window) = (self.next + 1, false, self.in_window + 1);
        let ends = payload.len() < self.block || self.in_window >= self.window;
        self.in_window = if ends { 0 } else { self.in_window };
        ends.then_some(block)
    }
}
