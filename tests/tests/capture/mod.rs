//! The DHCP messages that cross the client's cable, by tcpdump.

use firstlight_model::Mac;
use firstlight_tests::Net;
use firstlight_wire::dhcp::{Code, Message, MessageType};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    collections::HashSet,
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
pub(super) struct Running {
    child: Child,
    file: PathBuf,
    log: PathBuf,
}

/// What was seen.
pub(super) struct Capture(Vec<Message>);

impl Capture {
    /// Starts to listen at the client's end, with its file in `folder`.
    pub(super) fn start(net: &Net, folder: &Path) -> Running {
        let (file, log) = (folder.join("pcap"), folder.join("tcpdump"));
        let mut command = net.on_client("tcpdump");
        command.args(["-i", "eth0", "-n", "-U", "-Z", "root", "-B", "32768", "-w"]).arg(&file).arg("udp port 67");
        let child = command.stderr(File::create(&log).unwrap()).spawn().unwrap();
        let end = Instant::now() + Duration::from_secs(10);
        while !fs::read_to_string(&log).unwrap().contains("listening") {
            assert!(Instant::now() < end, "tcpdump does not listen");
            thread::sleep(Duration::from_millis(10));
        }
        Running { child, file, log }
    }

    fn of(&self, kind: MessageType) -> impl Iterator<Item = &Message> {
        self.0.iter().filter(move |message| message.kind() == Some(kind))
    }

    fn exchanges(&self, kind: MessageType) -> HashSet<(u32, Option<Mac>)> {
        self.of(kind).map(|message| (message.xid, message.mac())).collect()
    }

    /// Who was told that it has which address.
    pub(super) fn acked(&self) -> impl Iterator<Item = (Mac, Ipv4Addr)> {
        self.of(MessageType::Ack).map(|ack| (ack.mac().unwrap(), ack.yiaddr))
    }

    /// Refusals, each with all that was said by and to its client, and of the address that it asked for.
    pub(super) fn naks(&self) -> Vec<String> {
        let wanted = |message: &Message| message.options.address(Code::REQUESTED_ADDRESS);
        let story = |nak: &Message| {
            let asked = self.of(MessageType::Request).find(|request| request.xid == nak.xid).and_then(wanted);
            let about =
                |m: &&Message| m.mac() == nak.mac() || asked.is_some() && [wanted(m), Some(m.yiaddr)].contains(&asked);
            self.0.iter().filter(about).map(line).collect::<Vec<_>>().join("\n")
        };
        self.of(MessageType::Nak).map(story).collect()
    }

    /// Messages of clients that nobody answered.
    pub(super) fn unanswered(&self) -> usize {
        let without = |asked, answer| self.exchanges(asked).difference(&self.exchanges(answer)).count();
        without(MessageType::Discover, MessageType::Offer) + without(MessageType::Request, MessageType::Ack)
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

fn line(message: &Message) -> String {
    let (kind, mac) = (message.kind().unwrap(), message.mac().unwrap());
    let (wanted, text) = (message.options.address(Code::REQUESTED_ADDRESS), message.options.text(Code::MESSAGE));
    format!("{kind} {:08x} {mac} asks {wanted:?} gets {} {}", message.xid, message.yiaddr, text.unwrap_or_default())
}

impl Running {
    /// Ends it and reads what it wrote.
    pub(super) fn finish(mut self) -> Capture {
        kill(Pid::from_raw(self.child.id() as i32), Signal::SIGINT).unwrap();
        self.child.wait().unwrap();
        let log = fs::read_to_string(&self.log).unwrap();
        assert!(log.contains("\n0 packets dropped by kernel"), "the capture is not whole: {log}");
        let bytes = fs::read(&self.file).unwrap();
        Capture(packets(&bytes).map(|packet| Message::parse(&packet[HEADERS..]).unwrap()).collect())
    }
}

/// The packets of a pcap file, which has a header of 24 bytes, and one of 16 before each packet with its length third.
fn packets(file: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = &file[24..];
    std::iter::from_fn(move || {
        let length = u32::from_le_bytes(rest.get(8..12)?.try_into().unwrap()) as usize;
        let packet = rest.get(16..16 + length)?;
        rest = &rest[16 + length..];
        Some(packet)
    })
}
