//! A transfer with its socket and its content.

use super::{
    Failure, Outcome, Served,
    send::{self, batch, cannot_segment},
    source::Source,
    transfer::{Step, Terms, Transfer},
};
use firstlight_wire::tftp::{ErrorCode, Packet};
use socket2::Socket;
use std::{
    io::{self, ErrorKind, Read},
    net::SocketAddrV4,
    ops::Range,
    sync::Arc,
    time::Instant,
};

/// What a transfer is about.
pub(super) struct Subject {
    pub(super) client: SocketAddrV4,
    pub(super) name: String,
    /// The request as it came: the same again, before anything was answered, is a repetition.
    pub(super) request: Box<[u8]>,
    /// True when the client asked for the size.
    pub(super) asked_size: bool,
}

/// A transfer under way.
pub(super) struct Session {
    pub(super) socket: Socket,
    pub(super) subject: Subject,
    source: Arc<Source>,
    transfer: Transfer,
    greeting: Vec<u8>,
    /// Blocks that the state machine has sent and the kernel has not taken yet.
    pending: Range<u64>,
    segmented: bool,
    started: Instant,
    /// For which deadline the server will call.
    pub(super) armed: Instant,
}

/// What a session wants after it was called.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    /// Packets and its deadline.
    Go,
    /// To be called too when the kernel takes more.
    Blocked,
    /// Nothing: it is over.
    End(Result<(), Failure>),
}

impl Session {
    /// A session whose first packet is still to be sent: [`Session::perform`] the step.
    pub(super) fn new(
        socket: Socket,
        subject: Subject,
        source: Arc<Source>,
        terms: Terms,
        greeting: Vec<u8>,
        now: Instant,
    ) -> (Self, Step) {
        let (transfer, step) = Transfer::begin(terms, now);
        let armed = transfer.deadline();
        let (pending, segmented, started) = (0..0, true, now);
        let session = Session { socket, subject, source, transfer, greeting, pending, segmented, started, armed };
        (session, step)
    }

    /// When [`Session::silent`] wants to be called.
    pub(super) fn deadline(&self) -> Instant {
        self.transfer.deadline()
    }

    /// True when the client has answered.
    pub(super) fn is_heard(&self) -> bool {
        self.transfer.is_heard()
    }

    /// True when `request` is what began this session, and the answer to it may have been lost.
    pub(super) fn is_repeated_by(&self, request: &[u8]) -> bool {
        !self.transfer.is_heard() && *self.subject.request == *request
    }

    /// The socket has a packet.
    pub(super) fn readable(&mut self, now: Instant, scratch: &mut Vec<u8>) -> Next {
        let mut buffer = [0; 576];
        let length = match self.socket.read(&mut buffer) {
            Ok(length) => length,
            Err(error) if is_passing(&error) => return Next::Go,
            Err(error) => return Next::End(self.unreachable(&error)),
        };
        match Packet::parse(buffer.get(..length).unwrap_or_default()) {
            Ok(Packet::Ack(number)) => {
                let step = self.transfer.acknowledged(number, now);
                self.perform(step, scratch)
            }
            Ok(Packet::Error { code, message }) => Next::End(Err(self.refused_by_client(code, message.into_owned()))),
            _ => Next::Go, // not for this transfer, or nonsense: the deadline decides
        }
    }

    /// The kernel takes more.
    pub(super) fn writable(&mut self, scratch: &mut Vec<u8>) -> Next {
        self.flush(scratch)
    }

    /// The request came again.
    pub(super) fn asked_again(&mut self, now: Instant, scratch: &mut Vec<u8>) -> Next {
        let step = self.transfer.asked_again(now);
        self.perform(step, scratch)
    }

    /// The deadline may have passed.
    pub(super) fn silent(&mut self, now: Instant, scratch: &mut Vec<u8>) -> Next {
        let step = self.transfer.silent(now);
        self.perform(step, scratch)
    }

