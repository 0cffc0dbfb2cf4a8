//! One connection's socket with a deadline: reading, writing, and sending a file from the page cache (`sendfile(2)`).
//! Knows nothing of HTTP.

use super::{cold, outstanding::outstanding};
use rustix::net::SendFlags;
use std::{
    fs::File,
    future::poll_fn,
    io::{self, IoSlice},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWrite, Interest},
    net::TcpStream,
    time::{Instant, Sleep, sleep_until},
};

/// How much of a file is sent before others get their turn, and read at once where it is not in memory. So little, that
/// machines which fetch the same file stay close together in it: it then comes from the processor's cache. (64 at once:
/// half a MiB 12.9 GB/s, 2 MiB 12.4, 8 MiB 11.7.)
pub(super) const CHUNK: u64 = 512 << 10;

/// From here on the two calls that keep packets whole (TCP_CORK, tcp(7)) are worth it.
const LARGE: u64 = 256 << 10;

/// A socket with a deadline.
pub(super) struct Pipe {
    stream: TcpStream,
    alarm: Alarm,
    /// How long the other side may accept nothing.
    stall: Duration,
}

impl Pipe {
    pub(super) fn new(stream: TcpStream, stall: Duration) -> Pipe {
        let now = Instant::now();
        Pipe { stream, alarm: Alarm { sleep: Box::pin(sleep_until(now + stall)), at: now + stall }, stall }
    }

    /// From now on, what is waited for must come within this time.
    pub(super) fn within(&mut self, time: Duration) {
        self.alarm.set(Instant::now() + time);
    }

    /// Reads once, as much as `buffer` has room for without growing. Returns 0 at the end of the stream.
    ///
    /// # Errors
    /// `TimedOut` at the deadline; what the system says.
    pub(super) async fn read(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        let (stream, alarm) = (&mut self.stream, &mut self.alarm);
        let mut read = pin!(stream.read_buf(buffer));
        poll_fn(|context| match read.as_mut().poll(context) {
            Poll::Pending => alarm.poll(context).map(|()| Err(io::ErrorKind::TimedOut.into())),
            ready => ready,
        })
        .await
    }

    /// Writes both parts, at best in one packet. `done` counts what the system accepted, also where this fails.
    ///
    /// # Errors
    /// `TimedOut` where the other side accepted nothing for so long; what the system says.
    pub(super) async fn write(&mut self, head: &[u8], body: &[u8], done: &mut u64) -> io::Result<()> {
        let (mut head, mut body) = (head, body);
        while !(head.is_empty() && body.is_empty()) {
            let slices = [IoSlice::new(head), IoSlice::new(body)];
            let n = self.accepted(|stream, context| Pin::new(stream).poll_write_vectored(context, &slices)).await?;
            if n == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            *done += n as u64;
            let of_head = n.min(head.len());
            head = head.get(of_head..).unwrap_or_default();
            body = body.get(n - of_head..).unwrap_or_default();
        }
        Ok(())
    }

    /// Sends `head`, and then this part of a file without copying it. `done` counts the bytes of both.
    ///
    /// # Errors
    /// As [`Pipe::write`]; `UnexpectedEof` where the file has become shorter.
    pub(super) async fn send_file(
        &mut self,
        head: &[u8],
        file: &Arc<File>,
        part: std::ops::Range<u64>,
        done: &mut u64,
    ) -> io::Result<()> {
        // Only whole packets, until the end: what a call of sendfile leaves over waits for the next one.
        let large = part.end - part.start >= LARGE;
        if large {
            rustix::net::sockopt::set_tcp_cork(&self.stream, true)?;
        }
        let sent = self.send_parts(head, file, part, done).await;
        if large {
            rustix::net::sockopt::set_tcp_cork(&self.stream, false)?;
        }
        sent
    }

    async fn send_parts(
        &mut self,
        head: &[u8],
        file: &Arc<File>,
        part: std::ops::Range<u64>,
        done: &mut u64,
    ) -> io::Result<()> {
        let first_end = part.end.min(part.start.saturating_add(CHUNK));
        cold::load(file, part.start..first_end).await?;
        self.write_more(head, done).await?;
        let mut at = part.start;
        while at < part.end {
            let end = part.end.min(at.saturating_add(CHUNK));
            if at > part.start {
                cold::load(file, at..end).await?;
                tokio::task::yield_now().await;
            }
            self.send_chunk(file, at..end, done).await?;
            at = end;
        }
        Ok(())
    }

