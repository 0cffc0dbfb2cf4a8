//! Gateways on loopback, honest and not.

use super::*;
use firstlight_ipfs::{
    Cid,
    build::{self, Blocks, Shape},
};
use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{Mutex, mpsc::Receiver},
    thread,
    time::Duration,
};

/// How a gateway answers a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Honest,
    /// Another block than the one that was asked for, in both forms.
    Lies,
    /// A byte of the block is another.
    Flips,
    /// It begins and never goes on.
    Stalls,
    /// It says how long the block is, and ends before.
    Cuts,
    Knows(u16),
    /// A page that says 200.
    Page,
    /// It sends without end.
    Endless,
    /// Blocks and no streams.
    BlocksOnly,
    /// A stream that ends after some blocks; single blocks are right.
    CutsStream,
}

struct Gateway {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Gateway {
    fn start(blocks: &Blocks, mood: Mood) -> Gateway {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (asked, blocks) = (Arc::new(Mutex::new(Vec::new())), Arc::new(blocks.clone()));
        let seen = asked.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (seen, blocks) = (seen.clone(), blocks.clone());
                thread::spawn(move || serve(stream.unwrap(), &blocks, mood, &seen));
            }
        });
        Gateway { url, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(stream: TcpStream, blocks: &Blocks, mood: Mood, seen: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    loop {
        let Some(Ok(request)) = lines.next() else { return };
        let target = request.split(' ').nth(1).unwrap().to_owned();
        while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
        seen.lock().unwrap().push(target.clone());
        if answer(&stream, &target, blocks, mood).is_none() {
            return;
        }
    }
}

/// `None` where the connection ends.
fn answer(mut stream: &TcpStream, target: &str, blocks: &Blocks, mood: Mood) -> Option<()> {
    let (path, query) = target.strip_prefix("/ipfs/").unwrap().split_once('?').unwrap();
    let cid: Cid = path.split('/').next().unwrap().parse().unwrap();
    let is_car = query.starts_with("format=car");
    let body = match is_car {
        true => build::car(blocks, &blocks.in_order()),
        false => blocks.get(&cid)?.to_vec(),
    };
    let mut send = |status: &str, kind: &str, length: usize, body: &[u8]| {
        let head = format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n");
        stream.write_all(&[head.as_bytes(), body].concat()).ok()
    };
    match mood {
        Mood::Honest | Mood::BlocksOnly | Mood::CutsStream if !is_car => send("200 OK", "x", body.len(), &body),
        Mood::Honest => send("200 OK", "x", body.len(), &body),
        Mood::BlocksOnly => send("406 Not Acceptable", "x", 0, &[]),
        Mood::CutsStream => {
            send("200 OK", "x", body.len(), &body[..body.len() / 2])?;
            None
        }
        Mood::Lies => send("200 OK", "x", 5, b"hello"),
        Mood::Flips => {
            let mut body = body.clone();
            *body.last_mut().unwrap() ^= 1;
            send("200 OK", "x", body.len(), &body)
        }
        Mood::Stalls => {
            send("200 OK", "x", body.len(), &body[..body.len() / 2])?;
            thread::sleep(Duration::from_secs(20));
            None
        }
        Mood::Cuts => {
            send("200 OK", "x", body.len(), &body[..body.len() / 2])?;
            None
        }
        Mood::Knows(status) => send(&format!("{status} No"), "x", 0, &[]),
        Mood::Page => send("200 OK", "text/html", 6, b"<html>"),
        Mood::Endless => {
            send("200 OK", "x", 1 << 40, &[])?;
            while stream.write_all(&[0; 1 << 16]).is_ok() {}
            None
        }
    }
}

fn content() -> Vec<u8> {
    (0..400_000_u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

fn blocks() -> Blocks {
    build::file(&content(), Shape { chunk: 10_000, width: 8, raw_leaves: true })
}

struct Got {
    bytes: Result<Vec<u8>, String>,
    warnings: Vec<Warning>,
    starts_at: u64,
}

/// Reads a URL by these gateways, with some of it here already.
fn read_on(url: &str, gateways: &[&Gateway], have: Option<&[u8]>) -> Got {
    let patience = Patience { stall: Duration::from_millis(700), ..Patience::default() };
    let urls: Vec<String> = gateways.iter().map(|gateway| gateway.url.clone()).collect();
    let ipfs = Ipfs::new(&Arc::new(Http::new(&patience)), &urls, &patience);
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(have.unwrap_or_default()).unwrap();
    let from = have.unwrap_or_default().len() as u64;
    let ask = Ask { url, from, validator: None, have: Some(&file) };
    let mut stream = match ipfs.open(&ask) {
        Ok(stream) => stream,
        Err(error) => return Got { bytes: Err(error.to_string()), warnings: Vec::new(), starts_at: 0 },
    };
    let mut bytes = Vec::new();
    let read = stream.body.read_to_end(&mut bytes);
    if read.is_ok() {
        assert_eq!(stream.total, Some(stream.starts_at + bytes.len() as u64));
    }
    let warnings = stream.warnings.iter().flat_map(Receiver::try_iter).collect();
    Got { bytes: read.map(|_| bytes).map_err(|error| error.to_string()), warnings, starts_at: stream.starts_at }
}

fn read(blocks: &Blocks, gateways: &[&Gateway]) -> Got {
    read_on(&format!("ipfs://{}", blocks.root()), gateways, None)
}

#[test]
fn one_gateway_is_asked_once_for_all_blocks() {
    let blocks = blocks();
    let gateway = Gateway::start(&blocks, Mood::Honest);
    let got = read(&blocks, &[&gateway]);
    assert_eq!(got.bytes.unwrap(), content());
    assert_eq!(gateway.asked(), [format!("/ipfs/{}?format=car&dag-scope=entity", blocks.root())]);
    assert!(got.warnings.is_empty(), "{:?}", got.warnings);
}

#[test]
fn a_gateway_without_streams_is_asked_for_blocks_each_once() {
    let blocks = blocks();
    let gateway = Gateway::start(&blocks, Mood::BlocksOnly);
    let got = read(&blocks, &[&gateway]);
    assert_eq!(got.bytes.unwrap(), content());
    assert!(got.warnings.is_empty(), "{:?}", got.warnings);
    let mut asked: HashMap<String, usize> = HashMap::new();
    gateway.asked().into_iter().for_each(|target| *asked.entry(target).or_default() += 1);
    assert_eq!(asked.len(), 1 + blocks.iter().count());
    assert!(asked.values().all(|times| *times == 1), "{asked:?}");
}

#[test]
fn what_a_cut_stream_lacks_is_fetched_block_by_block() {
    let blocks = blocks();
    let gateway = Gateway::start(&blocks, Mood::CutsStream);
    let got = read(&blocks, &[&gateway]);
    assert_eq!(got.bytes.unwrap(), content());
    let asked = gateway.asked().len();
    assert!(asked > 10 && asked < blocks.iter().count(), "{asked}");
    assert!(got.warnings[0].why.contains("cut off after"), "{:?}", got.warnings);
}

#[test]
fn several_gateways_share_the_work() {
    let blocks = blocks();
    let gateways = [(); 3].map(|()| Gateway::start(&blocks, Mood::Honest));
    assert_eq!(read(&blocks, &gateways.each_ref()).bytes.unwrap(), content());
    for gateway in &gateways {
        assert!(gateway.asked().len() > 2, "{:?}", gateways.each_ref().map(|gateway| gateway.asked().len()));
    }
}

#[test]
fn a_bad_gateway_costs_tries_and_never_a_byte_and_is_asked_less() {
    let blocks = blocks();
    for (mood, said) in [
        (Mood::Lies, "5 bytes came that do not have its hash"),
        (Mood::Flips, "bytes came that do not have its hash"),
        (Mood::Stalls, "it sent nothing for 0.7 seconds"),
        (Mood::Cuts, "cut off"),
        (Mood::Knows(404), "it answers 404"),
        (Mood::Knows(500), "it answers 500"),
        (Mood::Page, "it sends a web page"),
        (Mood::Endless, "longer than"),
    ] {
        let (bad, good) = (Gateway::start(&blocks, mood), Gateway::start(&blocks, Mood::Honest));
        let got = read(&blocks, &[&bad, &good]);
        assert_eq!(got.bytes.as_deref().unwrap(), content(), "{mood:?}");
        assert!(bad.asked().len() < good.asked().len(), "{mood:?}: {} {}", bad.asked().len(), good.asked().len());
        let warning = got.warnings.first().unwrap_or_else(|| panic!("{mood:?}: nothing was said"));
        assert_eq!(warning.url, bad.url);
        assert!(warning.why.starts_with("block ba") && warning.why.contains(said), "{mood:?}: {}", warning.why);
    }
}

#[test]
fn where_no_gateway_is_good_each_is_named_with_what_it_did() {
    let blocks = blocks();
    let gateways = [Mood::Knows(404), Mood::Lies].map(|mood| Gateway::start(&blocks, mood));
    let error = read(&blocks, &gateways.each_ref()).bytes.unwrap_err();
    assert!(error.contains(&format!("{}: block {}: it answers 404", gateways[0].url, blocks.root())), "{error}");
    assert!(error.contains(&format!("{}: block {}: 5 bytes came", gateways[1].url, blocks.root())), "{error}");
}

#[test]
fn a_path_is_followed_and_a_wrong_one_says_what_there_is() {
    let file = blocks();
    let root = build::directory(&[("boot", &build::directory(&[("vmlinuz", &file)]))]);
    let gateways = [(); 2].map(|()| Gateway::start(&root, Mood::Honest));
    let get = |path: &str| read_on(&format!("ipfs://{}/{path}", root.root()), &gateways.each_ref(), None).bytes;
    assert_eq!(get("boot/vmlinuz").unwrap(), content());
    assert!(get("boot/linux").unwrap_err().contains(r#"is a directory without "linux" (there are: vmlinuz)"#));
    assert!(get("boot").unwrap_err().contains("is a directory, and a file is wanted"));
}

#[test]
fn what_is_here_is_compared_and_not_fetched_again() {
    let blocks = blocks();
    let gateway = Gateway::start(&blocks, Mood::Honest);
    let url = format!("ipfs://{}", blocks.root());
    let got = read_on(&url, &[&gateway], Some(&content()[..200_005]));
    assert_eq!(got.starts_at, 200_005);
    assert_eq!(got.bytes.unwrap(), &content()[200_005..]);
    let leaves = gateway.asked().iter().filter(|target| target.contains("/bafkr")).count();
    assert_eq!(leaves, 20, "the leaf that is here in part, and those that are not");
}

#[test]
fn what_is_here_and_wrong_is_begun_anew() {
    let blocks = blocks();
    let gateway = Gateway::start(&blocks, Mood::Honest);
    for wrong in [3, 200_004] {
        let mut have = content()[..200_005].to_vec();
        have[wrong] ^= 1;
        let got = read_on(&format!("ipfs://{}", blocks.root()), &[&gateway], Some(&have));
        assert_eq!((got.starts_at, got.bytes.unwrap()), (0, content()));
    }
    let longer = [&content()[..], b"more"].concat();
    assert_eq!(read_on(&format!("ipfs://{}", blocks.root()), &[&gateway], Some(&longer)).starts_at, 0);
}

#[test]
fn without_a_gateway_the_next_step_is_said() {
    let error = read(&blocks(), &[]).bytes.unwrap_err();
    assert!(error.starts_with("no IPFS gateway is known: name one in the site"), "{error}");
}
