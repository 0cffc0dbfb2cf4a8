//! The thread: requests become sessions; sessions are called when their socket or their deadline wants it.

use super::{
    Failure, Files, Outcome,
    listen::{Ends, Listener},
    session::{Next, Session, Subject},
    source::{Source, Sources},
    transfer::Terms,
};
use crate::{BEAT, LAST_CALL, Stop};
use firstlight_wire::tftp::{DEFAULT_BLOCK, ErrorCode, Mode, Options, Packet, Request};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, VecDeque},
    io,
    net::{Ipv4Addr, SocketAddrV4, UdpSocket},
    sync::Arc,
    time::{Duration, Instant},
};

/// Transfers at once, of all clients.
const MOST: usize = 4096;
/// Transfers at once, of one client.
const MOST_OF_ONE: usize = 256;
/// Blocks in a window, and bytes in it: what a client asks for beyond that is not granted.
const LARGEST_WINDOW: u16 = 512;
const LARGEST_WINDOW_BYTES: u32 = 1 << 20;
/// How long to look for what comes next before going to sleep: a client on the same network answers within this time, and
/// being woken would take as long again.
const WAKEFUL: Duration = Duration::from_micros(50);
/// Requests taken before the sessions are looked at again.
const REQUESTS_AT_ONCE: usize = 64;

const LISTENER: u64 = 0;
const STOP: u64 = 1;
const FIRST_SESSION: u64 = 2;

/// The server's state; only its thread has it.
pub(super) struct Server {
    epoll: Epoll,
    listener: Listener,
    files: Arc<dyn Files>,
    stop: Stop,
    sources: Sources,
    sessions: HashMap<u64, Session>,
    by_client: HashMap<SocketAddrV4, u64>,
    of_address: HashMap<Ipv4Addr, usize>,
    /// One live entry for each session, perhaps too early; entries of sessions that are over are skipped.
    deadlines: BinaryHeap<Reverse<(Instant, u64)>>,
    /// Those that began, oldest first; some have been heard since, or are over.
    strangers: VecDeque<u64>,
    /// When a session last had something to do.
    busy: Instant,
    next: u64,
    scratch: Vec<u8>,
}

/// Why a request gets an error for an answer.
struct Refusal(ErrorCode, Failure);