    /// Does what the state machine says.
    pub(super) fn perform(&mut self, step: Step, scratch: &mut Vec<u8>) -> Next {
        match step {
            Step::Wait => Next::Go,
            Step::Greet => self.sent(|session| session.socket.send(&session.greeting).map(drop)),
            Step::Send(blocks) => {
                self.pending = blocks;
                self.flush(scratch)
            }
            Step::Probe(first, last) => {
                self.pending = first..first + 1;
                match self.flush(scratch) {
                    Next::Go => self.perform(Step::Send(last..last + 1), scratch),
                    next => next,
                }
            }
            Step::Finished => Next::End(Ok(())),
            Step::GiveUp => {
                let terms = self.transfer.terms();
                Next::End(Err(Failure::Silent { sent: self.transfer.arrived(), bytes: terms.size }))
            }
        }
    }

    /// Tells the client that its transfer ends here.
    pub(super) fn abort(&self, code: ErrorCode, message: &str) {
        let _ = self.socket.send(&Packet::Error { code, message: message.into() }.encode());
    }

    /// What to tell of it.
    pub(super) fn outcome(&self, result: Result<(), Failure>, now: Instant) -> Outcome {
        let terms = self.transfer.terms();
        let took = now.saturating_duration_since(self.started);
        Outcome {
            client: self.subject.client,
            name: self.subject.name.clone(),
            block: terms.block,
            window: terms.window,
            result: result.map(|()| Served { bytes: terms.size, took, resent: self.transfer.resent() }),
        }
    }

    fn flush(&mut self, scratch: &mut Vec<u8>) -> Next {
        while !self.pending.is_empty() {
            match self.send_some(scratch) {
                Ok(()) => {}
                Err(Failed::Send(error)) if error.kind() == ErrorKind::WouldBlock => return Next::Blocked,
                Err(Failed::Send(error)) if self.segmented && cannot_segment(&error) => self.segmented = false,
                Err(Failed::Send(error)) => return self.sent(|_| Err(error)),
                Err(Failed::Read(error)) => {
                    self.abort(ErrorCode::NOT_DEFINED, "the file cannot be read");
                    return Next::End(Err(Failure::Read(error.to_string())));
                }
            }
        }
        Next::Go
    }

    /// Sends as many of the pending blocks as go at once.
    fn send_some(&mut self, scratch: &mut Vec<u8>) -> Result<(), Failed> {
        let terms = self.transfer.terms();
        let first = self.pending.start;
        let most = batch(terms.block, self.segmented) as u64;
        let part = first..self.pending.end.min(first.saturating_add(most));
        let count = (part.end - part.start) as usize;
        let bytes = self.source.read(terms.bytes(&part), scratch).map_err(Failed::Read)?;
        send::blocks(&self.socket, first, count, terms.block, bytes).map_err(Failed::Send)?;
        self.pending.start = part.end;
        Ok(())
    }

    /// After a sending: what passes is left to the deadline, as if the packet had been lost on the way.
    fn sent(&mut self, send: impl FnOnce(&Self) -> io::Result<()>) -> Next {
        match send(self) {
            Err(error) if !is_passing(&error) => Next::End(self.unreachable(&error)),
            _ => Next::Go,
        }
    }

    /// A client that has got the last block may close its port without waiting whether its acknowledgement arrived.
    fn unreachable(&self, error: &io::Error) -> Result<(), Failure> {
        let closed = error.kind() == ErrorKind::ConnectionRefused;
        if closed && self.transfer.all_sent() { Ok(()) } else { Err(Failure::Gone(error.to_string())) }
    }

    fn refused_by_client(&self, code: ErrorCode, message: String) -> Failure {
        if self.subject.asked_size && self.transfer.is_greeting() {
            return Failure::SizeOnly;
        }
        Failure::Client { code, message }
    }
}

enum Failed {
    Read(io::Error),
    Send(io::Error),
}

/// True for errors after which a later try may do.
fn is_passing(error: &io::Error) -> bool {
    use nix::libc::{ENETDOWN, ENETUNREACH, ENOBUFS, EPERM};
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted | ErrorKind::HostUnreachable)
        || matches!(error.raw_os_error(), Some(ENOBUFS | ENETDOWN | ENETUNREACH | EPERM))
}
