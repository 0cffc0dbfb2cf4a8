//! A web server that misbehaves as it is told: what a source of assets can do wrong, one request after another.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

/// What a request is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// As it should be: ranges, a length, an ETag.
    None,
    /// This status, and no file.
    Status(u16),
    /// Ends after so many bytes of what it announced.
    Cut(usize),
    /// Resets the connection after so many bytes.
    Reset(usize),
    /// Sends so many bytes, then nothing more for a minute.
    Stall(usize),
    /// Announces fewer bytes than there are.
    ShortLength(usize),
    /// Tells no length and sends for ever.
    Endless,
    /// Answers a range with the file's beginning, and says so.
    WrongRange,
    /// Answers a range with the whole file, as a server without ranges does.
    NoRanges,
    /// Redirects to itself.
    RedirectLoop,
    /// Says that the file is compressed.
    Gzip,
    /// A page with the status 200.
    Page,
    /// The right length, one other byte at its beginning; a range of it is right.
    OtherBytes,
    /// One other byte at the beginning of a range.
    OtherPart,
    /// Tells no length.
    NoLength,
    /// As it should be, but so many bytes a second.
    Slow(usize),
}

/// The server, on a port of its own on the loopback.
#[derive(Debug)]
pub struct Misbehaving {
    port: u16,
    /// The `Range` header of each request, `-` where it had none.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Misbehaving {
    /// Serves `body` under every path. The first request meets the first fault, and so on; the last one holds for all that
    /// follow.
    pub fn start(body: Vec<u8>, faults: &[Fault]) -> Misbehaving {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let port = listener.local_addr().expect("it has an address").port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (record, faults, body) = (asked.clone(), faults.to_vec(), Arc::new(body));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (record, faults, body) = (record.clone(), faults.clone(), body.clone());
                thread::spawn(move || {
                    let Some(range) = read_range(&stream) else { return };
                    let nth = {
                        let mut record = record.lock().unwrap_or_else(PoisonError::into_inner);
                        record.push(range.map_or("-".to_owned(), |from| format!("{from}-")));
                        record.len() - 1
                    };
                    let fault = faults.get(nth).or(faults.last()).unwrap_or(&Fault::None);
                    let _ = answer(stream, &body, range, fault);
                });
            }
        });
        Misbehaving { port, asked }
    }

    /// A URL of it.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/kernel", self.port)
    }

    /// The ranges that were asked for, `-` for the whole.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Reads a request's head. The first byte of its range, where it has one; `None` where there was no request.
fn read_range(stream: &TcpStream) -> Option<Option<usize>> {
    let mut range = None;
    let mut lines = BufReader::new(stream.try_clone().ok()?.take(64 << 10)).lines();
    lines.next()?.ok()?;
    for line in lines.map_while(Result::ok).take_while(|line| !line.is_empty()) {
        let lower = line.to_ascii_lowercase();
        if let Some(from) = lower.strip_prefix("range: bytes=") {
            range = from.trim_end_matches('-').parse().ok();
        }
    }
    Some(range)
}

fn answer(mut stream: TcpStream, body: &[u8], range: Option<usize>, fault: &Fault) -> std::io::Result<()> {
    let range = range.filter(|from| *from < body.len());
    let from = if matches!(fault, Fault::NoRanges | Fault::WrongRange) { 0 } else { range.unwrap_or(0) };
    let part = &body[from..];
    let status = match (fault, range) {
        (Fault::Status(code), _) => format!("{code} As Told"),
        (Fault::RedirectLoop, _) => "302 Found\r\nLocation: /kernel".to_owned(),
        (Fault::NoRanges, _) | (_, None) => "200 OK".to_owned(),
        (_, Some(_)) => {
            format!("206 Partial Content\r\nContent-Range: bytes {from}-{}/{}", body.len() - 1, body.len())
        }
    };
    let length = match fault {
        Fault::NoLength | Fault::Endless => String::new(),
        Fault::ShortLength(bytes) => format!("Content-Length: {bytes}\r\n"),
        Fault::Status(_) | Fault::RedirectLoop => "Content-Length: 0\r\n".to_owned(),
        _ => format!("Content-Length: {}\r\n", part.len()),
    };
    let more = match fault {
        Fault::Gzip => "Content-Encoding: gzip\r\n",
        Fault::Page => "Content-Type: text/html; charset=utf-8\r\n",
        _ => "ETag: \"one\"\r\n",
    };
    write!(stream, "HTTP/1.1 {status}\r\n{length}{more}Connection: close\r\n\r\n")?;
    match fault {
        Fault::Status(_) | Fault::RedirectLoop => Ok(()),
        Fault::Cut(bytes) => stream.write_all(&part[..(*bytes).min(part.len())]),
        Fault::Reset(bytes) => {
            stream.write_all(&part[..(*bytes).min(part.len())])?;
            // What is sent should arrive before the reset does.
            thread::sleep(Duration::from_millis(300));
            socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO))
        }
        Fault::Stall(bytes) => {
            stream.write_all(&part[..(*bytes).min(part.len())])?;
            thread::sleep(Duration::from_secs(60));
            Ok(())
        }
        Fault::Endless => loop {
            stream.write_all(body)?;
        },
        Fault::OtherBytes | Fault::OtherPart if (from == 0) == (*fault == Fault::OtherBytes) => {
            stream.write_all(&[&[part[0] ^ 1], &part[1..]].concat())
        }
        Fault::Slow(rate) => part.chunks((rate / 20).max(1)).try_for_each(|chunk| {
            thread::sleep(Duration::from_millis(50));
            stream.write_all(chunk)
        }),
        _ => stream.write_all(part),
    }
}
