//! The TFTP server with real clients and with hand-made packets, on loopback.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers of tests may fail them

use firstlight_boot::Content;
use firstlight_serve::{
    Stop,
    tftp::{Failure, Files, Outcome, spawn},
};
use firstlight_wire::tftp::{ErrorCode, Mode, Options, Packet, Request};
use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    path::Path,
    process::Command,
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

struct Shelf {
    content: HashMap<String, Content>,
    outcomes: Mutex<Sender<Outcome>>,
}

impl Files for Shelf {
    fn find(&self, name: &str, _client: Ipv4Addr) -> Option<Content> {
        self.content.get(name).cloned()
    }

    fn finished(&self, outcome: Outcome) {
        let _ = self.outcomes.lock().unwrap().send(outcome);
    }
}

/// A server that ends with the test.
struct Server {
    address: SocketAddr,
    outcomes: Receiver<Outcome>,
    stop: Stop,
    thread: Option<JoinHandle<()>>,
    folder: tempfile::TempDir,
}

impl Server {
    /// Serves `memory`, `folder/on-disk` and `empty`.
    fn start() -> Self {
        Server::on(UdpSocket::bind("127.0.0.1:0").unwrap())
    }

    fn on(socket: UdpSocket) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shelf");
        std::fs::write(&path, noise(DISK_SIZE)).unwrap();
        let modified = path.metadata().unwrap().modified().unwrap();
        let sha256 = firstlight_model::Sha256([7; 32]);
        let content = HashMap::from([
            ("memory".to_owned(), Content::Bytes(noise(MEMORY_SIZE).into())),
            ("folder/on-disk".to_owned(), Content::File { path, size: DISK_SIZE as u64, sha256, modified }),
            ("empty".to_owned(), Content::Bytes(Arc::new([]))),
        ]);
        let (sender, outcomes) = channel();
        let stop = Stop::new().unwrap();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, socket.local_addr().unwrap().port()));
        let shelf = Shelf { content, outcomes: Mutex::new(sender) };
        let thread = Some(spawn(socket, Arc::new(shelf), stop.clone()).unwrap());
        Server { address, outcomes, stop, thread, folder }
    }

    fn outcome(&self) -> Outcome {
        self.outcomes.recv_timeout(Duration::from_secs(10)).unwrap()
    }

    fn target(&self) -> std::path::PathBuf {
        self.folder.path().join("got")
    }

    fn ask(&self, name: &str, mode: Mode, options: Options) -> UdpSocket {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let request = Packet::Read(Request { name: name.into(), mode, options });
        socket.send_to(&request.encode(), self.address).unwrap();
        socket
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.stop();
        self.thread.take().map(JoinHandle::join);
    }
}

const MEMORY_SIZE: usize = 100_000;
const DISK_SIZE: usize = 3 << 20;

fn noise(length: usize) -> Vec<u8> {
    (0..length as u64).map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect()
}