impl Server {
    pub(super) fn new(socket: UdpSocket, files: Arc<dyn Files>, stop: Stop) -> io::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let listener = Listener::new(socket)?;
        epoll.add(&listener, EpollEvent::new(EpollFlags::EPOLLIN, LISTENER))?;
        epoll.add(&stop, EpollEvent::new(EpollFlags::EPOLLIN, STOP))?;
        Ok(Server {
            epoll,
            listener,
            files,
            stop,
            sources: Sources::default(),
            sessions: HashMap::new(),
            by_client: HashMap::new(),
            of_address: HashMap::new(),
            deadlines: BinaryHeap::new(),
            strangers: VecDeque::new(),
            busy: Instant::now(),
            next: FIRST_SESSION,
            scratch: Vec::new(),
        })
    }

    /// Serves until it is stopped, and then to the end of the transfers under way or of [`LAST_CALL`].
    pub(super) fn run(mut self) {
        let mut last_call: Option<Instant> = None;
        let mut events = [EpollEvent::empty(); 256];
        let pulse = self.stop.pulse("tftp");
        loop {
            pulse.beat();
            let now = Instant::now();
            if self.stop.is_stopped() && last_call.is_none() {
                // Both are always readable from now on and would wake the thread for nothing.
                let _ = self.epoll.delete(&self.stop);
                let _ = self.epoll.delete(&self.listener);
                last_call = Some(now + LAST_CALL);
            }
            if last_call.is_some_and(|end| self.sessions.is_empty() || now >= end) {
                return self.end_all(now);
            }
            match self.epoll.wait(&mut events, self.timeout(now, last_call)) {
                Ok(count) => events.iter().take(count).for_each(|event| self.event(*event)),
                Err(nix::Error::EINTR) => {}
                Err(error) => {
                    tracing::error!("TFTP server ends: {error}");
                    return self.end_all(now);
                }
            }
            self.expire(Instant::now());
        }
    }

    /// Until the earliest deadline, rounded up to the millisecond, or the next beat; not at all for a moment after a session
    /// was busy.
    fn timeout(&self, now: Instant, last_call: Option<Instant>) -> EpollTimeout {
        if !self.sessions.is_empty() && now.saturating_duration_since(self.busy) < WAKEFUL {
            return EpollTimeout::ZERO;
        }
        let earliest = self.deadlines.peek().map(|Reverse((at, _))| *at);
        let until = |at: Instant| at.saturating_duration_since(now) + Duration::from_micros(999);
        let wait = earliest.into_iter().chain(last_call).min().map_or(BEAT, until);
        EpollTimeout::try_from(wait.min(BEAT)).unwrap_or(EpollTimeout::MAX)
    }

    fn event(&mut self, event: EpollEvent) {
        match event.data() {
            LISTENER => self.requests(),
            STOP => {}
            id => {
                let now = Instant::now();
                self.busy = now;
                let Some(session) = self.sessions.get_mut(&id) else { return };
                let next = if event.events().contains(EpollFlags::EPOLLOUT) {
                    // Asked for again by `follow` if the kernel's buffer fills up again.
                    let _ = self.epoll.modify(&session.socket, &mut EpollEvent::new(EpollFlags::EPOLLIN, id));
                    session.writable(&mut self.scratch)
                } else {
                    session.readable(now, &mut self.scratch)
                };
                self.follow(id, next, now);
            }
        }
    }

    /// Calls the sessions whose deadline has passed.
    fn expire(&mut self, now: Instant) {
        while let Some(Reverse((at, id))) = self.deadlines.peek().copied().filter(|Reverse((at, _))| *at <= now) {
            self.deadlines.pop();
            let Some(session) = self.sessions.get_mut(&id).filter(|session| session.armed == at) else { continue };
            let next = session.silent(now, &mut self.scratch);
            session.armed = session.deadline();
            self.deadlines.push(Reverse((session.armed, id)));
            self.follow(id, next, now);
        }
    }

    /// Does what a session wants next.
    fn follow(&mut self, id: u64, next: Next, now: Instant) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        match next {
            Next::End(result) => return self.end(id, result, now),
            Next::Go => {}
            Next::Blocked => {
                let both = EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT;
                let _ = self.epoll.modify(&session.socket, &mut EpollEvent::new(both, id));
            }
        }
        // A later deadline is seen when the entry comes up; an earlier one needs an entry of its own.
        if session.deadline() < session.armed {
            session.armed = session.deadline();
            self.deadlines.push(Reverse((session.armed, id)));
        }
    }

    fn end(&mut self, id: u64, result: Result<(), Failure>, now: Instant) {
        let Some(session) = self.sessions.remove(&id) else { return };
        let client = session.subject.client;
        if self.by_client.get(&client) == Some(&id) {
            self.by_client.remove(&client);
        }
        if let Some(count) = self.of_address.get_mut(client.ip()) {
            *count -= 1;
            if *count == 0 {
                self.of_address.remove(client.ip());
            }
        }
        self.files.finished(session.outcome(result, now));
    }

    fn end_all(&mut self, now: Instant) {
        for id in self.sessions.keys().copied().collect::<Vec<_>>() {
            if let Some(session) = self.sessions.get(&id) {
                session.abort(ErrorCode::NOT_DEFINED, "the server is being stopped");
            }
            self.end(id, Err(Failure::Stopped), now);
        }
    }

    fn requests(&mut self) {
        let mut buffer = [0; 2048];
        for _ in 0..REQUESTS_AT_ONCE {
            match self.listener.receive(&mut buffer) {
                Ok(Some((bytes, ends))) => self.request(bytes, ends),
                Ok(None) => return,
                Err(error) => return tracing::debug!("TFTP: cannot receive: {error}"),
            }
        }
    }

    /// One datagram on the request port.
    fn request(&mut self, bytes: &[u8], ends: Ends) {
        let now = Instant::now();
        let (request, write) = match Packet::parse(bytes) {
            Ok(Packet::Read(request)) => (request, false),
            Ok(Packet::Write(request)) => (request, true),
            // Never answer what is no request: two servers could go on for ever.
            _ => return tracing::debug!("TFTP: {} sent no request", ends.client),
        };
        if let Some(id) = self.by_client.get(&ends.client).copied() {
            if let Some(session) = self.sessions.get_mut(&id).filter(|session| session.is_repeated_by(bytes)) {
                let next = session.asked_again(now, &mut self.scratch);
                return self.follow(id, next, now);
            }
            self.end(id, Err(Failure::Replaced), now);
        }
        let name = request.name.trim_start_matches('/').to_owned();
        let opened = self.admit(&request, write, &name, ends.client);
        if let Err(Refusal(code, failure)) =
            opened.and_then(|source| self.begin(bytes, &request, &name, source, ends, now))
        {
            self.refuse(code, failure, name, ends);
        }
    }

    /// The content that a request is granted.
    fn admit(
        &mut self,
        request: &Request<'_>,
        write: bool,
        name: &str,
        client: SocketAddrV4,
    ) -> Result<Arc<Source>, Refusal> {
        let refused = |code, why: &str| Err(Refusal(code, Failure::Refused(why.to_owned())));
        if write {
            return refused(ErrorCode::ACCESS_VIOLATION, "nothing can be stored here: this server only reads");
        }
        match request.mode {
            Mode::Octet => {}
            Mode::NetAscii => {
                return refused(ErrorCode::NOT_DEFINED, "netascii is not served: use octet (binary) mode");
            }
            Mode::Other => return refused(ErrorCode::ILLEGAL_OPERATION, "unknown mode: use octet"),
        }
        let of_one = self.of_address.get(client.ip()).copied().unwrap_or(0);
        if of_one >= MOST_OF_ONE || !self.make_room(MOST) {
            return refused(ErrorCode::NOT_DEFINED, "too many transfers at once: try again");
        }
        let content = self.files.find(name, *client.ip());
        let content = content.ok_or(Refusal(ErrorCode::FILE_NOT_FOUND, Failure::NotFound))?;
        self.sources.open(content).map_err(|error| Refusal(ErrorCode::NOT_DEFINED, Failure::Read(error.to_string())))
    }

    /// True where another transfer has room, if need be that of the one which has waited longest for its client's first
    /// word: its address may well be forged, and a real client asks again.
    fn make_room(&mut self, most: usize) -> bool {
        while self.sessions.len() >= most {
            let Some(id) = self.strangers.pop_front() else { return false };
            if self.sessions.get(&id).is_some_and(|session| !session.is_heard()) {
                self.end(id, Err(Failure::Displaced), Instant::now());
            }
        }
        true
    }

    /// Remembers who has not been heard yet, and forgets who has.
    fn remember_stranger(&mut self, id: u64) {
        self.strangers.push_back(id);
        if self.strangers.len() > 2 * MOST {
            let sessions = &self.sessions;
            self.strangers.retain(|id| sessions.get(id).is_some_and(|session| !session.is_heard()));
        }
    }

    fn begin(
        &mut self,
        bytes: &[u8],
        request: &Request<'_>,
        name: &str,
        source: Arc<Source>,
        ends: Ends,
        now: Instant,
    ) -> Result<(), Refusal> {
        let failed = |error: io::Error| Refusal(ErrorCode::NOT_DEFINED, Failure::Refused(error.to_string()));
        let (terms, granted) = agree(&request.options, source.size());
        let greeting = Packet::OptionAck(granted).encode();
        let subject = Subject {
            client: ends.client,
            name: name.to_owned(),
            request: bytes.into(),
            asked_size: request.options.size.is_some(),
        };
        let socket = self.listener.answer(ends).map_err(failed)?;
        let id = self.next;
        self.next += 1;
        self.epoll.add(&socket, EpollEvent::new(EpollFlags::EPOLLIN, id)).map_err(|error| failed(error.into()))?;
        let (session, step) = Session::new(socket, subject, source, terms, greeting, now);
        self.by_client.insert(ends.client, id);
        *self.of_address.entry(*ends.client.ip()).or_default() += 1;
        self.deadlines.push(Reverse((session.armed, id)));
        self.remember_stranger(id);
        let session = self.sessions.entry(id).or_insert(session);
        let next = session.perform(step, &mut self.scratch);
        self.follow(id, next, now);
        Ok(())
    }

    fn refuse(&self, code: ErrorCode, failure: Failure, name: String, ends: Ends) {
        let message = failure.to_string();
        if let Ok(socket) = self.listener.answer(ends) {
            let _ = socket.send(&Packet::Error { code, message: message.as_str().into() }.encode());
        }
        self.files.finished(Outcome {
            client: ends.client,
            name,
            block: DEFAULT_BLOCK,
            window: 1,
            result: Err(failure),
        });
    }
}

