//! Connections over loopback, with limits that a test can wait for.

use super::{
    Entrance, Http,
    connection::Connection,
    door::Door,
    limits::Limits,
    listen::{House, listen},
    pipe::Pipe,
    router,
};
use crate::{Context, Here, Lifecycle, Stop};
use arc_swap::ArcSwap;
use axum::{body::Body, routing};
use firstlight_boot::{BootSet, Content};
use firstlight_model::Sha256;
use firstlight_site::{Memory, Sources, parse};
use firstlight_state::{EventFilter, Events, EventsWriter, Standings, StandingsWriter, StateFolder, read_events};
use proptest::prelude::*;
use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::{runtime::Runtime, task::JoinHandle};
use tokio_util::sync::CancellationToken;

const SITE: &str = "network \"boot\" {\n interface = \"eth1\"\n subnet = \"10.20.0.0/24\"\n}\n";

const SHORT: Limits = Limits {
    connections: 64,
    of_one: 8,
    request: Duration::from_millis(400),
    idle: Duration::from_millis(800),
    stall: Duration::from_millis(600),
    linger: Duration::from_millis(200),
};

/// A server on loopback.
struct Served {
    runtime: Runtime,
    folder: TempDir,
    _writers: (EventsWriter, StandingsWriter),
    house: House,
    address: SocketAddr,
    stop: Stop,
    server: Option<JoinHandle<std::io::Result<()>>>,
}

/// What the asset `big` is made of.
fn big() -> Vec<u8> {
    (0..251).collect::<Vec<u8>>().repeat(100_000)
}

const BIG: u64 = 25_100_000;

impl Served {
    fn new() -> Served {
        let folder = tempfile::tempdir().unwrap();
        let state = StateFolder::lock(&folder.path().join("state")).unwrap();
        let (events, writer) = Events::open(&state).unwrap();
        let (standings, machines) = Standings::open(&state).unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            let modified = path.metadata().unwrap().modified().unwrap();
            (
                name.to_owned(),
                Content::File { path, size: bytes.len() as u64, sha256: Sha256([name.as_bytes()[0]; 32]), modified },
            )
        };
        let assets = [file("big", &big()), file("small", b"small"), file("empty", b"")];
        let site = parse(&Sources::single("site", SITE), &Memory::default()).map_err(|report| report.to_string());
        let site = site.unwrap().site;
        let network = site.networks[0].clone();
        let boot = Arc::new(ArcSwap::from_pointee(BootSet::new(site, assets.into(), Default::default(), 1)));
        let context = Context { boot: boot.clone(), events, mac_of: Arc::new(|_| None) };
        let http = Http::new(context.clone(), Lifecycle::new(context, standings), std::iter::empty());
        let pieces = || async { Body::from_stream(Pieces(3)) };
        let here = Arc::new(Here::new(boot, network));
        let router = router(Entrance { http: http.clone(), here })
            .route("/test/echo", routing::post(|body: String| async { body }))
            .route("/test/pieces", routing::get(pieces));
        let house = House { router, http, door: Arc::new(Door::new(SHORT)), limits: SHORT };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (listener, stop) = (TcpListener::bind("127.0.0.1:0").unwrap(), Stop::new().unwrap());
        let address = listener.local_addr().unwrap();
        let server = Some(runtime.spawn(listen(listener, house.clone(), stop.clone())));
        Served { runtime, folder, _writers: (writer, machines), house, address, stop, server }
    }

    fn connect(&self) -> Client {
        self.connect_from(1)
    }

    /// Connects from 127.0.0.`n`.
    fn connect_from(&self, n: u8) -> Client {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::from(([127, 0, 0, n], 0)).into()).unwrap();
        socket.connect(&self.address.into()).unwrap();
        let stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        Client(stream)
    }

    fn events(&self) -> String {
        let read = || read_events(&self.folder.path().join("state"), EventFilter::default());
        read().map(|event| format!("{:?}\n", event.unwrap().what)).collect()
    }

    fn wait_for_event(&self, text: &str) {
        let begun = Instant::now();
        while !self.events().contains(text) {
            assert!(begun.elapsed() < Duration::from_secs(10), "no {text} in {}", self.events());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until the server has ended, which it must have been told.
    fn ended(&mut self) {
        let server = self.server.take().unwrap();
        let ended = self.runtime.block_on(async { tokio::time::timeout(Duration::from_secs(10), server).await });
        ended.expect("it ends").unwrap().unwrap();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.stop();
    }
}

/// A body of unknown length.
struct Pieces(u8);

impl futures_core::Stream for Pieces {
    type Item = Result<&'static str, std::io::Error>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        self.0 -= 1;
        std::task::Poll::Ready(if self.0 > 0 { Some(Ok("piece ")) } else { None })
    }
}

