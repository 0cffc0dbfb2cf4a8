//! One HTTP/1.1 request (RFC 9112): a POST of a text, or a GET of a short one. Plain http, to an address: a static program has no name
//! resolution, and we report to the server that booted us, which we know by its address.

use std::{
    io::{Read, Write},
    net::{IpAddr, SocketAddr, TcpStream},
    time::Duration,
};

/// For connecting, and for each read and write.
const TIMEOUT: Duration = Duration::from_secs(10);
/// As much of an answer as is read: the status line is at its beginning.
const MAX_ANSWER: u64 = 4096;

/// Where to.
#[derive(Debug, PartialEq, Eq)]
struct Target<'a> {
    address: SocketAddr,
    host: &'a str,
    path: &'a str,
}

/// What is asked.
enum Request<'a> {
    Get,
    /// The body's type, and the body.
    Post(&'static str, &'a str),
}

impl Request<'_> {
    fn text(&self, target: &Target<'_>) -> String {
        let (method, body, about_it) = match self {
            Request::Get => ("GET", "", String::new()),
            Request::Post(kind, body) => {
                ("POST", *body, format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", body.len()))
            }
        };
        let Target { path, host, .. } = target;
        format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{about_it}Connection: close\r\n\r\n{body}")
    }
}

/// What a server answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The text behind the headers, as far as it was read.
    pub(crate) text: String,
}

impl Answer {
    /// True for 200 to 299.
    pub(crate) fn is_ok(&self) -> bool {
        (200..=299).contains(&self.status)
    }

    /// True for 400 to 499: asking again would not help.
    pub(crate) fn is_refusal(&self) -> bool {
        (400..=499).contains(&self.status)
    }

    /// What it says, in a line.
    pub(crate) fn first_line(&self) -> &str {
        self.text.lines().next().unwrap_or_default()
    }

    /// Any other than 200 to 299 is an error, with the first line of what the server says.
    fn or_refusal(self, target: &Target<'_>) -> Result<Answer, String> {
        let why = self.first_line();
        if self.is_ok() {
            Ok(self)
        } else {
            Err(format!("{} answered with status {}: {why}", target.address, self.status))
        }
    }
}

/// Posts `body`. Any status of 200 to 299 is success; so is, when it is asked `again`, the refusal of a second report: then
/// the answer to the first one was lost on its way.
///
/// # Errors
/// Why it failed, for the console.
pub(crate) fn post(url: &str, body: &str, again: bool) -> Result<(), String> {
    let target = parse(url)?;
    let answer = exchange(&target, &Request::Post("text/plain; charset=utf-8", body))?;
    if again && answer.status == 409 && answer.text.contains("reported already") {
        return Ok(());
    }
    answer.or_refusal(&target).map(drop)
}

/// Posts JSON, and gives whatever the server answers.
///
/// # Errors
/// There was no answer, and why.
pub(crate) fn post_json(url: &str, body: &str) -> Result<Answer, String> {
    exchange(&parse(url)?, &Request::Post("application/json", body))
}

/// Gets a short text, or whatever the server answers.
///
/// # Errors
/// There was no answer, and why.
pub(crate) fn get(url: &str) -> Result<Answer, String> {
    exchange(&parse(url)?, &Request::Get)
}

fn parse(url: &str) -> Result<Target<'_>, String> {
    let wrong = || format!("`{url}` is not a URL to report to; expected one like http://10.20.0.1:8080/path");
    let rest = url.strip_prefix("http://").ok_or_else(wrong)?;
    let slash = rest.find('/').unwrap_or(rest.len());
    let (host, path) = rest.split_at(slash);
    let path = if path.is_empty() { "/" } else { path };
    let with_port = host.parse::<SocketAddr>();
    let bare = || host.trim_matches(['[', ']']).parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 80));
    let address = with_port.or_else(|_| bare()).map_err(|_| wrong())?;
    if path.bytes().any(|byte| !byte.is_ascii_graphic()) {
        return Err(wrong());
    }
    Ok(Target { address, host, path })
}

