//! This computer's Debian mirror, inside a lab: the lab's network has no way out, so an address in it relays what
//! installers fetch from there, and nothing else.
//!
//! A socket belongs to the network namespace that it was made in. The one that listens is made in the lab's, those to the
//! mirror in ours: that is all it takes to cross the border.

use crate::{repository, run};
use nix::sched::{CloneFlags, setns};
use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddrV4, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

/// How many fetches are under way at most; further ones are turned away.
const AT_ONCE: usize = 32;
/// How long a peer may be silent: a translated machine is slow, and so may a mirror be.
const PATIENCE: Duration = Duration::from_secs(120);
/// The longest request that is read.
const HEAD: u64 = 16 << 10;

/// Where the mirror is: what apt on this computer uses, found out when it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    host: String,
    port: u16,
    /// The folder with `dists` and `pool`, without a slash at its end.
    folder: String,
    /// Files that come before the mirror's, laid out like it.
    first: Option<PathBuf>,
}

impl Mirror {
    /// `None`, and why, where there is none, or none that speaks plain HTTP.
    pub fn find() -> Option<Mirror> {
        let script = repository().join("scripts/debian-apt");
        let said = run(Command::new(script).arg("--mirror"), Duration::from_secs(60));
        let mirror = (said.code == Some(0)).then(|| Mirror::parse(said.text.trim())).flatten();
        if mirror.is_none() {
            eprintln!("SKIPPED: this computer's apt knows no Debian mirror by HTTP: {}", said.text.trim());
        }
        mirror
    }

    /// The same, but what is in this folder is taken from there.
    pub fn with_files_of(self, folder: &Path) -> Mirror {
        Mirror { first: Some(folder.to_owned()), ..self }
    }

    fn parse(url: &str) -> Option<Mirror> {
        let (place, folder) = url.strip_prefix("http://")?.split_once('/')?;
        let (host, port) = place.split_once(':').unwrap_or((place, "80"));
        let folder = format!("/{}", folder.trim_end_matches('/'));
        Some(Mirror { host: host.to_owned(), port: port.parse().ok()?, folder, first: None })
    }

    /// Relays `/debian/…` from this address in the network namespace of a process, until it is dropped.
    pub fn relay(self, namespace_of: u32, at: SocketAddrV4) -> Relay {
        let namespace = File::open(format!("/proc/{namespace_of}/ns/net")).expect("the lab's namespace");
        let listen = move || {
            setns(namespace, CloneFlags::CLONE_NEWNET).expect("the namespace can be entered (this test needs root)");
            TcpListener::bind(at).expect("the relay's address is free")
        };
        let listener = thread::spawn(listen).join().expect("the relay listens");
        let ended = Arc::new(AtomicBool::new(false));
        let fetched = Arc::new(AtomicU64::new(0));
        let (seen, count) = (ended.clone(), fetched.clone());
        let worker = thread::spawn(move || accept(&listener, &self, &seen, &count));
        Relay { ended, fetched, worker: Some(worker) }
    }
}

/// A relay that works until it is dropped.
#[derive(Debug)]
pub struct Relay {
    ended: Arc<AtomicBool>,
    fetched: Arc<AtomicU64>,
    worker: Option<thread::JoinHandle<()>>,
}

impl Relay {
    /// How many bytes it has brought so far.
    pub fn fetched(&self) -> u64 {
        self.fetched.load(Ordering::Relaxed)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        let _ = self.worker.take().map(thread::JoinHandle::join);
    }
}

fn accept(listener: &TcpListener, mirror: &Mirror, ended: &AtomicBool, fetched: &Arc<AtomicU64>) {
    listener.set_nonblocking(true).expect("a listener need not block");
    let busy = Arc::new(AtomicUsize::new(0));
    while !ended.load(Ordering::Relaxed) {
        let Ok((client, _)) = listener.accept() else {
            thread::sleep(Duration::from_millis(20));
            continue;
        };
        if busy.load(Ordering::Relaxed) >= AT_ONCE {
            continue;
        }
        busy.fetch_add(1, Ordering::Relaxed);
        let (mirror, busy, fetched) = (mirror.clone(), busy.clone(), fetched.clone());
        thread::spawn(move || {
            // A client that goes away is no failure of the relay's.
            let _ = client.set_nonblocking(false).and_then(|()| relay(&mirror, client, &fetched));
            busy.fetch_sub(1, Ordering::Relaxed);
        });
    }
}

