//! One client's connection.

use super::{
    answer::Head,
    range::{Part, part},
    request::{Next, Request, next},
};
use crate::{
    Cache, Rules,
    cache::Got,
    flight::{Body, Flight},
    store::Meta,
    upstream::{Answer, Ask},
};
use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    net::{Shutdown, TcpStream},
    ops::Range,
    sync::Arc,
    time::{Duration, Instant},
};

/// How long a client may leave a connection unused.
const IDLE: Duration = Duration::from_secs(30);
/// How long a client may take nothing.
const STALL: Duration = Duration::from_secs(60);
/// How often it is looked whether the server ends.
const LOOK: Duration = Duration::from_millis(500);

pub(crate) struct Connection<'a> {
    pub(crate) stream: TcpStream,
    pub(crate) cache: &'a Cache,
    pub(crate) rules: &'a dyn Fn() -> Option<Arc<Rules>>,
    pub(crate) ended: &'a dyn Fn() -> bool,
}

impl Connection<'_> {
    /// Serves requests until one side has enough.
    pub(crate) fn run(mut self) -> io::Result<()> {
        self.stream.set_nodelay(true)?;
        self.stream.set_write_timeout(Some(STALL))?;
        self.stream.set_read_timeout(Some(LOOK))?;
        let mut buffer = Vec::new();
        loop {
            let mut patient = Patient { stream: &self.stream, ended: self.ended, since: Instant::now() };
            match next(&mut patient, &mut buffer)? {
                Next::Request(request) => {
                    let keep_alive = request.keep_alive && !request.has_body && !(self.ended)();
                    if !self.answer(&request, keep_alive)? || !keep_alive {
                        break;
                    }
                }
                Next::Bad => {
                    self.say(400, "this is no request", false)?;
                    break;
                }
                Next::End => break,
            }
        }
        let _ = self.stream.shutdown(Shutdown::Write);
        Ok(())
    }

    /// False where the connection cannot go on.
    fn answer(&mut self, request: &Request, keep_alive: bool) -> io::Result<bool> {
        let Some(rules) = (self.rules)() else { return self.say(503, "there is no package cache any more", false) };
        let head_only = match request.method.as_str() {
            "GET" => false,
            "HEAD" => true,
            "CONNECT" => {
                return self.say(405, "what is encrypted cannot be cached: ask for http://HTTPS///HOST/PATH", false);
            }
            _ => return self.say(405, "only GET and HEAD are answered", false),
        };
        let url = match rules.upstream(&request.target) {
            Ok(url) => url,
            Err(refused) => return self.say(403, &refused.to_string(), keep_alive),
        };
        tracing::debug!("package cache: {} {url}", request.method);
        if head_only {
            return match self.cache.kept_for_good(&url) {
                Some((meta, _)) => self
                    .write(&Head::new(200).of(&meta).with("Content-Length", meta.size).end(keep_alive))
                    .map(|()| true),
                None => self.aside(&url, request, &rules, keep_alive),
            };
        }
        match self.cache.get(&url, request.anew, &rules) {
            Got::Kept(meta, file) => self.kept(&meta, file, request, keep_alive),
            Got::Coming(flight, body) => self.coming(&flight, &body, request, keep_alive),
            Got::Aside => self.aside(&url, request, &rules, keep_alive),
            Got::Failed(why) => self.say(502, &why, keep_alive),
            Got::Other(other) => {
                let head = Head::new(other.status)
                    .maybe("Content-Type", other.kind.as_deref())
                    .with("Content-Length", other.body.len());
                self.write(&[head.end(keep_alive), other.body.clone()].concat())?;
                Ok(true)
            }
        }
    }

    fn kept(&mut self, meta: &Meta, mut file: File, request: &Request, keep_alive: bool) -> io::Result<bool> {
        let Some(range) = self.head(meta, meta.size, request, keep_alive)? else { return Ok(true) };
        file.seek(SeekFrom::Start(range.start))?;
        let wanted = range.end - range.start;
        let sent = io::copy(&mut file.take(wanted), &mut self.stream)?;
        Ok(sent == wanted)
    }

    /// Content that is arriving. Where its length is not known, it goes out in chunks, or until the end for HTTP/1.0.
    fn coming(&mut self, flight: &Flight, body: &Body, request: &Request, keep_alive: bool) -> io::Result<bool> {
        let Some(length) = body.length else { return self.of_unknown_length(flight, body, request, keep_alive) };
        let Some(range) = self.head(&body.meta, length, request, keep_alive)? else { return Ok(true) };
        let (mut at, mut buffer) = (range.start, vec![0; 128 << 10]);
        while at < range.end {
            let most = usize::try_from(range.end - at).unwrap_or(usize::MAX).min(buffer.len());
            let n = flight.read_at(body, at, &mut buffer[..most])?;
            if n == 0 {
                return Ok(false);
            }
            self.stream.write_all(&buffer[..n])?;
            at += n as u64;
        }
        Ok(true)
    }

    fn of_unknown_length(
        &mut self,
        flight: &Flight,
        body: &Body,
        request: &Request,
        keep_alive: bool,
    ) -> io::Result<bool> {
        let head = Head::new(200).of(&body.meta);
        let mut at = 0;
        self.in_chunks(head, request.old, keep_alive, &mut |buffer| {
            let n = flight.read_at(body, at, buffer)?;
            at += n as u64;
            Ok(n)
        })
    }

    /// Sends the head of kept or coming content, and tells which bytes are to follow.
    fn head(&mut self, meta: &Meta, size: u64, request: &Request, keep_alive: bool) -> io::Result<Option<Range<u64>>> {
        if request.has(meta) {
            self.write(&Head::new(304).of(meta).end(keep_alive))?;
            return Ok(None);
        }
        let range = request.range.as_deref().filter(|_| request.range_holds(meta));
        let head = |status| Head::new(status).of(meta).with("Accept-Ranges", "bytes");
        let (head, range) = match part(range, size) {
            Part::Nothing => {
                let head = head(416).with("Content-Range", format_args!("bytes */{size}")).with("Content-Length", 0);
                self.write(&head.end(keep_alive))?;
                return Ok(None);
            }
            Part::Whole => (head(200), 0..size),
            Part::Some(range) => {
                let said = format!("bytes {}-{}/{size}", range.start, range.end - 1);
                (head(206).with("Content-Range", said), range)
            }
        };
        self.write(&head.with("Content-Length", range.end - range.start).end(keep_alive))?;
        Ok(Some(range))
    }

    /// What is not cached: the upstream's answer to this client's own question.
    fn aside(&mut self, url: &str, request: &Request, rules: &Rules, keep_alive: bool) -> io::Result<bool> {
        let head_only = request.method == "HEAD";
        let ask = Ask { url, head_only, headers: request.to_pass_on() };
        let Answer { status, meta, length, range, mut body } = match self.cache.aside(&ask, rules) {
            Ok(answer) => answer,
            Err(why) => return self.say(502, &why, keep_alive),
        };
        let head = Head::new(status).of(&meta).maybe("Content-Range", range.as_deref());
        match length {
            Some(length) => {
                self.write(&head.with("Content-Length", length).end(keep_alive))?;
                Ok(head_only || status == 304 || io::copy(&mut body.take(length), &mut self.stream)? == length)
            }
            None if head_only || status == 304 => self.write(&head.end(keep_alive)).map(|()| true),
            None => self.in_chunks(head, request.old, keep_alive, &mut |buffer| body.read(buffer)),
        }
    }

    fn in_chunks(
        &mut self,
        head: Head,
        old: bool,
        keep_alive: bool,
        read: &mut dyn FnMut(&mut [u8]) -> io::Result<usize>,
    ) -> io::Result<bool> {
        if old {
            self.write(&head.end(false))?;
        } else {
            self.write(&head.with("Transfer-Encoding", "chunked").end(keep_alive))?;
        }
        let mut buffer = vec![0; 64 << 10];
        loop {
            let n = read(&mut buffer)?;
            match (old, n) {
                (true, 0) => return Ok(false),
                (true, n) => self.stream.write_all(&buffer[..n])?,
                (false, 0) => return self.write(b"0\r\n\r\n").map(|()| true),
                (false, n) => {
                    self.write(format!("{n:x}\r\n").as_bytes())?;
                    self.stream.write_all(&buffer[..n])?;
                    self.write(b"\r\n")?;
                }
            }
        }
    }

    /// A short answer in words.
    fn say(&mut self, status: u16, text: &str, keep_alive: bool) -> io::Result<bool> {
        let head = Head::new(status).with("Content-Type", "text/plain").with("Content-Length", text.len() + 1);
        self.write(&[&head.end(keep_alive), text.as_bytes(), b"\n"].concat())?;
        Ok(true)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }
}