struct Client(TcpStream);

impl Client {
    fn say(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).unwrap();
    }

    /// Head and body of one response that says its length, or that has none.
    fn response(&mut self, has_body: bool) -> (String, Vec<u8>) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.0.read_exact(&mut byte).unwrap_or_else(|error| panic!("{error} after {:?}", text(&head)));
            head.push(byte[0]);
        }
        let head = text(&head);
        let length = head
            .split_once("Content-Length: ")
            .map_or(0, |(_, rest)| rest.split_once("\r\n").unwrap().0.parse().unwrap());
        let mut body = vec![0; if has_body { length } else { 0 }];
        self.0.read_exact(&mut body).unwrap();
        (head, body)
    }

    /// Everything until the server closes.
    fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        let read = self.0.read_to_end(&mut rest);
        assert!(read.is_ok() || read.is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionReset));
        text(&rest)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")
}

#[test]
fn requests_sent_at_once_are_answered_in_their_order() {
    let served = Served::new();
    let mut client = served.connect();
    let head = get("/asset/big").replace("GET", "HEAD");
    let part = get("/asset/big").replace("\r\n\r\n", "\r\nRange: bytes=5000000-15000000\r\n\r\n");
    client.say(&format!("{}{head}{part}{}{}", get("/asset/small"), get("/asset/empty"), get("/asset/missing")));
    assert_eq!(client.response(true).1, b"small");
    assert!(client.response(false).0.contains(&format!("Content-Length: {BIG}\r\n")));
    let (head, body) = client.response(true);
    assert!(head.starts_with("HTTP/1.1 206 ") && head.contains("Content-Range: bytes 5000000-15000000/"), "{head}");
    assert!(body == big()[5_000_000..15_000_001]);
    assert!(client.response(true).0.contains("\r\nContent-Length: 0\r\n"));
    assert!(client.response(true).0.starts_with("HTTP/1.1 404 "));
    client.say(&get("/asset/big"));
    let (_, body) = client.response(true);
    assert!(body == big());
    served.wait_for_event("name: \"big\", bytes: 25100000");
    assert!(served.events().contains("name: \"empty\", bytes: 0"), "{}", served.events());
    assert!(!served.events().contains("SendFailed"), "{}", served.events());
}

#[test]
fn an_asset_may_be_asked_for_by_its_hash() {
    let served = Served::new();
    let mut client = served.connect();
    let small = "73".repeat(32);
    client.say(&get(&format!("/sha256/{small}")));
    assert_eq!(client.response(true).1, b"small");
    client.say(&get(&format!("/sha256/{small}")).replace("\r\n\r\n", "\r\nRange: bytes=3-\r\n\r\n"));
    assert_eq!(client.response(true).1, b"ll");
    for other in ["12".repeat(32), "small".to_owned(), "..".to_owned()] {
        client.say(&get(&format!("/sha256/{other}")));
        assert!(client.response(true).0.starts_with("HTTP/1.1 404 "), "{other}");
    }
}

#[test]
fn a_request_may_come_byte_by_byte() {
    let served = Served::new();
    let mut client = served.connect();
    for byte in "POST /test/echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n".chars()
    {
        client.say(&byte.to_string());
    }
    assert_eq!(client.response(true).1, b"abc");
}