fn exchange(target: &Target<'_>, request: &Request<'_>) -> Result<Answer, String> {
    let answer = converse(target, request).map_err(|cause| format!("{}: {cause}", target.address))?;
    let status = status(&answer).ok_or_else(|| format!("{} did not answer in HTTP", target.address))?;
    let text = String::from_utf8_lossy(&answer);
    let text = text.split_once("\r\n\r\n").map(|(_, text)| text.to_owned()).unwrap_or_default();
    Ok(Answer { status, text })
}

fn converse(target: &Target<'_>, request: &Request<'_>) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&target.address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    stream.write_all(request.text(target).as_bytes())?;
    let mut answer = Vec::new();
    let outcome = stream.take(MAX_ANSWER).read_to_end(&mut answer);
    // A server that has answered may break the connection as it likes.
    if status(&answer).is_some() { Ok(answer) } else { outcome.map(|_| answer) }
}

/// The status of `HTTP/1.1 204 No Content`.
fn status(answer: &[u8]) -> Option<u16> {
    let line = answer.split(|byte| *byte == b'\n').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split_ascii_whitespace();
    words.next()?.starts_with("HTTP/1.").then(|| words.next()?.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{io::BufRead, net::TcpListener};

    #[test]
    fn urls_are_taken_apart() {
        let target = parse("http://10.20.0.1:8080/up?t=1").unwrap();
        assert_eq!((target.address.to_string().as_str(), target.path), ("10.20.0.1:8080", "/up?t=1"));
        assert_eq!(parse("http://10.20.0.1").unwrap().address.port(), 80);
        assert_eq!(parse("http://[fd00::1]/x").unwrap().address.to_string(), "[fd00::1]:80");
        for url in ["https://10.0.0.1/", "10.0.0.1", "http:///x", "http://name/x", "http://10.0.0.1/a\r\nb"] {
            assert!(parse(url).is_err(), "{url}");
        }
    }

    /// Answers one request with `answer`; gives the request back.
    fn server(answer: &'static str) -> (String, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/up", listener.local_addr().unwrap());
        let thread = std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = std::io::BufReader::new(stream);
            let mut request = String::new();
            while !request.ends_with("\r\n\r\n") {
                reader.read_line(&mut request).unwrap();
            }
            let mut body = [0; 5];
            reader.read_exact(&mut body).unwrap();
            reader.into_inner().write_all(answer.as_bytes()).unwrap();
            request + std::str::from_utf8(&body).unwrap()
        });
        (url, thread)
    }

    #[test]
    fn a_post_says_what_it_should() {
        let (url, server) = server("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(post(&url, "hello", false), Ok(()));
        let request = server.join().unwrap();
        assert!(request.starts_with("POST /up HTTP/1.1\r\nHost: 127.0.0.1:"), "{request}");
        assert!(request.contains("Content-Length: 5\r\n") && request.ends_with("\r\n\r\nhello"), "{request}");
    }

    #[test]
    fn a_refusal_and_nonsense_are_told_apart() {
        for (answer, expected) in
            [("HTTP/1.1 403 Forbidden\r\n\r\n", "status 403"), ("SSH-2.0-x\r\n", "in HTTP"), ("", "in HTTP")]
        {
            let (url, server) = server(answer);
            assert!(post(&url, "hello", false).unwrap_err().contains(expected), "{answer}");
            server.join().unwrap();
        }
    }

    #[test]
    fn a_report_that_is_known_already_is_one_that_arrived() {
        let known = "HTTP/1.1 409 Conflict\r\n\r\nthis attempt has reported already\n";
        for (answer, again, ok) in [
            (known, true, true),
            (known, false, false),
            ("HTTP/1.1 409 Conflict\r\n\r\nthis attempt was superseded\n", true, false),
        ] {
            let (url, server) = server(answer);
            assert_eq!(post(&url, "hello", again).is_ok(), ok, "{answer}");
            server.join().unwrap();
        }
    }
}
