//! A server that is told to end while machines fetch from it.
#![allow(clippy::panic, clippy::unwrap_used)]

use firstlight_tests::{Net, Server};
use nix::sched::{CloneFlags, setns};
use std::{
    fs::{self, File},
    net::UdpSocket,
    process::{Child, Stdio},
    sync::mpsc::{Sender, channel},
    thread,
    time::{Duration, Instant},
};

const SITE: &str = r#"
asset "linux" {
  path = "linux"
}
asset "initrd" {
  path = "initrd"
}
"#;
/// 150 blocks for the slow TFTP client: three seconds.
const KERNEL: usize = 150 * 16384 - 1;
/// More than the sockets' buffers hold, so that the server has some left when it is told to end.
const INITRD: usize = 30_000_000;

fn bytes(size: usize) -> Vec<u8> {
    let pattern: Vec<u8> = (0..251).collect();
    let mut bytes = pattern.repeat(size / pattern.len() + 1);
    bytes.truncate(size);
    bytes
}

fn serve() -> (Net, Server) {
    let net = Net::new();
    net.give_client("10.20.0.50/24");
    let server = Server::start(&net, SITE, &[("linux", &bytes(KERNEL)), ("initrd", &bytes(INITRD))]);
    (net, server)
}

/// A download into a file of the site's folder.
fn fetch(net: &Net, server: &Server, url: &str, rate: &str, into: &str) -> Child {
    let mut curl = net.on_client("curl");
    curl.args(["-sS", "-m", "30", "--limit-rate", rate, "-o"]).arg(server.folder().join(into)).arg(url);
    curl.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn length(server: &Server, name: &str) -> u64 {
    fs::metadata(server.folder().join(name)).map_or(0, |metadata| metadata.len())
}

fn wait_for_some(server: &Server, name: &str) {
    let end = Instant::now() + Duration::from_secs(10);
    while length(server, name) == 0 {
        assert!(Instant::now() < end, "nothing of {name} arrives:\n{}", server.log());
        thread::sleep(Duration::from_millis(20));
    }
}

/// Tells it to end, and waits until it has heard: on a busy computer a second signal may come before the first one is read,
/// and two are one then.
fn end(server: &Server) {
    server.signal("TERM");
    let patience = Instant::now() + Duration::from_secs(10);
    while !server.log().contains("stopping: ") {
        assert!(Instant::now() < patience, "it does not hear:\n{}", server.log());
        thread::sleep(Duration::from_millis(10));
    }
}

/// Whether somebody who asks anew is refused, as soon as every server has heard of the end.
fn is_refused(net: &Net, question: &str) -> bool {
    let patience = Instant::now() + Duration::from_secs(2);
    while net.client(question).code == Some(0) {
        if Instant::now() > patience {
            return false;
        }
    }
    true
}

/// A TFTP client that takes 20 ms for each block of 16 KiB. Tells how many bytes it has, and returns them at the end.
fn fetch_slowly(net: &Net, so_far: Sender<usize>) -> thread::JoinHandle<Vec<u8>> {
    let namespace = File::open(net.client_namespace()).unwrap();
    thread::spawn(move || {
        setns(&namespace, CloneFlags::CLONE_NEWNET).unwrap();
        let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        socket.send_to(b"\0\x01linux\0octet\0blksize\x0016384\0", "10.20.0.1:69").unwrap();
        let (mut bytes, mut packet, mut next) = (Vec::new(), vec![0; 20_000], 0_u16);
        loop {
            let (length, server) = socket.recv_from(&mut packet).unwrap();
            let block = match packet[1] {
                6 => 0,
                3 => u16::from_be_bytes([packet[2], packet[3]]),
                _ => panic!("the server says {}", String::from_utf8_lossy(&packet[4..length])),
            };
            // What is sent again because this client is slow is passed over.
            if block == next {
                next += 1;
                bytes.extend_from_slice(if block > 0 { &packet[4..length] } else { &[] });
                so_far.send(bytes.len()).unwrap_or_default();
                thread::sleep(Duration::from_millis(20));
                let ack = [[0, 4], block.to_be_bytes()].concat();
                socket.send_to(&ack, server).unwrap();
                if block > 0 && length < 4 + 16384 {
                    return bytes;
                }
            }
        }
    })
}

#[test]
fn transfers_under_way_finish_and_new_ones_are_refused() {
    let (net, mut server) = serve();
    let (so_far, arrived) = channel();
    let tftp = fetch_slowly(&net, so_far);
    let mut http = fetch(&net, &server, "http://10.20.0.1:8080/asset/initrd", "4M", "by-http");
    wait_for_some(&server, "by-http");
    arrived.recv_timeout(Duration::from_secs(10)).unwrap();
    end(&server);
    assert!(length(&server, "by-http") < INITRD as u64, "too fast to be a test");
    assert!(arrived.try_iter().all(|length| length < KERNEL), "too fast to be a test");
    assert!(is_refused(&net, "curl -sS -m 3 -o /dev/null http://10.20.0.1:8080/asset/linux"));
    assert!(is_refused(&net, "curl -sS -m 1 -o /dev/null tftp://10.20.0.1/linux"));
    assert!(length(&server, "by-http") < INITRD as u64, "the transfers were over by then");
    assert!(http.wait().unwrap().success(), "{}", server.log());
    assert!(fs::read(server.folder().join("by-http")).unwrap() == bytes(INITRD));
    assert!(tftp.join().unwrap() == bytes(KERNEL));
    assert_eq!(server.wait_for_end(Duration::from_secs(10)), Some(0));
    for size in [KERNEL, INITRD] {
        server.wait_for("sent", &format!("\"bytes\":{size}"));
    }
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let (net, mut server) = serve();
    let mut http = fetch(&net, &server, "http://10.20.0.1:8080/asset/initrd", "500K", "by-http");
    wait_for_some(&server, "by-http");
    end(&server);
    let begin = Instant::now();
    server.signal("TERM");
    assert_eq!(server.wait_for_end(Duration::from_secs(10)), Some(0));
    assert!(begin.elapsed() < Duration::from_secs(5), "it took {:?}", begin.elapsed());
    http.kill().unwrap();
    http.wait().unwrap();
}

#[test]
fn an_idle_server_ends_at_once() {
    let (_net, mut server) = serve();
    let begin = Instant::now();
    server.signal("INT");
    assert_eq!(server.wait_for_end(Duration::from_secs(10)), Some(0));
    assert!(begin.elapsed() < Duration::from_secs(5), "it took {:?}", begin.elapsed());
}