/// What is agreed on, and the options that say so.
fn agree(asked: &Options, size: u64) -> (Terms, Options) {
    let block = asked.block.unwrap_or(DEFAULT_BLOCK);
    let fitting = (LARGEST_WINDOW_BYTES / u32::from(block)).clamp(1, LARGEST_WINDOW.into()) as u16; // at most 512
    let window = asked.window.map(|window| window.min(fitting));
    let granted = Options { size: asked.size.map(|_| size), window, ..*asked };
    let longest_wait =
        asked.timeout.map_or(super::rto::LONGEST, |seconds| Duration::from_millis(1000 * u64::from(seconds) + 500));
    let terms = Terms { size, block, window: window.unwrap_or(1), options: !asked.is_empty(), longest_wait };
    (terms, granted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_asked_for_is_not_granted() {
        let (terms, granted) = agree(&Options::default(), 1000);
        assert!(!terms.options && granted.is_empty());
        assert_eq!((terms.block, terms.window, terms.last()), (512, 1, 2));
    }

    #[test]
    fn a_size_is_told_and_a_window_bounded() {
        let asked = Options { block: Some(1468), timeout: Some(3), size: Some(0), window: Some(65_535) };
        let (terms, granted) = agree(&asked, 5_000_000);
        assert_eq!(granted, Options { size: Some(5_000_000), window: Some(512), ..asked });
        assert_eq!((terms.window, terms.longest_wait), (512, Duration::from_millis(3500)));
        let huge = Options { block: Some(65_464), window: Some(100), ..Options::default() };
        assert_eq!(agree(&huge, 1).0.window, 16);
    }
}
