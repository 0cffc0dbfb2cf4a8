//! A TFTP server that only reads (RFC 1350 with options after RFC 2347, 2348, 2349 and 7440).
//!
//! One thread serves all transfers. Each transfer has its own socket, bound to the address and device that the request
//! came in by and connected to its client: the kernel tells the transfers apart and drops what is not theirs. What a
//! name means is decided by [`Files`]; no name ever touches the file system here.
//!
//! Bounds: 4,096 transfers at once and 256 of one address; what they hold in memory is some hundred bytes each, for blocks
//! are read when they are sent. When all are taken, the transfer gives way that has waited longest for its client's first
//! word: a flood of requests with forged addresses, whose senders never answer, displaces only itself. What a forger
//! gains: options are answered in about as many bytes as they were asked in, three times at most; a request without
//! options, of 38 bytes with its headers at least, gets the first block three times, 1,632 bytes: 43 times as much, at
//! most 256 times in two seconds to one address. A refusal is one packet.
//!
//! Departures, on purpose:
//! - Lost packets are sent again after a wait that is measured (`rto`), which is well under the whole seconds that are
//!   usual. A `timeout` option only bounds it.
//! - A window is at most 512 blocks and 1 MiB, whatever the client asks for.
//! - `netascii` is refused with a reason: nothing that boots a machine is a text to be converted.

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod listen;
mod rto;
mod send;
mod server;
mod session;
#[cfg(test)]
mod simulation;
mod source;
mod transfer;

use crate::{Held, stop::Stop};
use firstlight_boot::Content;
use firstlight_wire::tftp::ErrorCode;
use std::{
    io,
    net::{Ipv4Addr, SocketAddrV4, UdpSocket},
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};

/// Where requests come in.
pub const PORT: u16 = 69;

/// What the server serves, and who hears of it. Called on the server's thread: answer quickly.
pub trait Files: Send + Sync {
    /// The content of this name for this client; `None` where there is none. Leading slashes are gone already.
    fn find(&self, name: &str, client: Ipv4Addr) -> Option<Content>;

    /// A transfer ended, well or not, or was refused.
    fn finished(&self, outcome: Outcome);
}

/// How a transfer ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The client's address and port.
    pub client: SocketAddrV4,
    /// The file's name as it was looked up.
    pub name: String,
    /// The block size that was agreed on, in bytes.
    pub block: u16,
    /// The window size that was agreed on, in blocks.
    pub window: u16,
    /// What came of it.
    pub result: Result<Served, Failure>,
}

/// A complete transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Served {
    /// The file's size.
    pub bytes: u64,
    /// From the request to the last acknowledgement.
    pub took: Duration,
    /// How many blocks were sent again.
    pub resent: u64,
}

/// Why a transfer did not complete.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// [`Files::find`] knows no such name.
    #[error("no such file")]
    NotFound,
    /// The client only wanted to know the size, as PXE firmware does before it fetches. Nothing is wrong.
    #[error("asked only for the size")]
    SizeOnly,
    /// The request was refused, and the client was told so.
    #[error("refused: {0}")]
    Refused(String),
    /// The client sent an error.
    #[error("the client says: {code}: {message}")]
    Client {
        /// The kind of error.
        code: ErrorCode,
        /// The client's own words.
        message: String,
    },
    /// The client's port is closed, or cannot be reached.
    #[error("the client is gone: {0}")]
    Gone(String),
    /// The client acknowledges nothing any more.
    #[error("no answer from the client; {sent} of {bytes} bytes were acknowledged")]
    Silent {
        /// How many bytes had arrived.
        sent: u64,
        /// The file's size.
        bytes: u64,
    },
    /// The client began another transfer from the same port.
    #[error("the client asked for something else instead")]
    Replaced,
    /// The client had not answered yet when its place was needed for another.
    #[error("no answer from the client before others needed its place")]
    Displaced,
    /// The content could not be read.
    #[error("cannot read it: {0}")]
    Read(String),
    /// The server ended before the transfer did.
    #[error("the server was stopped")]
    Stopped,
}

/// Port [`PORT`] of an address: the socket that is held for it, or one that is bound now. Only what comes in by `interface`
/// is answered, and by that only.
///
/// # Errors
/// The address is not there, the port is taken, or the right to bind it is missing.
pub fn bind(held: &mut Held, address: Ipv4Addr, interface: Option<&str>) -> io::Result<UdpSocket> {
    held.udp(address, PORT, interface)
}

/// Serves requests that arrive on `socket` until `stop`; then transfers under way have [`crate::LAST_CALL`] to end. Where the
/// socket is bound to a device, so is everything that is sent.
///
/// # Errors
/// The socket is not an IPv4 socket, or a file descriptor or the thread cannot be had.
pub fn spawn(socket: UdpSocket, files: Arc<dyn Files>, stop: Stop) -> io::Result<JoinHandle<()>> {
    let server = server::Server::new(socket, files, stop)?;
    std::thread::Builder::new().name("tftp".into()).spawn(move || server.run())
}
