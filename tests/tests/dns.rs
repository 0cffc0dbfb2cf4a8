//! DNS as its clients meet it: dig and dnsperf against `firstlight serve`, leases by udhcpc, and real name servers as
//! upstreams.
#![allow(clippy::unwrap_used)]

use firstlight_tests::{Net, Server, run};
use std::{
    io::ErrorKind,
    net::UdpSocket,
    process::Child,
    thread,
    time::{Duration, Instant},
};

const SITE: &str = r#"
site { domain = "lab.example" }
network "boot" {
  interface = "eth1"
  subnet    = "10.20.0.0/24"
  dhcp { range = ["10.20.0.100", "10.20.0.200"] }
}
profile "disk" { boot = "disk" }
machine "kitt" {
  mac     = "52:54:00:00:00:09"
  address = "10.20.0.11"
}
dns {
  UPSTREAMS
  record "nas" { a = ["10.20.0.5", "10.20.0.6"] }
  record "www" { cname = "nas" }
  record "away" { cname = "www.example.com" }
  record "_http._tcp" { srv = [{ port = 80, target = "nas" }] }
  record "big" { txt = [for n in range(1, 12) : format("%d %0200d", n, n)] }
}
"#;

fn serve(net: &Net, upstreams: &str) -> Server {
    Server::start_whole(net, &SITE.replace("UPSTREAMS", upstreams), &[])
}

/// What dig says to the client, from `status:` on.
fn dig(net: &Net, arguments: &str) -> String {
    let output = net.client(&format!("dig @10.20.0.1 +tries=2 +time=5 {arguments}"));
    output.text
}

/// Only the answers' content.
fn short(net: &Net, arguments: &str) -> String {
    dig(net, &format!("+short {arguments}")).trim().replace('\n', " ")
}

fn says(net: &Net, arguments: &str, words: &[&str]) {
    let said = dig(net, arguments);
    assert!(words.iter().all(|word| said.contains(word)), "dig {arguments}: no {words:?} in\n{said}");
}

#[test]
fn dig_is_told_what_the_site_says() {
    let net = Net::new();
    net.give_client("10.20.0.2/24");
    let server = serve(&net, "");
    assert_eq!(short(&net, "kitt.lab.example"), "10.20.0.11");
    assert_eq!(short(&net, "-x 10.20.0.11"), "kitt.lab.example.");
    assert_eq!(short(&net, "_http._tcp.lab.example SRV"), "0 0 80 nas.lab.example.");
    assert_eq!(short(&net, "WwW.lab.example"), "nas.lab.example. 10.20.0.5 10.20.0.6");
    assert_eq!(short(&net, "lab.example NS"), "ns.lab.example.");
    says(&net, "kItT.lab.example", &["status: NOERROR", "flags: qr aa rd;", "kItT.lab.example.", "udp: 1232"]);
    says(
        &net,
        "nothing.lab.example",
        &["status: NXDOMAIN", "AUTHORITY: 1", "SOA\tns.lab.example. hostmaster.lab.example."],
    );
    says(&net, "kitt.lab.example AAAA", &["status: NOERROR", "ANSWER: 0, AUTHORITY: 1", "SOA"]);
    says(&net, "www.example.com", &["status: REFUSED"]);
    says(&net, "lab.example AXFR", &["Transfer failed"]);
    says(&net, "kitt.lab.example ANY +notcp", &["status: NOERROR", "ANSWER: 1"]);
    says(&net, "+opcode=notify kitt.lab.example", &["status: NOTIMP"]);
    says(&net, "+edns=1 +noednsneg kitt.lab.example", &["status: BADVERS"]);
    says(&net, "+tcp kitt.lab.example", &["10.20.0.11", "(TCP)"]);
    says(&net, "+ignore big.lab.example TXT", &["flags: qr aa tc rd;", "ANSWER: 0"]);
    says(&net, "big.lab.example TXT", &["Truncated, retrying in TCP mode", "ANSWER: 11"]);
    says(&net, "+noedns +ignore big.lab.example TXT", &["flags: qr aa tc rd;", "ADDITIONAL: 0"]);
    // Whoever is no client of the site is not answered for: 10.99.0.2 has a way here and back.
    net.client("ip address add 10.99.0.2/32 dev eth0");
    let back = net.on_server("ip").args(["route", "add", "10.99.0.2/32", "dev", "eth1"]).status();
    assert!(back.is_ok_and(|status| status.success()));
    says(&net, "-b 10.99.0.2 kitt.lab.example", &["status: REFUSED"]);
    drop(server);
}

