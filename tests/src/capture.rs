//! The DHCP messages that cross the client's cable, by tcpdump.

use crate::Net;
use firstlight_model::Mac;
use firstlight_wire::dhcp::{Code, Message, MessageType};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    collections::{HashMap, HashSet},
    fmt,
    fs::{self, File},
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::Child,
    thread,
    time::{Duration, Instant},
};

/// Ethernet, IPv4 without options, UDP.
const HEADERS: usize = 14 + 20 + 8;

/// A tcpdump that runs.
#[derive(Debug)]
pub struct Capturing {
    child: Child,
    file: PathBuf,
    log: PathBuf,
}

/// What was seen, in the order of its coming.
#[derive(Debug)]
pub struct Capture(Vec<Seen>);

/// One message, and when it crossed the cable, since 1970.
#[derive(Debug)]
struct Seen {
    at: Duration,
    message: Message,
}

impl Capture {
    /// Starts to listen at the client's end, with its file in `folder`.
    pub fn start(net: &Net, folder: &Path) -> Capturing {
        let (file, log) = (folder.join("pcap"), folder.join("tcpdump"));
        let mut command = net.on_client("tcpdump");
        command.args(["-i", "eth0", "-n", "-U", "-Z", "root", "-B", "32768", "-w"]).arg(&file).arg("udp port 67");
        let child = command.stderr(File::create(&log).expect("a log")).spawn().expect("tcpdump starts");
        let end = Instant::now() + Duration::from_secs(10);
        while !fs::read_to_string(&log).expect("a log").contains("listening") {
            assert!(Instant::now() < end, "tcpdump does not listen");
            thread::sleep(Duration::from_millis(10));
        }
        Capturing { child, file, log }
    }

    fn of(&self, kind: MessageType) -> impl Iterator<Item = &Message> {
        self.seen(kind).map(|seen| &seen.message)
    }

    fn seen(&self, kind: MessageType) -> impl Iterator<Item = &Seen> {
        self.0.iter().filter(move |seen| seen.message.kind() == Some(kind))
    }

    fn exchanges(&self, kind: MessageType) -> HashSet<Exchange> {
        self.of(kind).map(exchange).collect()
    }

    /// Whose each address is that was given; nobody else was told that it is theirs.
    pub fn owners(&self) -> HashMap<Ipv4Addr, Mac> {
        let mut owners = HashMap::new();
        for (mac, address) in self.acked() {
            assert_eq!(*owners.entry(address).or_insert(mac), mac, "{address} was given twice");
        }
        owners
    }

    /// Who was told that it has which address.
    pub fn acked(&self) -> impl Iterator<Item = (Mac, Ipv4Addr)> {
        self.of(MessageType::Ack).map(|ack| (ack.mac().expect("an ACK has a MAC address"), ack.yiaddr))
    }

    /// Refusals, each with all that was said by and to its client, and of the address that it asked for.
    pub fn naks(&self) -> Vec<String> {
        let wanted = |message: &Message| message.options.address(Code::REQUESTED_ADDRESS);
        let story = |nak: &Message| {
            let asked = self.of(MessageType::Request).find(|request| request.xid == nak.xid).and_then(wanted);
            let about =
                |m: &&Message| m.mac() == nak.mac() || asked.is_some() && [wanted(m), Some(m.yiaddr)].contains(&asked);
            self.0.iter().map(|seen| &seen.message).filter(about).map(line).collect::<Vec<_>>().join("\n")
        };
        self.of(MessageType::Nak).map(story).collect()
    }

    /// Messages of clients that nobody answered.
    pub fn unanswered(&self) -> usize {
        PAIRS.into_iter().map(|(asked, answer)| self.exchanges(asked).difference(&self.exchanges(answer)).count()).sum()
    }

    /// Messages that nobody answered, though a server that died at `dead` answers for them: those that came after its
    /// death, and those that came before one that it answered. It takes them one after another: what it had in its hands
    /// when it died came after the last that it answered.
    pub fn lost_besides_what_was_in_hand(&self, dead: Duration) -> Vec<String> {
        PAIRS.into_iter().flat_map(|(asked, answer)| self.lost(asked, answer, dead)).collect()
    }

