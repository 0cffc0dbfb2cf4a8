//! What machines see of content that is not here yet. How it is fetched is not this crate's: here it comes when a test
//! says so.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use arc_swap::ArcSwap;
use firstlight_boot::{BootSet, Content};
use firstlight_model::Mac;
use firstlight_serve::{Context, Fetch, Found, Growing, Http, Lifecycle, Stop};
use firstlight_site::{Asset, Memory, Sources, parse};
use firstlight_state::{EventFilter, Events, EventsWriter, Standings, StandingsWriter, StateFolder, read_events};
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{runtime::Runtime, sync::watch};

const SITE: &str = r#"
network "boot" {
  interface = "eth1"
  subnet    = "10.20.0.0/24"
}
asset "linux" {
  url    = "http://mirror.example/linux"
  sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
}
asset "root" {
  url    = "http://mirror.example/root"
  sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
}
profile "live" {
  kernel = asset.linux
  args   = "fetch={{ server.url }}/asset/root"
}
machine "kitt" {
  mac     = "52:54:00:00:00:01"
  profile = "live"
}
"#;

const SCRIPT: &str = "/boot.ipxe?mac=52:54:00:00:00:01&firmware=pcbios-i386";

/// What is where, as the test says; and who asked for what first.
#[derive(Default)]
struct Told {
    found: Mutex<Vec<(String, Found)>>,
    asked: Mutex<Vec<(String, Option<Mac>)>>,
}

impl Told {
    fn set(&self, name: &str, found: Found) {
        let mut all = self.found.lock().unwrap();
        all.retain(|(known, _)| known != name);
        all.push((name.to_owned(), found));
    }
}

impl Fetch for Told {
    fn want(&self, asset: &Asset, by: Option<Mac>) -> Found {
        self.asked.lock().unwrap().push((asset.name.clone(), by));
        let found = self.found.lock().unwrap();
        found.iter().find(|(name, _)| *name == asset.name).map_or(coming(0), |(_, found)| found.clone())
    }
}

fn coming(done: u64) -> Found {
    Found::Coming { done, total: Some(200 << 20), growing: None }
}

fn here(text: &'static str) -> Found {
    Found::Here(Content::Bytes(text.as_bytes().into()))
}

struct Server {
    runtime: Runtime,
    folder: TempDir,
    _writers: (EventsWriter, StandingsWriter),
    told: Arc<Told>,
    address: SocketAddr,
    stop: Stop,
}

impl Server {
    fn new() -> Server {
        let folder = tempfile::tempdir().unwrap();
        let state = StateFolder::lock(&folder.path().join("state")).unwrap();
        let (events, writer) = Events::open(&state).unwrap();
        let (standings, machines) = Standings::open(&state).unwrap();
        let site = parse(&Sources::single("site", SITE), &Memory::default()).map_err(|report| report.to_string());
        let site = site.unwrap().site;
        let network = site.networks[0].clone();
        let boot = Arc::new(ArcSwap::from_pointee(BootSet::new(site, Default::default(), Default::default(), 1)));
        let context = Context { boot, events, mac_of: Arc::new(|_| None) };
        let told = Arc::new(Told::default());
        let lifecycle = Lifecycle::new(context.clone(), standings);
        let http = Http::new(context, lifecycle, std::iter::empty()).fetching(told.clone());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (listener, stop) = (TcpListener::bind("127.0.0.1:0").unwrap(), Stop::new().unwrap());
        let address = listener.local_addr().unwrap();
        runtime.spawn(http.serve(listener, network, stop.clone()));
        Server { runtime, folder, _writers: (writer, machines), told, address, stop }
    }

    /// A connection on which this was asked for.
    fn ask(&self, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
        stream
    }

    /// The whole response.
    fn get(&self, path: &str) -> String {
        let mut text = String::new();
        self.ask(path).read_to_string(&mut text).unwrap();
        text
    }

    fn events(&self) -> String {
        let read = || read_events(&self.folder.path().join("state"), EventFilter::default());
        read().map(|event| format!("{}\n", event.unwrap().summary())).collect()
    }

