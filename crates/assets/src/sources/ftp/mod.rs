//! FTP (RFC 959), in passive mode (RFC 2428, else RFC 959), from where an earlier transfer ended (`REST`, RFC 3659).
//!
//! A client of our own, for all that is needed is one file: every line of the server is bounded, and data is only taken
//! from the address that the control connection goes to, whatever the server says. No TLS, no active mode, no listings.

mod control;
mod url;

use super::{Ask, Patience, SourceError, Stream};
use control::{Control, Reply};
use std::{
    io::{self, Read},
    net::{SocketAddr, TcpStream},
    time::Duration,
};
use url::Address;

pub(super) fn open(ask: &Ask<'_>, patience: &Patience) -> Result<Stream, SourceError> {
    let address: Address =
        url::read(ask.url).ok_or_else(|| SourceError::Final("an FTP URL is like ftp://host/folder/file".to_owned()))?;
    let mut control = Control::connect(&address.host, address.port, patience.stall)?;
    control.log_in(&address.user, &address.password)?;
    control.expect("TYPE I", &[200])?;
    let total = number(&control.ask(&format!("SIZE {}", address.path))?);
    let changed = control.ask(&format!("MDTM {}", address.path))?;
    let validator = (changed.code == 213).then(|| format!("{} {}", changed.text, total.unwrap_or_default()));
    let unchanged = ask.validator.is_none() || ask.validator == validator.as_deref();
    let reachable = ask.from > 0 && total.is_none_or(|total| ask.from <= total);
    let data = passive(&mut control, patience.stall)?;
    let goes_on = unchanged && reachable && control.ask(&format!("REST {}", ask.from))?.code == 350;
    begin(&mut control, &address.path)?;
    let body = Body { data, control: Some(control), stall: patience.stall };
    let starts_at = if goes_on { ask.from } else { 0 };
    Ok(Stream { body: Box::new(body), total, starts_at, validator, ..Stream::default() })
}

/// The number in the answer to `SIZE`, which not every server knows.
fn number(reply: &Reply) -> Option<u64> {
    if reply.code == 213 { reply.text.trim().parse().ok() } else { None }
}

/// Asks for the file. A server that has no such file says 550.
fn begin(control: &mut Control, path: &str) -> Result<(), SourceError> {
    let reply = control.ask(&format!("RETR {path}"))?;
    match reply.code {
        125 | 150 => Ok(()),
        _ => Err(control.refused(&reply)),
    }
}

/// A connection for data: by `EPSV`, which works over IPv6, else by `PASV`. Of the address only the port is taken.
fn passive(control: &mut Control, stall: Duration) -> Result<TcpStream, SourceError> {
    let extended = control.ask("EPSV")?;
    let port = match extended.code {
        229 => control::extended_port(&extended.text),
        _ => control::passive_port(&control.expect("PASV", &[227])?.text),
    };
    let port = port.ok_or_else(|| SourceError::Other("it does not say where its data is".to_owned()))?;
    let peer = control.peer()?;
    control::connect(SocketAddr::new(peer.ip(), port), stall)
}

/// The file. It is whole when the server says so after its last byte.
struct Body {
    data: TcpStream,
    /// `None` once the server has said that it was all.
    control: Option<Control>,
    stall: Duration,
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.data.read(buffer) {
            Ok(0) if !buffer.is_empty() => self.end(),
            Err(error) if control::is_timeout(&error) => Err(io::Error::other(SourceError::Stalled(self.stall))),
            other => other,
        }
    }
}

impl Body {
    fn end(&mut self) -> io::Result<usize> {
        let Some(mut control) = self.control.take() else { return Ok(0) };
        match control.reply().map_err(io::Error::other)? {
            Reply { code: 226 | 250, .. } => Ok(0),
            reply => Err(io::Error::other(control.refused(&reply))),
        }
    }
}

#[cfg(test)]
mod tests;
