//! The connection that commands go over (RFC 959, 4 and 5): a line there, a reply of one or more lines back.

use crate::sources::SourceError;
use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream, ToSocketAddrs},
    time::Duration,
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// No line of a reply is longer, and no reply has more of them: some servers greet with a page.
const LONGEST_LINE: u64 = 4096;
const MOST_LINES: usize = 500;

/// A reply's code and the text of its last line.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) code: u16,
    pub(super) text: String,
}

pub(super) struct Control {
    stream: BufReader<TcpStream>,
    stall: Duration,
    /// Is never shown, also where the server says it.
    password: String,
}

/// Connects, with bounds on how long that and everything after it may take.
pub(super) fn connect(address: SocketAddr, stall: Duration) -> Result<TcpStream, SourceError> {
    let unreachable = |error: io::Error| SourceError::Unreachable(error.to_string());
    let stream = TcpStream::connect_timeout(&address, CONNECT_TIMEOUT.min(stall)).map_err(unreachable)?;
    stream.set_read_timeout(Some(stall)).map_err(unreachable)?;
    stream.set_write_timeout(Some(stall)).map_err(unreachable)?;
    Ok(stream)
}

pub(super) fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

impl Control {
    /// Connects to the first of the host's addresses that answers, and hears its greeting.
    pub(super) fn connect(host: &str, port: u16, stall: Duration) -> Result<Control, SourceError> {
        let no_host = |_| SourceError::Unreachable("there is no such host".to_owned());
        let mut last = SourceError::Unreachable("there is no such host".to_owned());
        for address in (host, port).to_socket_addrs().map_err(no_host)? {
            match connect(address, stall) {
                Ok(stream) => {
                    let mut control = Control { stream: BufReader::new(stream), stall, password: String::new() };
                    let greeting = control.reply()?;
                    return if greeting.code == 220 { Ok(control) } else { Err(control.refused(&greeting)) };
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    pub(super) fn log_in(&mut self, user: &str, password: &str) -> Result<(), SourceError> {
        password.clone_into(&mut self.password);
        let mut reply = self.ask(&format!("USER {user}"))?;
        if reply.code == 331 {
            reply = self.ask(&format!("PASS {password}"))?;
        }
        match reply.code {
            230 | 202 => Ok(()),
            332 => Err(SourceError::Final("it wants an account besides a user, which is not known here".to_owned())),
            _ => Err(self.refused(&reply)),
        }
    }

    /// Sends a command and returns the reply, whatever it is.
    pub(super) fn ask(&mut self, command: &str) -> Result<Reply, SourceError> {
        let sent = self.stream.get_mut().write_all(format!("{command}\r\n").as_bytes());
        sent.map_err(|error| self.failed(&error))?;
        self.reply()
    }

    /// As [`Control::ask`], where only these replies will do.
    pub(super) fn expect(&mut self, command: &str, codes: &[u16]) -> Result<Reply, SourceError> {
        let reply = self.ask(command)?;
        if codes.contains(&reply.code) { Ok(reply) } else { Err(self.refused(&reply)) }
    }

    /// Where the connection goes to.
    pub(super) fn peer(&self) -> Result<SocketAddr, SourceError> {
        self.stream.get_ref().peer_addr().map_err(|error| self.failed(&error))
    }

    /// The next reply. Of several lines the last begins with the code and a blank, as the first does with a dash.
    pub(super) fn reply(&mut self) -> Result<Reply, SourceError> {
        let first = self.line()?;
        let code = code(&first).ok_or_else(|| SourceError::Final("it does not speak FTP".to_owned()))?;
        let mut last = first;
        let mut lines = 0;
        while last.as_bytes().get(3) == Some(&b'-') || self::code(&last) != Some(code) {
            lines += 1;
            if lines > MOST_LINES {
                return Err(SourceError::Final("its reply does not end".to_owned()));
            }
            last = self.line()?;
        }
        Ok(Reply { code, text: last.get(4..).unwrap_or_default().trim().to_owned() })
    }

    fn line(&mut self) -> Result<String, SourceError> {
        let mut line = Vec::new();
        let read = self.stream.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line);
        read.map_err(|error| self.failed(&error))?;
        match line.ends_with(b"\n") {
            true => Ok(String::from_utf8_lossy(&line).trim_end().to_owned()),
            false if line.len() as u64 == LONGEST_LINE => Err(SourceError::Final("it does not speak FTP".to_owned())),
            false => Err(SourceError::Other("it has hung up".to_owned())),
        }
    }

    fn failed(&self, error: &io::Error) -> SourceError {
        if is_timeout(error) { SourceError::Stalled(self.stall) } else { SourceError::Other(error.to_string()) }
    }

    /// A reply that says no: for good when its code begins with a 5.
    pub(super) fn refused(&self, reply: &Reply) -> SourceError {
        let hidden =
            if self.password.is_empty() { reply.text.clone() } else { reply.text.replace(&self.password, "…") };
        let text: String = hidden.chars().filter(|c| !c.is_control()).take(200).collect();
        let said = format!("it answers {} {text}", reply.code);
        if reply.code >= 500 { SourceError::Final(said) } else { SourceError::Other(said) }
    }
}

fn code(line: &str) -> Option<u16> {
    let digits = line.get(..3).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
    matches!(line.as_bytes().get(3), None | Some(b' ' | b'-')).then(|| digits.parse().ok())?
}

/// `Entering Extended Passive Mode (|||6446|)` (RFC 2428, 3).
pub(super) fn extended_port(text: &str) -> Option<u16> {
    let inside = text.split_once('(')?.1.split_once(')')?.0;
    let mut parts = inside.split(inside.chars().next()?);
    parts.nth(3)?.parse().ok().filter(|port| *port > 0)
}

/// `Entering Passive Mode (127,0,0,1,25,46)`, with or without the brackets (RFC 1123, 4.1.2.6).
pub(super) fn passive_port(text: &str) -> Option<u16> {
    let from = text.find(|c: char| c.is_ascii_digit())?;
    let numbers = text.get(from..)?.split(|c: char| !c.is_ascii_digit() && c != ',').next()?;
    let numbers: Option<Vec<u8>> = numbers.split(',').map(|number| number.parse().ok()).collect();
    match numbers?[..] {
        [_, _, _, _, high, low] => Some(u16::from_be_bytes([high, low])).filter(|port| *port > 0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_data_is() {
        assert_eq!(extended_port("Entering Extended Passive Mode (|||6446|)"), Some(6446));
        assert_eq!(passive_port("Entering Passive Mode (127,0,0,1,25,46)."), Some(25 * 256 + 46));
        assert_eq!(passive_port("Entering Passive Mode 10,0,0,1,0,21"), Some(21));
        for text in ["", "()", "(|||)", "(|||0|)", "(|||70000|)", "(é)", "1,2,3,4,5", "1,2,3,4,256,1", "1,2,3,4,0,0"] {
            assert_eq!((extended_port(text), passive_port(text)), (None, None), "{text}");
        }
    }

    #[test]
    fn codes() {
        assert_eq!((code("220 hi"), code("220-hi"), code("220")), (Some(220), Some(220), Some(220)));
        assert_eq!((code("22 hi"), code("2200"), code("é20 x"), code("+20 x")), (None, None, None, None));
    }
}