    fn wait_for_event(&self, text: &str) {
        for _ in 0..500 {
            if self.events().contains(text) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("no {text:?} in {}", self.events());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.stop();
    }
}

#[test]
fn a_machine_is_told_how_far_the_fetch_is_and_boots_once_all_is_here() {
    let server = Server::new();
    server.told.set("linux", coming(50 << 20));
    let told = server.get(SCRIPT);
    assert!(told.contains("echo linux: 25 % of 200 MiB\necho root: 0 % of 200 MiB\nsleep 5\n"), "{told}");
    assert!(told.contains("\nchain --replace http://10.20.0.1:8080/boot.ipxe?mac=52:54:00:00:00:01"), "{told}");
    server.wait_for_event("waits for linux, root, which is being fetched");
    let mac = Some("52:54:00:00:00:01".parse().unwrap());
    assert_eq!(server.told.asked.lock().unwrap()[..2], [("linux".to_owned(), mac), ("root".to_owned(), mac)]);
    assert!(!server.events().contains("boots profile live"), "no attempt has begun: {}", server.events());

    server.told.set("linux", here("a kernel"));
    server.told.set("root", here("a root"));
    let script = server.get(SCRIPT);
    let url = script.split_once("\nkernel ").unwrap().1.split_once(' ').unwrap().0;
    let path = url.strip_prefix("http://10.20.0.1:8080").unwrap();
    assert!(server.get(path).ends_with("\r\n\r\na kernel"));
    server.wait_for_event("boots profile live");
}

#[test]
fn what_comes_while_the_question_is_held_is_not_waited_for() {
    let server = Server::new();
    let told = server.told.clone();
    let comes = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        told.set("linux", here("a kernel"));
        told.set("root", here("a root"));
    });
    assert!(server.get(SCRIPT).contains("\nkernel http://"));
    comes.join().unwrap();
}

#[test]
fn why_something_cannot_be_had_is_on_the_screen_and_in_the_record() {
    let server = Server::new();
    server.told.set("linux", Found::Failed("mirror.example: ${no} such host || reboot".to_owned()));
    let told = server.get(SCRIPT);
    assert!(told.contains("\necho linux cannot be fetched: mirror.example: $ {no} such host | | reboot\n"), "{told}");
    server.wait_for_event("waits: linux cannot be fetched: mirror.example");
    let refused = server.get("/asset/linux");
    assert!(refused.starts_with("HTTP/1.1 503 ") && refused.contains("\r\nRetry-After: 5\r\n"), "{refused}");
}

#[test]
fn grub_is_told_the_same_text_each_time() {
    let server = Server::new();
    let ask = "/boot.grub?mac=52:54:00:00:00:01&firmware=efi-x86_64";
    let body = |response: String| response.split_once("\r\n\r\n").unwrap().1.to_owned();
    let first = body(server.get(ask));
    assert!(first.contains("being fetched'\nsleep 5\n"), "{first}");
    server.told.set("linux", coming(150 << 20));
    assert_eq!(body(server.get(ask)), first);
}

#[test]
fn verified_bytes_leave_before_the_last_one_is_here_and_no_other() {
    let server = Server::new();
    let path = server.folder.path().join("part");
    std::fs::write(&path, "verified, unverified").unwrap();
    let (watermark, verified) = watch::channel(9);
    let growing = Growing { file: Arc::new(std::fs::File::open(&path).unwrap()), size: 20, verified };
    server.told.set("linux", Found::Coming { done: 9, total: Some(20), growing: Some(growing) });
    let mut stream = server.ask("/asset/linux");
    let mut text = String::new();
    while !text.contains("\r\n\r\nverified,") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        text.push(char::from(byte[0]));
    }
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(stream.read_exact(&mut [0]).is_err(), "nothing more leaves");
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    watermark.send(20).unwrap();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    assert!(text.contains("Content-Length: 20\r\n") && rest == " unverified", "{text}{rest}");
    server.wait_for_event("linux by HTTP: 20 B");
}

#[test]
fn a_fetch_that_breaks_off_is_no_end() {
    let server = Server::new();
    let file = Arc::new(tempfile::tempfile().unwrap());
    (&*file).write_all(b"half").unwrap();
    let (watermark, verified) = watch::channel(4);
    server
        .told
        .set("linux", Found::Coming { done: 4, total: Some(8), growing: Some(Growing { file, size: 8, verified }) });
    let mut stream = server.ask("/asset/linux");
    server.runtime.block_on(async { tokio::time::sleep(Duration::from_millis(200)).await });
    drop(watermark);
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text);
    assert!(text.contains("Content-Length: 8\r\n") && text.ends_with("\r\n\r\nhalf"), "{text}");
    server.wait_for_event("linux by HTTP failed: the fetch ended before all of it was here");
}