    fn lost(&self, asked: MessageType, answer: MessageType, dead: Duration) -> Vec<String> {
        let answered = self.exchanges(answer);
        let last = self.seen(answer).take_while(|seen| seen.at < dead).last().map(|seen| exchange(&seen.message));
        let taken =
            self.seen(asked).take_while(|seen| seen.at < dead).filter(|seen| Some(exchange(&seen.message)) == last);
        let taken = taken.last().map(|seen| seen.at).expect("it answered before it died");
        let lost = self.seen(asked).filter(|seen| !answered.contains(&exchange(&seen.message)));
        // Packets that two processors handle may overtake each other.
        let overtaking = Duration::from_millis(100);
        lost.filter(|seen| seen.at + overtaking < taken || seen.at > dead).map(|seen| line(&seen.message)).collect()
    }
}

impl fmt::Display for Capture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use MessageType::*;
        [Discover, Offer, Request, Ack, Nak]
            .into_iter()
            .try_for_each(|kind| write!(f, "{} {kind}, ", self.of(kind).count()))?;
        write!(f, "{} messages without an answer", self.unanswered())
    }
}

/// What belongs together.
type Exchange = (u32, Option<Mac>);

const PAIRS: [(MessageType, MessageType); 2] =
    [(MessageType::Discover, MessageType::Offer), (MessageType::Request, MessageType::Ack)];

fn exchange(message: &Message) -> Exchange {
    (message.xid, message.mac())
}

fn line(message: &Message) -> String {
    let (kind, mac) = (message.kind().expect("a DHCP message"), message.mac().expect("a MAC address"));
    let (wanted, text) = (message.options.address(Code::REQUESTED_ADDRESS), message.options.text(Code::MESSAGE));
    format!("{kind} {:08x} {mac} asks {wanted:?} gets {} {}", message.xid, message.yiaddr, text.unwrap_or_default())
}

impl Capturing {
    /// Waits until every message of a client is answered, and nothing more comes; a minute at most. A disk that is slow
    /// holds answers up; one that has not come then is lost.
    pub fn wait_for_answers(&self) {
        let (end, mut before) = (Instant::now() + Duration::from_secs(60), 0);
        loop {
            let so_far = self.read();
            if so_far.unanswered() == 0 && so_far.0.len() == before || Instant::now() > end {
                return;
            }
            before = so_far.0.len();
            thread::sleep(Duration::from_secs(1));
        }
    }

    fn read(&self) -> Capture {
        let bytes = fs::read(&self.file).expect("a capture");
        let seen = |(at, packet): (Duration, &[u8])| Seen {
            at,
            message: Message::parse(&packet[HEADERS..]).expect("a DHCP message"),
        };
        Capture(packets(&bytes).map(seen).collect())
    }

    /// Ends it and reads what it wrote.
    pub fn finish(mut self) -> Capture {
        kill(Pid::from_raw(self.child.id() as i32), Signal::SIGINT).expect("tcpdump runs");
        self.child.wait().expect("it ends");
        let log = fs::read_to_string(&self.log).expect("a log");
        assert!(log.contains("\n0 packets dropped by kernel"), "the capture is not whole: {log}");
        self.read()
    }
}

/// The packets of a pcap file, which has a header of 24 bytes, and one of 16 before each packet: its time in seconds and
/// microseconds, and its length.
fn packets(file: &[u8]) -> impl Iterator<Item = (Duration, &[u8])> {
    let mut rest = file.get(24..).unwrap_or_default();
    std::iter::from_fn(move || {
        let number = |at: usize| Some(u32::from_le_bytes(rest.get(at..at + 4)?.try_into().expect("four bytes")));
        let (seconds, micros, length) = (number(0)?, number(4)?, number(8)? as usize);
        let packet = rest.get(16..16 + length)?;
        rest = &rest[16 + length..];
        Some((Duration::new(seconds.into(), micros * 1000), packet))
    })
}
