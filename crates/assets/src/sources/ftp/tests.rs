//! Against pyftpdlib, and against a server that says what it should not.

use super::*;
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    process::{Child, Command, Stdio},
    thread,
};

const SERVER: &str = r"
import sys
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer
folder, host = sys.argv[1:3]
who = DummyAuthorizer()
who.add_anonymous(folder)
who.add_user('me', 'p@ss', folder)
FTPHandler.authorizer = who
server = FTPServer((host, 0), FTPHandler)
print(server.address[1], flush=True)
server.serve_forever()
";

/// A real server for a folder with one file in it.
struct Server {
    child: Child,
    host: &'static str,
    port: u16,
    folder: tempfile::TempDir,
}

impl Server {
    fn start(host: &'static str) -> Server {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("pub")).unwrap();
        fs::write(folder.path().join("pub/a b"), content()).unwrap();
        let mut command = Command::new("/usr/bin/python3"); // Debian's, which its package is for
        command.args(["-W", "ignore", "-c", SERVER]).arg(folder.path()).arg(host.trim_matches(['[', ']']));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Server { child, host, port: line.trim().parse().expect("pyftpdlib says its port"), folder }
    }

    fn url(&self, user: &str, path: &str) -> String {
        format!("ftp://{user}{}:{}/{path}", self.host, self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn content() -> Vec<u8> {
    (0..500_000u32).flat_map(u32::to_le_bytes).collect()
}

fn patience() -> Patience {
    Patience { stall: Duration::from_secs(20), ..Patience::default() }
}

fn get(url: &str, from: u64, validator: Option<&str>) -> Result<(Stream, Vec<u8>), SourceError> {
    let mut stream = open(&Ask { url, from, validator, have: None }, &patience())?;
    let mut bytes = Vec::new();
    stream.body.read_to_end(&mut bytes).map_err(|error| SourceError::of_read(error, 0, None))?;
    Ok((stream, bytes))
}

#[test]
fn a_file_comes_whole_and_from_where_it_was_cut_off() {
    let server = Server::start("127.0.0.1");
    let url = server.url("", "pub/a%20b");
    let (stream, bytes) = get(&url, 0, None).unwrap();
    assert_eq!((bytes, stream.total, stream.starts_at), (content(), Some(2_000_000), 0));
    let validator = stream.validator.unwrap();
    let (stream, bytes) = get(&url, 1_999_990, Some(&validator)).unwrap();
    assert_eq!((&bytes[..], stream.starts_at), (&content()[1_999_990..], 1_999_990));
    assert!(get(&url, 2_000_000, Some(&validator)).unwrap().1.is_empty());

    // It is another file by now, or shorter than what is here: it begins anew.
    fs::write(server.folder.path().join("pub/a b"), "hello").unwrap();
    assert_eq!(get(&url, 3, Some(&validator)).unwrap().1, b"hello");
    assert_eq!(get(&url, 6, None).unwrap().1, b"hello");
}

#[test]
fn over_ipv6() {
    if TcpListener::bind("[::1]:0").is_err() {
        eprintln!("SKIPPED: no IPv6 here");
        return;
    }
    let server = Server::start("[::1]");
    assert_eq!(get(&server.url("", "pub/a%20b"), 0, None).unwrap().1, content());
}

#[test]
fn who_may_not_and_what_is_not_there() {
    let server = Server::start("127.0.0.1");
    assert_eq!(get(&server.url("me:p%40ss@", "pub/a%20b"), 0, None).unwrap().1.len(), 2_000_000);
    let error = get(&server.url("me:wrong@", "pub/a%20b"), 0, None).err().unwrap();
    assert!(error.is_final() && error.to_string().starts_with("it answers 530"), "{error}");
    let error = get(&server.url("", "pub/c"), 0, None).err().unwrap();
    assert!(error.is_final() && error.to_string().starts_with("it answers 550"), "{error}");
}

/// A server that says these lines, whatever it is told, one for each line that comes, and then hangs up.
fn scripted(lines: Vec<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ftp://me:hush@{}/x", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut told = BufReader::new(stream.try_clone().unwrap()).lines();
        for line in lines {
            if (&stream).write_all(line.as_bytes()).is_err() || told.next().is_none() {
                return;
            }
        }
    });
    url
}

#[test]
fn a_server_that_says_what_it_should_not() {
    let ok = "200 fine\r\n".to_owned();
    for (lines, expected) in [
        (vec!["HTTP/1.1 400 Bad Request\r\n".to_owned()], "it does not speak FTP"),
        (vec!["x".repeat(10_000)], "it does not speak FTP"),
        (vec!["220-hello\r\n".repeat(600)], "its reply does not end"),
        (vec!["421 too many\r\n".to_owned()], "it answers 421 too many"),
        (
            vec!["220-\r\n220 hi\r\n".to_owned(), "331 \r\n".to_owned(), "530 not hush\r\n".to_owned()],
            "it answers 530 not …",
        ),
        (
            vec![
                "220 hi\r\n".to_owned(),
                "230 in\r\n".to_owned(),
                ok.clone(),
                ok.clone(),
                ok.clone(),
                "229 (|||0|)\r\n".to_owned(),
            ],
            "it does not say where its data is",
        ),
        (vec!["220 hi\r\n".to_owned(), "230 in\r\n".to_owned()], "it has hung up"),
    ] {
        assert_eq!(get(&scripted(lines), 0, None).err().unwrap().to_string(), expected);
    }
}

/// The last byte of a connection is not the last byte of a file: only the server's word is.
#[test]
fn what_is_cut_off_is_not_whole() {
    let data = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = data.local_addr().unwrap().port();
    thread::spawn(move || data.accept().unwrap().0.write_all(b"hal").unwrap());
    let lines = [
        "220 hi",
        "230 in",
        "200 fine",
        "500 what",
        "500 what",
        &format!("229 (|||{port}|)"),
        "150 comes\r\n426 broken",
    ];
    let url = scripted(lines.map(|line| format!("{line}\r\n")).to_vec());
    assert_eq!(get(&url, 0, None).err().unwrap().to_string(), "it answers 426 broken");
}
