//! Kea's load generator against a server that is killed under it and started again, while its socket is held as a
//! service manager holds it (packaging/firstlight.socket).
//!
//! What a killed server can lose is what it has in its hands at that instant: packets taken from the socket whose
//! answers have not left. That is mostly REQUESTs that wait for the disk, so about the rate times the time of one or
//! two syncs: a few at 1,000 exchanges a second. perfdhcp never repeats a packet; a real client repeats those after
//! four seconds. Everything that arrives while nobody serves waits in the kernel.
//!
//! A disk that other programs write to may take seconds for a sync. Nothing may be lost by that either: an answer that is
//! held up is waited for. What is in hand at a kill, though, would be as much as came in those seconds: that test keeps
//! its state in memory, which makes no difference to it, for what a process has written survives its death.
//!
//! What counts is what crosses the cable. perfdhcp's own statistics are printed; its `drops` may be more, for its socket
//! takes some 200 packets, and after the restart all the OFFERs of some 200 ms reach it at once.
#![allow(clippy::panic, clippy::print_stdout, clippy::unwrap_used)]

use firstlight_state::{Lease, LeaseState, read_leases};
use firstlight_tests::{Capture, Net, WIDE_SITE, firstlight, run};
use nix::sched::{CloneFlags, setns};
use socket2::{Domain, Socket, Type};
use std::{
    collections::HashMap,
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::{Child, Stdio},
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Exchanges that may stay without their end when the server is killed once. Measured on two cores with a disk that
/// syncs in 2 ms, 40 kills: 0 to 5, one on average. The bound is what a second costs, for which a computer that is busy
/// with other things may keep the server waiting; which ones they may be does not depend on that.
const IN_HAND: usize = 1000;

/// Where files are in memory.
const MEMORY: &str = "/dev/shm";

/// One load at a time: two of them would measure each other.
static ONE: Mutex<()> = Mutex::new(());

/// The service manager: it holds the socket and starts the server with it.
struct Manager<'a> {
    net: &'a Net,
    folder: tempfile::TempDir,
    socket: Socket,
}

impl Manager<'_> {
    fn new(net: &Net) -> Manager<'_> {
        Manager::with(net, tempfile::tempdir().unwrap())
    }

    fn in_memory(net: &Net) -> Manager<'_> {
        Manager::with(net, tempfile::tempdir_in(MEMORY).unwrap())
    }

    fn with(net: &Net, folder: tempfile::TempDir) -> Manager<'_> {
        fs::write(folder.path().join("site.hcl"), WIDE_SITE).unwrap();
        net.give_client("10.20.0.2/16");
        Manager { net, folder, socket: bind(net) }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Starts the server with the socket as its descriptor 3. Does not wait for it.
    fn start(&self) -> Child {
        let passing = "LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=dhcp-eth1 exec \"$@\" 3<&0 </dev/null";
        let log = File::options().create(true).append(true).open(self.path().join("log")).unwrap();
        let mut command = self.net.on_server("sh");
        command.args(["-c", passing, "sh"]).arg(firstlight()).args(["serve", "--allow-other-dhcp"]).arg(self.path());
        command.stdin(Stdio::from(std::os::fd::OwnedFd::from(self.socket.try_clone().unwrap())));
        command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path().join("log")).unwrap()
    }

    fn wait_until_it_serves(&self, times: usize) {
        let end = Instant::now() + Duration::from_secs(30);
        while self.log().matches("serving boot").count() < times {
            assert!(Instant::now() < end, "it does not serve:\n{}", self.log());
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn leases(&self) -> HashMap<Ipv4Addr, Lease> {
        let leases = read_leases(&self.path().join(".firstlight/state")).unwrap();
        leases.into_iter().map(|lease| (lease.address, lease)).collect()
    }
}

/// As the socket unit's lines say.
fn bind(net: &Net) -> Socket {
    let namespace = File::open(net.server_namespace()).unwrap();
    let bound = thread::spawn(move || {
        setns(&namespace, CloneFlags::CLONE_NEWNET).unwrap();
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, None).unwrap();
        socket.bind_device(Some(b"eth1")).unwrap();
        socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, 67)).into()).unwrap();
        socket
    });
    bound.join().unwrap()
}

fn stop(mut server: Child) {
    server.kill().unwrap();
    server.wait().unwrap();
}

/// 1,000 exchanges a second for ten seconds, of random clients of 60,000. The rate that it prints counts the second at
/// the end in which it only listens.
fn load(net: &Net) {
    let line = "perfdhcp -4 -l eth0 -r 1000 -R 60000 -p 10 -W 1000000 10.20.0.1";
    let output = run(net.on_client("sh").args(["-c", line]), Duration::from_secs(60));
    println!("{}", output.text);
}

/// Every address that a client was told of is its own on disk, and nobody else was told of it.
fn assert_consistent(told: &Capture, leases: &HashMap<Ipv4Addr, Lease>) {
    for (address, mac) in told.owners() {
        let lease = leases.get(&address).unwrap_or_else(|| panic!("{address} of {mac} is lost"));
        assert_eq!((lease.mac, lease.state), (mac, LeaseState::Bound), "{address}");
    }
}

#[test]
fn nothing_is_lost_at_a_thousand_exchanges_a_second() {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let net = Net::new();
    let manager = Manager::new(&net);
    let server = manager.start();
    manager.wait_until_it_serves(1);
    let capture = Capture::start(&net, manager.path());
    load(&net);
    capture.wait_for_answers();
    let told = capture.finish();
    stop(server);
    println!("{told}");
    // Counted on the cable: on a busy computer perfdhcp may lose some of the answers that reached it.
    assert_eq!((told.unanswered(), told.naks()), (0, Vec::new()));
    assert!(told.acked().count() > 9000, "the load was too small: {told}");
    assert_consistent(&told, &manager.leases());
}

#[test]
fn a_kill_under_load_loses_only_what_was_in_hand() {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let net = Net::new();
    let manager = Manager::in_memory(&net);
    let mut server = manager.start();
    manager.wait_until_it_serves(1);
    let capture = Capture::start(&net, manager.path());
    let (dead, pause) = thread::scope(|scope| {
        let load = scope.spawn(|| load(&net));
        thread::sleep(Duration::from_secs(5));
        let killed = Instant::now();
        server.kill().unwrap();
        server.wait().unwrap();
        let dead = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        server = manager.start();
        manager.wait_until_it_serves(2);
        let pause = killed.elapsed();
        load.join().unwrap();
        (dead, pause)
    });
    let told = capture.finish();
    stop(server);
    println!("{told}; nobody served for {} ms", pause.as_millis());
    let naks = told.naks();
    assert!(naks.is_empty(), "refused, though it was offered: {}", naks.join("\n\n"));
    let lost = told.lost_besides_what_was_in_hand(dead);
    assert!(lost.is_empty(), "{told}; {}", lost.join("\n"));
    assert!(told.unanswered() <= IN_HAND, "{told}");
    assert_consistent(&told, &manager.leases());
}

#[test]
fn a_socket_of_another_kind_is_refused_with_the_setting_to_correct() {
    let net = Net::new();
    let mut manager = Manager::new(&net);
    manager.socket = Socket::new(Domain::IPV4, Type::DGRAM, None).unwrap();
    let code = manager.start().wait().unwrap().code();
    let log = manager.log();
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("`dhcp-eth1`") && log.contains("ListenDatagram=0.0.0.0:67"), "{log}");
}