/// Runs a client in the test's folder.
fn client(program: &str, arguments: &[&str], folder: &Path) {
    let run = Command::new(program).args(arguments).current_dir(folder).output();
    let output = run.unwrap_or_else(|error| panic!("{program}: {error}; install the package that has it"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
}

fn receive(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut bytes = vec![0; 70_000];
    let (length, from) = socket.recv_from(&mut bytes).unwrap();
    bytes.truncate(length);
    (bytes, from)
}

#[test]
fn curl_fetches_with_every_kind_of_block() {
    let server = Server::start();
    for block in ["512", "1468", "8192", "65464"] {
        let url = format!("tftp://{}//folder/on-disk", server.address);
        client("curl", &["-sS", "-m", "20", "--tftp-blksize", block, "-o", "got", &url], server.folder.path());
        assert!(std::fs::read(server.target()).unwrap() == noise(DISK_SIZE), "blksize {block}");
        let outcome = server.outcome();
        assert_eq!((outcome.name.as_str(), outcome.block.to_string().as_str()), ("folder/on-disk", block));
        assert_eq!(outcome.result.unwrap().bytes, DISK_SIZE as u64);
    }
}

#[test]
fn tftp_hpa_fetches_without_options() {
    let server = Server::start();
    let port = server.address.port().to_string();
    let arguments = ["-m", "binary", "127.0.0.1", &port, "-c", "get", "memory", "got"];
    client("tftp", &arguments, server.folder.path());
    assert!(std::fs::read(server.target()).unwrap() == noise(MEMORY_SIZE));
    assert_eq!((server.outcome().block, server.outcomes.try_recv().ok()), (512, None));
}

#[test]
fn atftp_fetches_by_windows() {
    let server = Server::start();
    let port = server.address.port().to_string();
    for (block, window) in [("1468", "16"), ("512", "64"), ("8192", "8")] {
        let (block, window) = (format!("blksize {block}"), format!("windowsize {window}"));
        let options = ["--option", &block, "--option", &window, "--option", "tsize 0"];
        let arguments = [&options[..], &["-g", "-r", "folder/on-disk", "-l", "got", "127.0.0.1", &port]].concat();
        client("atftp", &arguments, server.folder.path());
        assert!(std::fs::read(server.target()).unwrap() == noise(DISK_SIZE), "{block} {window}");
        let outcome = server.outcome();
        assert_eq!(outcome.result.as_ref().map(|served| served.bytes), Ok(DISK_SIZE as u64));
        assert_eq!(format!("windowsize {}", outcome.window), window);
    }
}

#[test]
fn an_answer_comes_from_the_address_that_was_asked_and_stays_on_the_device() {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    socket2::SockRef::from(&socket).bind_device(Some(b"lo")).unwrap();
    let mut server = Server::on(socket);
    server.address.set_ip(Ipv4Addr::new(127, 0, 0, 53).into());
    let client = server.ask("empty", Mode::Octet, Options::default());
    let (_, from) = receive(&client);
    assert_eq!(from.ip(), server.address.ip());
    assert_ne!(from.port(), server.address.port());
}

#[test]
fn an_empty_file_is_one_empty_block() {
    let server = Server::start();
    let socket = server.ask("///empty", Mode::Octet, Options { size: Some(0), ..Options::default() });
    let (greeting, from) = receive(&socket);
    let options = Options { size: Some(0), ..Options::default() };
    assert_eq!(Packet::parse(&greeting), Ok(Packet::OptionAck(options)));
    socket.send_to(&Packet::Ack(0).encode(), from).unwrap();
    assert_eq!(Packet::parse(&receive(&socket).0), Ok(Packet::Data { block: 1, payload: &[] }));
    socket.send_to(&Packet::Ack(1).encode(), from).unwrap();
    assert_eq!(server.outcome().result.map(|served| served.bytes), Ok(0));
}

#[test]
fn what_is_refused_is_told_why() {
    let server = Server::start();
    let refusal = |socket: &UdpSocket| match Packet::parse(&receive(socket).0) {
        Ok(Packet::Error { code, message }) => (code, message.into_owned()),
        other => panic!("{other:?}"),
    };
    let missing = server.ask("../../etc/passwd", Mode::Octet, Options::default());
    assert_eq!(refusal(&missing).0, ErrorCode::FILE_NOT_FOUND);
    assert_eq!(server.outcome().result, Err(Failure::NotFound));
    let (code, message) = refusal(&server.ask("memory", Mode::NetAscii, Options::default()));
    assert!(code == ErrorCode::NOT_DEFINED && message.contains("octet"), "{message}");
    let writer = UdpSocket::bind("127.0.0.1:0").unwrap();
    writer.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let write = Packet::Write(Request { name: "memory".into(), mode: Mode::Octet, options: Options::default() });
    writer.send_to(&write.encode(), server.address).unwrap();
    assert_eq!(refusal(&writer).0, ErrorCode::ACCESS_VIOLATION);
}

#[test]
fn firmware_that_asks_for_the_size_first_is_no_failure() {
    let server = Server::start();
    let socket = server.ask("memory", Mode::Octet, Options { size: Some(0), ..Options::default() });
    let (greeting, from) = receive(&socket);
    let options = Options { size: Some(MEMORY_SIZE as u64), ..Options::default() };
    assert_eq!(Packet::parse(&greeting), Ok(Packet::OptionAck(options)));
    let enough = Packet::Error { code: ErrorCode::OPTION_REFUSED, message: "User aborted the transfer".into() };
    socket.send_to(&enough.encode(), from).unwrap();
    assert_eq!(server.outcome().result, Err(Failure::SizeOnly));
}

#[test]
fn a_client_that_asks_again_gets_the_same_answer_from_the_same_transfer() {
    let server = Server::start();
    let asked = Options { block: Some(1000), ..Options::default() };
    let socket = server.ask("memory", Mode::Octet, asked);
    let (first, from) = receive(&socket);
    std::thread::sleep(Duration::from_millis(150));
    let again = Packet::Read(Request { name: "memory".into(), mode: Mode::Octet, options: asked });
    let begun = Instant::now();
    socket.send_to(&again.encode(), server.address).unwrap();
    assert_eq!(receive(&socket), (first, from));
    assert!(begun.elapsed() < Duration::from_millis(500), "{:?}", begun.elapsed());
}

#[test]
fn a_lost_block_comes_again_soon() {
    let server = Server::start();
    let socket = server.ask("memory", Mode::Octet, Options { block: Some(1000), ..Options::default() });
    let (_, from) = receive(&socket);
    socket.send_to(&Packet::Ack(0).encode(), from).unwrap();
    let (data, _) = receive(&socket);
    assert_eq!(Packet::parse(&data), Ok(Packet::Data { block: 1, payload: &noise(1000) }));
    let begun = Instant::now();
    assert_eq!(receive(&socket).0, data);
    assert!(begun.elapsed() < Duration::from_millis(500), "{:?}", begun.elapsed());
}

#[test]
fn a_request_from_a_port_in_use_replaces_what_was_there() {
    let server = Server::start();
    let socket = server.ask("memory", Mode::Octet, Options::default());
    receive(&socket);
    let other = Packet::Read(Request { name: "empty".into(), mode: Mode::Octet, options: Options::default() });
    socket.send_to(&other.encode(), server.address).unwrap();
    assert_eq!(server.outcome().result, Err(Failure::Replaced));
    assert_eq!(Packet::parse(&receive(&socket).0), Ok(Packet::Data { block: 1, payload: &[] }));
}

#[test]
fn a_stopped_server_lets_a_transfer_end() {
    let server = Server::start();
    let socket = server.ask("memory", Mode::Octet, Options { block: Some(65_464), ..Options::default() });
    let (_, from) = receive(&socket);
    server.stop.stop();
    for number in 0..2u16 {
        socket.send_to(&Packet::Ack(number).encode(), from).unwrap();
        receive(&socket);
    }
    socket.send_to(&Packet::Ack(2).encode(), from).unwrap();
    assert_eq!(server.outcome().result.map(|served| served.bytes), Ok(MEMORY_SIZE as u64));
    let begun = Instant::now();
    drop(server);
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_flood_with_forged_addresses_displaces_only_itself() {
    firstlight_serve::raise_open_files();
    let server = Server::start();
    let options = Options { block: Some(1000), ..Options::default() };
    let request = Packet::Read(Request { name: "memory".into(), mode: Mode::Octet, options }).encode();
    let real = server.ask("memory", Mode::Octet, options);
    let (_, from) = receive(&real);
    real.send_to(&Packet::Ack(0).encode(), from).unwrap();
    receive(&real);
    let flood: Vec<UdpSocket> = (0..4500u32)
        .map(|number| {
            let address = Ipv4Addr::new(127, 0, 1, (number / 200) as u8 + 1);
            let socket = UdpSocket::bind((address, 0)).unwrap();
            socket.send_to(&request, server.address).unwrap();
            if number % 50 == 0 {
                std::thread::sleep(Duration::from_millis(1)); // the request port's queue is not what is tested
            }
            socket
        })
        .collect();
    let ended = server.outcome();
    assert_eq!(ended.result, Err(Failure::Displaced), "{ended:?}");
    let url = format!("tftp://{}//folder/on-disk", server.address);
    client("curl", &["-sS", "-m", "20", "--tftp-blksize", "1468", "-o", "got", &url], server.folder.path());
    assert!(std::fs::read(server.target()).unwrap() == noise(DISK_SIZE));
    real.send_to(&Packet::Ack(1).encode(), from).unwrap();
    let second = (0..10).map(|_| receive(&real).0).find(|bytes| bytes[..4] == [0, 3, 0, 2]);
    assert!(second.is_some(), "a transfer that is under way goes on");
    drop(flood);
}

#[test]
fn one_address_has_no_more_than_its_share() {
    let server = Server::start();
    let sockets: Vec<UdpSocket> =
        (0..257).map(|_| server.ask("memory", Mode::Octet, Options { size: Some(0), ..Options::default() })).collect();
    let refused = sockets.iter().filter(|socket| receive(socket).0[1] == 5).count();
    assert_eq!(refused, 1);
    let other = UdpSocket::bind("127.0.0.9:0").unwrap();
    other.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let request = Packet::Read(Request { name: "empty".into(), mode: Mode::Octet, options: Options::default() });
    other.send_to(&request.encode(), server.address).unwrap();
    assert_eq!(Packet::parse(&receive(&other).0), Ok(Packet::Data { block: 1, payload: &[] }));
}