#[test]
fn a_lease_has_its_name_at_once_and_loses_it_when_it_is_given_back() {
    let net = Net::new();
    let server = serve(&net, "");
    let pid = server.folder().join("udhcpc.pid");
    let script = server.folder().join("script");
    let text =
        "#!/bin/sh\n[ \"$1\" = bound ] && ip address replace $ip/$mask dev $interface && echo dns is $dns\nexit 0\n";
    std::fs::write(&script, text).unwrap();
    let taken = net.client(&format!(
        "chmod +x {0}; udhcpc -i eth0 -x hostname:Phone -b -R -t 5 -T 1 -s {0} -p {1}",
        script.display(),
        pid.display()
    ));
    assert!(taken.text.contains("dns is 10.20.0.1"), "{}", taken.text);
    assert_eq!(short(&net, "phone.lab.example"), "10.20.0.100");
    assert_eq!(short(&net, "-x 10.20.0.100"), "phone.lab.example.");
    assert_eq!(short(&net, "ip-10-20-0-100.lab.example"), "10.20.0.100");
    // It gives the lease back when it is ended.
    net.client(&format!("kill $(cat {})", pid.display()));
    let end = Instant::now() + Duration::from_secs(10);
    while !dig(&net, "phone.lab.example").contains("status: NXDOMAIN") {
        assert!(Instant::now() < end, "it still has its name");
        thread::sleep(Duration::from_millis(100));
    }
    says(&net, "-x 10.20.0.100", &["status: NXDOMAIN", "0.20.10.in-addr.arpa."]);
}

const SOON: Duration = Duration::from_secs(10);

/// A real name server in the client's namespace. Killed when dropped.
struct Upstream(Child);

impl Upstream {
    fn start(net: &Net, server: &Server, address: &str, more: &str) -> Upstream {
        let log = server.folder().join(format!("dnsmasq-{address}"));
        let line = format!(
            "exec dnsmasq -k -C /dev/null --user=root --port=5353 --listen-address={address} --bind-interfaces \
             --no-hosts --no-resolv --log-queries --log-facility={} {more}",
            log.display()
        );
        let child = net.on_client("sh").args(["-c", &line]).spawn().unwrap();
        let upstream = Upstream(child);
        let end = Instant::now() + Duration::from_secs(10);
        while !std::fs::read_to_string(&log).is_ok_and(|text| text.contains("started")) {
            assert!(Instant::now() < end, "dnsmasq does not start");
            thread::sleep(Duration::from_millis(50));
        }
        upstream
    }