impl Request {
    /// Whether the client has this content already (RFC 9110 section 13.2.2).
    fn has(&self, meta: &Meta) -> bool {
        match &self.if_none_match {
            Some(tags) => meta.etag.as_deref().is_some_and(|etag| tags.split(',').any(|tag| tag.trim() == etag)),
            None => self.if_modified_since.is_some() && self.if_modified_since == meta.modified,
        }
    }

    /// A part is asked for only where the rest is of the same content.
    fn range_holds(&self, meta: &Meta) -> bool {
        match &self.if_range {
            Some(validator) => Some(validator) == meta.etag.as_ref() || Some(validator) == meta.modified.as_ref(),
            None => true,
        }
    }

    fn to_pass_on(&self) -> Vec<(&'static str, &str)> {
        let headers = [
            ("Range", &self.range),
            ("If-Range", &self.if_range),
            ("If-None-Match", &self.if_none_match),
            ("If-Modified-Since", &self.if_modified_since),
        ];
        let clean =
            |value: &&str| value.len() < 1024 && value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        headers.into_iter().filter_map(|(name, value)| Some((name, value.as_deref().filter(clean)?))).collect()
    }
}

/// Reads from a client who may take a while, but not after the server has ended.
struct Patient<'a> {
    stream: &'a TcpStream,
    ended: &'a dyn Fn() -> bool,
    since: Instant,
}

impl Read for Patient<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.stream.read(out) {
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                    if (self.ended)() || self.since.elapsed() > IDLE {
                        return Ok(0);
                    }
                }
                other => return other,
            }
        }
    }
}