/// One request and its answer. Then the connection ends: who has more to ask connects again.
fn relay(mirror: &Mirror, mut client: TcpStream, fetched: &AtomicU64) -> io::Result<()> {
    client.set_read_timeout(Some(PATIENCE))?;
    client.set_write_timeout(Some(PATIENCE))?;
    let Some((path, request)) = request(mirror, BufReader::new(client.try_clone()?.take(HEAD)))? else {
        return client.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    };
    if let Some(file) = mirror.first.as_ref().and_then(|first| fs::read(first.join(path)).ok()) {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", file.len());
        return client.write_all(head.as_bytes()).and_then(|()| client.write_all(&file));
    }
    let mut upstream = TcpStream::connect((mirror.host.as_str(), mirror.port))?;
    upstream.set_read_timeout(Some(PATIENCE))?;
    upstream.write_all(request.as_bytes())?;
    fetched.fetch_add(io::copy(&mut upstream, &mut client)?, Ordering::Relaxed);
    Ok(())
}

/// The path below `/debian`, and what is asked of the mirror: the same, of its own host and folder. `None` for what is not
/// relayed.
fn request(mirror: &Mirror, head: impl BufRead) -> io::Result<Option<(String, String)>> {
    let mut lines = head.lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    let asked = first.split_once(' ').and_then(|(method, rest)| {
        let path = rest.split(' ').next()?.strip_prefix("/debian/")?;
        (["GET", "HEAD"].contains(&method) && !path.contains("..")).then(|| (method.to_owned(), path.to_owned()))
    });
    let Some((method, path)) = asked else { return Ok(None) };
    let mut request = format!("{method} {}/{path} HTTP/1.1\r\nHost: {}\r\n", mirror.folder, mirror.host);
    for line in lines {
        let line = line?;
        let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
        match name.as_str() {
            "" => break,
            "range" | "if-range" | "if-modified-since" | "user-agent" => request.push_str(&format!("{line}\r\n")),
            _ => {}
        }
    }
    Ok(Some((path, request + "Connection: close\r\n\r\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(head: &str) -> Option<String> {
        let mirror = Mirror::parse("http://mirror.example:3142/os/debian/").unwrap();
        request(&mirror, head.as_bytes()).unwrap().map(|(_, request)| request)
    }

    #[test]
    fn only_what_is_below_debian_is_asked_for_of_the_mirror() {
        let head = "GET /debian/dists/x HTTP/1.1\r\nHost: 10.20.0.1:3142\r\nRange: bytes=5-\r\nCookie: a\r\n\r\nGET /";
        let expected =
            "GET /os/debian/dists/x HTTP/1.1\r\nHost: mirror.example\r\nRange: bytes=5-\r\nConnection: close\r\n\r\n";
        assert_eq!(asked(head).as_deref(), Some(expected));
        for other in
            ["GET / HTTP/1.1\r\n\r\n", "POST /debian/x HTTP/1.1\r\n\r\n", "GET /debian/../x HTTP/1.1\r\n\r\n", ""]
        {
            assert_eq!(asked(other), None, "{other}");
        }
    }

    #[test]
    fn a_mirror_is_known_by_its_url() {
        let mirror = |host: &str, port, folder: &str| {
            Some(Mirror { host: host.into(), port, folder: folder.into(), first: None })
        };
        assert_eq!(Mirror::parse("http://mirror.example/debian/"), mirror("mirror.example", 80, "/debian"));
        assert_eq!(Mirror::parse("https://mirror.example/debian/"), None);
    }
}