    fn asked(server: &Server, address: &str, what: &str) -> usize {
        let log = std::fs::read_to_string(server.folder().join(format!("dnsmasq-{address}"))).unwrap_or_default();
        log.lines().filter(|line| line.contains(what)).count()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const NAMES: &str = "--address=/www.example.com/192.0.2.1 --local-ttl=100 --neg-ttl=50 --local=/example.com/ \
    --txt-record=long.example.com,$(printf %0250d 1),$(printf %0250d 2),$(printf %0250d 3),$(printf %0250d 4),$(printf %0250d 5),$(printf %0250d 6)";

#[test]
fn names_of_others_are_asked_of_an_upstream_and_kept() {
    let net = Net::new();
    net.give_client("10.20.0.2/24");
    let server = serve(&net, "upstreams = [\"10.20.0.2:5353\"]");
    let _upstream = Upstream::start(&net, &server, "10.20.0.2", NAMES);
    says(&net, "www.example.com", &["status: NOERROR", "flags: qr rd ra;", "100\tIN\tA\t192.0.2.1"]);
    thread::sleep(Duration::from_secs(2));
    let again = dig(&net, "WWW.Example.com");
    let counts = ["\t98\tIN\tA", "\t97\tIN\tA", "\t96\tIN\tA"].iter().any(|time| again.contains(time));
    assert!(counts && again.contains("WWW.Example.com."), "the time is counted down:\n{again}");
    assert_eq!(Upstream::asked(&server, "10.20.0.2", "query[A] www.example.com"), 1, "it is asked once");
    assert_eq!(short(&net, "away.lab.example"), "www.example.com. 192.0.2.1");
    says(&net, "nothing.example.com", &["status: NXDOMAIN"]);
    // Longer than what crosses a network in one piece: by TCP, on both sides.
    says(&net, "long.example.com TXT", &["Truncated, retrying in TCP mode", "status: NOERROR", "ANSWER: 1"]);
    says(&net, "-x 192.168.7.7", &["status: NXDOMAIN"]);
    assert_eq!(Upstream::asked(&server, "10.20.0.2", "192.168.7.7"), 0, "that is nobody's business outside");
}

#[test]
fn an_upstream_that_is_dead_costs_its_time_once() {
    let net = Net::new();
    net.give_client("10.20.0.2/24");
    // Nobody has 10.20.0.3.
    let server = serve(&net, "upstreams = [\"10.20.0.3\", \"10.20.0.2:5353\"]");
    let _upstream = Upstream::start(&net, &server, "10.20.0.2", NAMES);
    assert_eq!(short(&net, "www.example.com"), "192.0.2.1");
    let begin = Instant::now();
    says(&net, "+tries=1 +time=1 other.example.com", &["status: NXDOMAIN"]);
    assert!(begin.elapsed() < Duration::from_millis(900), "the one that answers is asked first");
}

#[test]
fn an_upstream_is_asked_by_ipv6() {
    let net = Net::new();
    net.give_client("10.20.0.2/24");
    net.client("ip address add fd00:20::2/64 dev eth0 nodad");
    let own = run(net.on_server("ip").args("address add fd00:20::1/64 dev eth1 nodad".split(' ')), SOON);
    assert_eq!(own.code, Some(0), "{}", own.text);
    let server = serve(&net, "upstreams = [\"[fd00:20::2]:5353\"]");
    let _upstream = Upstream::start(&net, &server, "fd00:20::2", NAMES);
    assert_eq!(short(&net, "www.example.com"), "192.0.2.1");
    says(&net, "long.example.com TXT", &["status: NOERROR", "ANSWER: 1"]);
    assert!(Upstream::asked(&server, "fd00:20::2", "from fd00:20::1") >= 2);
}

/// Clients' addresses in a flood: all of them together may have fewer questions waiting than they ask.
const FLOODING: std::ops::Range<u8> = 60..110;

#[test]
fn a_flood_of_questions_that_nobody_answers_costs_no_memory_and_no_name_of_ours() {
    let net = Net::new();
    net.give_client("10.20.0.2/24");
    let addresses: String = FLOODING.map(|n| format!("ip address add 10.20.0.{n}/24 dev eth0; ")).collect();
    net.client(&addresses);
    // Nobody has 10.20.0.3: each question waits as long as any may.
    let server = serve(&net, "upstreams = [\"10.20.0.3\"]");
    assert_eq!(short(&net, "kitt.lab.example"), "10.20.0.11");
    let before = server.used().peak_memory;
    let flood = thread::spawn({
        let namespace = std::fs::File::open(net.client_namespace()).unwrap();
        move || {
            nix::sched::setns(namespace, nix::sched::CloneFlags::CLONE_NEWNET).unwrap();
            flood()
        }
    });
    for _ in 0..10 {
        assert_eq!(short(&net, "kitt.lab.example"), "10.20.0.11");
        thread::sleep(Duration::from_millis(200));
    }
    let asked = flood.join().unwrap();
    let grown = server.used().peak_memory.saturating_sub(before);
    assert!(asked > 20_000, "{asked} questions are no flood");
    assert!(grown < 48 << 20, "{asked} questions cost {} MiB", grown >> 20);
    assert_eq!(short(&net, "kitt.lab.example"), "10.20.0.11");
}

/// Asks for names that nobody has asked for, from many addresses, for two seconds. How many questions that were.
fn flood() -> usize {
    let sockets: Vec<_> =
        FLOODING.map(|n| UdpSocket::bind((std::net::Ipv4Addr::new(10, 20, 0, n), 0)).unwrap()).collect();
    let end = Instant::now() + Duration::from_secs(2);
    let mut asked = 0;
    while Instant::now() < end {
        for socket in &sockets {
            let mut question = b"\0\x01\x01\0\0\x01\0\0\0\0\0\0\x08".to_vec();
            question.extend_from_slice(format!("{asked:08}").as_bytes());
            question.extend_from_slice(b"\x07example\x03com\0\0\x01\0\x01");
            // A full queue on the way is part of a flood.
            asked += usize::from(socket.send_to(&question, "10.20.0.1:53").is_ok());
        }
        thread::sleep(Duration::from_millis(1));
    }
    asked
}

#[test]
fn an_answer_to_something_else_is_not_taken() {
    let net = Net::new();
    net.give_client("10.20.0.2/24");
    let liar = inside(&net, || UdpSocket::bind("10.20.0.2:5454").unwrap());
    liar.set_read_timeout(Some(Duration::from_secs(6))).unwrap();
    let _server = serve(&net, "upstreams = [\"10.20.0.2:5454\"]");
    let answer = thread::spawn(move || {
        let mut bytes = [0; 512];
        let (length, from) = liar.recv_from(&mut bytes).unwrap();
        let end = length - 11;
        let reply = |change: &dyn Fn(&mut Vec<u8>), last: u8| {
            let mut reply = bytes[..end].to_vec();
            (reply[2], reply[3], reply[7], reply[11]) = (0x81, 0x80, 1, 0);
            reply.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, last]);
            change(&mut reply);
            liar.send_to(&reply, from).unwrap();
        };
        reply(&|reply| reply[1] ^= 1, 66);
        reply(&|reply| reply[13] ^= 1, 66);
        reply(&|reply| reply[2] = 0x01, 66);
        reply(&|_| {}, 7);
        match liar.recv_from(&mut bytes) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => from.port(),
            _ => 0,
        }
    });
    assert_eq!(short(&net, "www.example.com"), "192.0.2.7");
    // From the cache: the liar is not asked again.
    assert_eq!(short(&net, "www.example.com"), "192.0.2.7");
    assert!(answer.join().unwrap() > 1023, "it was asked once, from a port of its own");
}

/// Runs something in the client's namespace.
fn inside<T: Send + 'static>(net: &Net, what: impl FnOnce() -> T + Send + 'static) -> T {
    let namespace = std::fs::File::open(net.client_namespace()).unwrap();
    let work = move || {
        nix::sched::setns(namespace, nix::sched::CloneFlags::CLONE_NEWNET).unwrap();
        what()
    };
    thread::spawn(work).join().unwrap()
}

#[test]
fn dnsperf_loses_nothing() {
    let net = Net::new();
    net.give_client("10.20.0.2/24");
    let server = serve(&net, "");
    let questions = server.folder().join("questions");
    std::fs::write(
        &questions,
        "kitt.lab.example A\nno.lab.example A\n11.0.20.10.in-addr.arpa PTR\nbig.lab.example TXT\n",
    )
    .unwrap();
    let output = net.client(&format!("dnsperf -s 10.20.0.1 -d {} -l 1 -c 8 -q 50 -T 1 -t 5", questions.display()));
    assert!(output.text.contains("Queries lost:         0 "), "{}", output.text);
    assert!(output.text.contains("NXDOMAIN"), "{}", output.text);
}