#[test]
fn old_clients_are_answered_in_their_way() {
    let served = Served::new();
    let mut client = served.connect();
    client.say("GET /asset/small HTTP/1.0\r\n\r\n");
    let rest = client.rest();
    assert!(rest.ends_with("\r\nContent-Length: 5\r\nConnection: close\r\n\r\nsmall"), "{rest}");
    let mut client = served.connect();
    client.say("GET /asset/small HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
    assert!(client.response(true).0.contains("\r\nConnection: keep-alive\r\n"));
    client.say("GET /test/pieces HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
    let rest = client.rest();
    assert!(rest.ends_with("\r\nConnection: close\r\n\r\npiece piece "), "{rest}");
}

#[test]
fn a_body_of_unknown_length_comes_in_chunks() {
    let served = Served::new();
    let mut client = served.connect();
    client.say(&get("/test/pieces"));
    client.say(&get("/test/pieces").replace("Host", "Connection: close\r\nHost"));
    let chunks = "6\r\npiece \r\n6\r\npiece \r\n0\r\n\r\n";
    let rest = client.rest();
    assert_eq!(rest.matches(chunks).count(), 2, "{rest}");
    assert!(rest.contains("Transfer-Encoding: chunked\r\n\r\n6"), "{rest}");
}

#[test]
fn bodies_are_taken_as_far_as_a_route_wants_them() {
    let served = Served::new();
    let mut client = served.connect();
    let post = "POST /test/echo HTTP/1.1\r\nHost: a\r\n";
    client.say(&format!("{post}Content-Length: 3\r\n\r\nabcPOST"));
    assert_eq!(client.response(true).1, b"abc");
    client.say(&format!("{}Content-Length: 4\r\nExpect: 100-continue\r\n\r\n", &post[4..]));
    assert_eq!(client.response(false).0, "HTTP/1.1 100 Continue\r\n\r\n");
    client.say("late");
    assert_eq!(client.response(true).1, b"late");
    client.say(&format!("{post}Content-Length: 1000000000\r\nExpect: 100-continue\r\n\r\n"));
    assert!(client.rest().starts_with("HTTP/1.1 413 "), "refused before it is sent");
    let mut client = served.connect();
    client.say(&format!("{post}Transfer-Encoding: chunked\r\n\r\nfffff\r\n"));
    assert!(client.rest().starts_with("HTTP/1.1 413 "));
}

#[test]
fn after_a_malformed_request_nothing_is_believed() {
    let served = Served::new();
    for fields in
        ["Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "Content-Length: 0\r\nContent-Length: 0\r\n", "X\n"]
    {
        let mut client = served.connect();
        client.say(&format!("POST /test/echo HTTP/1.1\r\nHost: a\r\n{fields}\r\n{}", get("/asset/small")));
        let rest = client.rest();
        assert!(rest.starts_with("HTTP/1.1 400 ") && rest.matches("HTTP/1.1").count() == 1, "{rest}");
    }
}

#[test]
fn whoever_is_slow_to_ask_is_shown_out() {
    let served = Served::new();
    let begun = Instant::now();
    let (mut silent, mut slow, mut stuck) = (served.connect(), served.connect(), served.connect());
    stuck.say("POST /test/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
    slow.say("GET ");
    while begun.elapsed() < SHORT.request + Duration::from_millis(200) {
        let _ = slow.0.write_all(b"a");
        std::thread::sleep(Duration::from_millis(40));
    }
    assert!(slow.rest().starts_with("HTTP/1.1 408 "), "a byte now and then is not enough");
    assert!(stuck.rest().starts_with("HTTP/1.1 408 "));
    assert_eq!(silent.rest(), "");
    assert!(begun.elapsed() >= SHORT.idle && begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
}

#[test]
fn whoever_takes_nothing_is_closed_and_recorded() {
    let served = Served::new();
    let mut client = served.connect();
    client.say(&get("/asset/big"));
    served.wait_for_event("the client took nothing more after");
    let mut client = served.connect();
    client.say(&get("/asset/big"));
    client.0.read_exact(&mut [0; 1000]).unwrap();
    drop(client);
    served.wait_for_event("the client left after");
}

#[test]
fn whoever_is_slow_but_takes_something_gets_it_all() {
    let served = Served::new();
    let mut client = served.connect();
    client.say(&get("/asset/big"));
    let (begun, mut taken) = (Instant::now(), 0);
    let mut some = vec![0; 1 << 20];
    while taken < BIG {
        let n = client.0.read(&mut some).unwrap() as u64;
        assert!(n > 0, "closed after {taken} bytes: {}", served.events());
        taken += n;
        std::thread::sleep(Duration::from_millis(40));
    }
    assert!(begun.elapsed() > SHORT.stall, "it was slow: {:?}", begun.elapsed());
    served.wait_for_event("name: \"big\", bytes: 25100000");
}

#[test]
fn one_client_does_not_take_the_places_of_others() {
    let served = Served::new();
    let mut greedy: Vec<Client> = (0..100).map(|_| served.connect_from(2)).collect();
    let mut other = served.connect_from(3);
    other.say(&get("/asset/small"));
    assert_eq!(other.response(true).1, b"small");
    let told = greedy.get_mut(SHORT.of_one..).unwrap().iter_mut().take(20);
    for client in told {
        let rest = client.rest();
        assert!(rest.starts_with("HTTP/1.1 503 ") && rest.ends_with("too many connections\n"), "{rest:?}");
    }
    greedy[0].say(&get("/asset/small"));
    assert_eq!(greedy[0].response(true).1, b"small");
    served.wait_for_event("ConnectionsRefused { count: 1, last: 127.0.0.2, why: \"this address has too many");
    assert_eq!(served.events().matches("ConnectionsRefused").count(), 1, "a flood does not fill the record");
}

#[test]
fn a_stop_finishes_what_is_under_way_and_begins_nothing() {
    let mut served = Served::new();
    let (mut busy, mut idle) = (served.connect(), served.connect());
    idle.say(&get("/asset/small"));
    idle.response(true);
    busy.say(&format!("{}{}", get("/asset/big"), get("/asset/small")));
    busy.0.read_exact(&mut [0; 9]).unwrap();
    served.stop.stop();
    assert_eq!(idle.rest(), "");
    let mut whole = Vec::new();
    busy.0.read_to_end(&mut whole).unwrap();
    assert!(whole.len() as u64 > BIG && whole.ends_with(&[249, 250]), "{} bytes", whole.len());
    served.ended();
    assert!(TcpStream::connect(served.address).is_err());
}

/// Runs one connection on which these bytes come in these pieces. A panic in it is one of the test's.
fn hear(served: &Served, pieces: &[Vec<u8>]) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (stream, peer) = listener.accept().unwrap();
    stream.set_nonblocking(true).unwrap();
    let House { router, http, door, limits } = served.house.clone();
    served.runtime.block_on(async move {
        let pipe = Pipe::new(tokio::net::TcpStream::from_std(stream).unwrap(), limits.stall);
        let (place, ending) = (door.enter(peer.ip()).unwrap(), CancellationToken::new());
        let task = tokio::spawn(Connection { pipe, peer, place, router, http, limits, ending }.run());
        for piece in pieces {
            let _ = client.write_all(piece);
            tokio::task::yield_now().await;
        }
        client.shutdown(std::net::Shutdown::Both).unwrap();
        task.await.unwrap();
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn whatever_comes_is_survived(
        text in "(GET|POST|HEAD|X) /(asset/small|test/echo|%) HTTP/1[.][01]\r\n((Host: a|Content-Length: [0-9]{1,3}|Transfer-Encoding: chunked|Expect: 100-continue|Range: bytes=[-0-9]{1,4}|.{0,9})\r\n){0,4}\r\n([0-9a-f]{1,3}(\r\n)?){0,4}",
        noise: Vec<u8>,
        splits in prop::collection::vec(0..300usize, 0..5),
    ) {
        let bytes = [text.as_bytes(), &noise].concat();
        let mut splits: Vec<usize> = splits.into_iter().map(|at| at.min(bytes.len())).chain([0, bytes.len()]).collect();
        splits.sort_unstable();
        let pieces: Vec<Vec<u8>> = splits.windows(2).map(|pair| bytes[pair[0]..pair[1]].to_vec()).collect();
        SERVED.with(|served| hear(served, &pieces));
    }
}

thread_local! {
    static SERVED: Served = Served::new();
}