    /// Writes what more follows: the system waits for it to fill the packet.
    async fn write_more(&mut self, mut bytes: &[u8], done: &mut u64) -> io::Result<()> {
        while !bytes.is_empty() {
            let send =
                |stream: &TcpStream| Ok(rustix::net::send(stream, bytes, SendFlags::MORE | SendFlags::NOSIGNAL)?);
            let n = self.when_writable(send).await?;
            *done += n as u64;
            bytes = bytes.get(n..).unwrap_or_default();
        }
        Ok(())
    }

    async fn send_chunk(&mut self, file: &File, part: std::ops::Range<u64>, done: &mut u64) -> io::Result<()> {
        let mut at = part.start;
        while at < part.end {
            let left = usize::try_from(part.end - at).unwrap_or(usize::MAX);
            let sent = self.send_some(file, &mut at, left).await?;
            *done += sent as u64;
            // Nothing more will come of a file that has become shorter, and no event of the socket would tell.
            if sent == 0 || (sent < left && rustix::fs::fstat(file)?.st_size <= at as i64) {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(())
    }

    /// Sends what the socket has room for; the system moves `at` on. Where that is not all, the socket counts as full at
    /// once, and its next event is waited for: to try again before then would send crumbs, each at the price of a call.
    async fn send_some(&mut self, file: &File, at: &mut u64, left: usize) -> io::Result<usize> {
        self.accepted(|stream, context| {
            let stream = &*stream;
            loop {
                ready!(stream.poll_write_ready(context))?;
                let mut sent = 0;
                let send = || {
                    sent = rustix::fs::sendfile(stream, file, Some(at), left)?;
                    if (1..left).contains(&sent) { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(sent) }
                };
                match stream.try_io(Interest::WRITABLE, send) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock && sent > 0 => {
                        return Poll::Ready(Ok(sent));
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    result => return Poll::Ready(result),
                }
            }
        })
        .await
    }

    /// Does this as soon as the socket takes something.
    async fn when_writable(&mut self, mut send: impl FnMut(&TcpStream) -> io::Result<usize>) -> io::Result<usize> {
        self.accepted(|stream, context| {
            loop {
                ready!(stream.poll_write_ready(context))?;
                match stream.try_io(Interest::WRITABLE, || send(stream)) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    result => return Poll::Ready(result),
                }
            }
        })
        .await
    }

    /// Polls until the socket accepted something, or accepted nothing for too long.
    async fn accepted(
        &mut self,
        mut poll: impl FnMut(&mut TcpStream, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> io::Result<usize> {
        let (stream, alarm, stall) = (&mut self.stream, &mut self.alarm, self.stall);
        let mut before = None;
        poll_fn(|context| {
            let polled = poll(stream, context);
            if polled.is_ready() {
                return polled;
            }
            let mut left = *before.get_or_insert_with(|| {
                alarm.set(Instant::now() + stall);
                outstanding(&*stream)
            });
            while alarm.poll(context).is_ready() {
                // The system wakes us only when a good part of its buffer is free. Until then, a slow client is one that
                // acknowledges something.
                let now = outstanding(&*stream);
                if now >= left {
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
                left = now;
                before = Some(now);
                alarm.set(Instant::now() + stall);
            }
            Poll::Pending
        })
        .await
    }

    /// Sends something short on a connection that is new, and so has room for it.
    pub(super) fn say_at_once(&self, bytes: &[u8]) {
        let _ = rustix::net::send(&self.stream, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL);
    }

    /// Says that nothing more will be sent, and reads for a moment what still comes. Closing at once would answer that
    /// with a reset, which can overtake the last response.
    pub(super) async fn linger(mut self, time: Duration) {
        if rustix::net::shutdown(&self.stream, rustix::net::Shutdown::Write).is_err() {
            return;
        }
        self.within(time);
        let mut dropped = Vec::with_capacity(4096);
        for _ in 0..64 {
            dropped.clear();
            match self.read(&mut dropped).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }
}

/// A deadline that is cheap to move further away: the timer then goes off early, and is set again.
struct Alarm {
    sleep: Pin<Box<Sleep>>,
    at: Instant,
}

impl Alarm {
    fn set(&mut self, at: Instant) {
        self.at = at;
        if at < self.sleep.deadline() {
            self.sleep.as_mut().reset(at);
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.sleep.as_mut().poll(context));
            if Instant::now() >= self.at {
                return Poll::Ready(());
            }
            self.sleep.as_mut().reset(self.at);
        }
    }
}
