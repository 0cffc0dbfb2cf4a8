//! Router solicitations answered in a network namespace of the test's own: this test starts itself again inside one.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers of tests may fail them

use firstlight_model::Mac;
use firstlight_serve::{Stop, ra};
use firstlight_wire::ndp::{Advertisement, Solicitation};
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    io::Read,
    net::{Ipv6Addr, SocketAddrV6},
    process::Command,
    sync::mpsc::channel,
    time::{Duration, Instant},
};

const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);
const SERVER: Mac = Mac([2, 0, 0, 0, 0, 1]);
const INSIDE: &str = "FIRSTLIGHT_TEST_INSIDE_NAMESPACE";

#[test]
fn a_solicitation_gets_the_advertisement_of_nothing() {
    if std::env::var_os(INSIDE).is_some() {
        return inside();
    }
    let this = std::env::current_exe().unwrap();
    // Root needs no user namespace, which may be forbidden; others need one to make interfaces.
    let user: &[&str] = if nix::unistd::Uid::effective().is_root() { &[] } else { &["--user", "--map-root-user"] };
    let run = Command::new("unshare")
        .args(user)
        .args(["--net", "--"])
        .arg(this)
        .args(["--exact", "a_solicitation_gets_the_advertisement_of_nothing", "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&run.stdout);
    let passed = run.status.success() && told.contains("1 passed");
    assert!(passed, "{told}{}", String::from_utf8_lossy(&run.stderr));
}

fn ip(arguments: &str) {
    let done = Command::new("ip").args(arguments.split(' ')).status().unwrap();
    assert!(done.success(), "ip {arguments}");
}

/// Two ends of a cable, as of server and client, whose link-local addresses can be used at once.
fn cable() {
    ip("link add server address 02:00:00:00:00:01 type veth peer name client address 02:00:00:00:00:02");
    for end in ["server", "client"] {
        std::fs::write(format!("/proc/sys/net/ipv6/conf/{end}/accept_dad"), "0").unwrap();
        // Nothing but the test itself shall solicit.
        std::fs::write(format!("/proc/sys/net/ipv6/conf/{end}/router_solicitations"), "0").unwrap();
        ip(&format!("link set {end} up"));
    }
    let begun = Instant::now();
    while !ready() && begun.elapsed() < Duration::from_secs(5) {
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn ready() -> bool {
    let show = Command::new("ip").args(["-6", "addr", "show", "scope", "link"]).output().unwrap();
    let text = String::from_utf8_lossy(&show.stdout).into_owned();
    text.matches("fe80::").count() == 2 && !text.contains("tentative")
}

struct Client {
    socket: Socket,
    index: u32,
}

impl Client {
    fn new(hops: u32) -> Self {
        let index = nix::net::if_::if_nametoindex("client").unwrap();
        let socket = Socket::new(Domain::IPV6, Type::RAW, Some(Protocol::ICMPV6)).unwrap();
        socket.bind_device(Some(b"client")).unwrap();
        socket.set_multicast_hops_v6(hops).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        Client { socket, index }
    }

    fn solicit(&self) {
        let bytes = Solicitation { source: None }.encode();
        self.socket.send_to(&bytes, &SocketAddrV6::new(ALL_ROUTERS, 0, 0, self.index).into()).unwrap();
    }

    /// The next advertisement and how long it took; `None` when none comes.
    fn advertisement(&self) -> Option<(Advertisement, Duration)> {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(500) {
            let mut buffer = [0; 1500];
            let length = (&self.socket).read(&mut buffer).ok()?;
            if let Ok(advertisement) = Advertisement::parse(&buffer[..length]) {
                return Some((advertisement, begun.elapsed()));
            }
        }
        None
    }
}

fn inside() {
    cable();
    let stop = Stop::new().unwrap();
    let (sender, answered) = channel();
    let thread =
        ra::spawn(ra::Responder::bind("server").unwrap(), stop.clone(), move |client| sender.send(client).unwrap())
            .unwrap();
    let client = Client::new(255);
    assert_eq!(client.advertisement(), None, "nothing is sent unasked");
    for time in ["to all", "to one"] {
        client.solicit();
        let (advertisement, took) = client.advertisement().unwrap_or_else(|| panic!("no answer {time}"));
        assert_eq!(advertisement, Advertisement::nothing(SERVER));
        assert!(took < Duration::from_millis(400), "{took:?}");
        assert!(answered.recv().unwrap().is_unicast_link_local());
    }
    let stranger = Client::new(64);
    stranger.solicit();
    assert_eq!(stranger.advertisement(), None, "from beyond the link");
    assert!(ra::Responder::bind("absent").is_err());
    stop.stop();
    thread.join().unwrap();
}
