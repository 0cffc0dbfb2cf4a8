//! Every socket held by a service manager (packaging/*.socket), and a server without a single privilege behind them: it
//! serves, and what is asked while it is dead is answered by the next one.
#![allow(clippy::panic, clippy::unwrap_used)]

use firstlight_tests::{Net, firstlight, run};
use nix::{
    fcntl::{FcntlArg, fcntl},
    sched::{CloneFlags, setns},
};
use socket2::{Domain, Socket, Type};
use std::{
    fs::{self, File},
    net::SocketAddr,
    os::unix::fs::{PermissionsExt, chown},
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

const SITE: &str = r#"
site {
  domain = "boot.example"
}
network "boot" {
  interface             = "eth1"
  subnet                = "10.20.0.0/24"
  router_advertisements = false
}
dns {
  ttl = "1m"
}
asset "linux" {
  path = "linux"
}
machine "kitt" {
  mac     = "52:54:00:00:00:01"
  address = "10.20.0.11"
}
"#;
const NOBODY: u32 = 65534;

/// What the units of packaging/ hold.
const DOORS: [(Type, &str, Option<&str>); 6] = [
    (Type::DGRAM, "0.0.0.0:67", Some("eth1")),
    (Type::DGRAM, "0.0.0.0:4011", Some("eth1")),
    (Type::DGRAM, "10.20.0.1:69", Some("eth1")),
    (Type::DGRAM, "10.20.0.1:53", Some("eth1")),
    (Type::STREAM, "10.20.0.1:53", Some("eth1")),
    (Type::STREAM, "10.20.0.1:8080", None),
];

/// The service manager: it holds the sockets, and starts servers with them.
struct Manager<'a> {
    net: &'a Net,
    folder: TempDir,
    sockets: Vec<Socket>,
    server: Option<Child>,
}

fn bind((kind, address, device): (Type, &str, Option<&str>)) -> Socket {
    let socket = Socket::new(Domain::IPV4, kind, None).unwrap();
    if let Some(device) = device {
        socket.bind_device(Some(device.as_bytes())).unwrap();
    }
    socket.set_reuse_address(true).unwrap();
    socket.bind(&address.parse::<SocketAddr>().unwrap().into()).unwrap();
    if kind == Type::STREAM {
        socket.listen(64).unwrap();
    }
    socket
}

impl Manager<'_> {
    fn new(net: &Net) -> Manager<'_> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::write(path.join("site.hcl"), SITE).unwrap();
        fs::write(path.join("linux"), "kernel").unwrap();
        fs::create_dir_all(path.join("state")).unwrap();
        chown(path.join("state"), Some(NOBODY), Some(NOBODY)).unwrap();
        fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
        let namespace = File::open(net.server_namespace()).unwrap();
        let bound = thread::spawn(move || {
            setns(&namespace, CloneFlags::CLONE_NEWNET).unwrap();
            DOORS.map(bind).into()
        });
        let mut manager = Manager { net, folder, sockets: bound.join().unwrap(), server: None };
        manager.start();
        manager
    }

    /// Starts a server as nobody, without capabilities, with the sockets as its descriptors 3 to 8.
    fn start(&mut self) {
        // Under high numbers, open also in what is started: there they are put in their places.
        let numbers: Vec<i32> =
            self.sockets.iter().map(|socket| fcntl(socket, FcntlArg::F_DUPFD(100)).unwrap()).collect();
        let places: String =
            (3..).zip(&numbers).map(|(place, number)| format!("{place}<&{number} {number}<&- ")).collect();
        let unprivileged = "setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --bounding-set=-all";
        let script =
            format!("exec {places}; export LISTEN_PID=$$ LISTEN_FDS={}; exec {unprivileged} \"$@\"", numbers.len());
        let log = File::options().create(true).append(true).open(self.folder.path().join("log")).unwrap();
        let mut command = self.net.on_server("bash");
        command.args(["-c", &script, "bash"]).arg(firstlight()).args(["serve", "--allow-other-dhcp", "--state"]);
        command.arg(self.folder.path().join("state")).arg(self.folder.path());
        let server = command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        numbers.into_iter().for_each(|number| nix::unistd::close(number).unwrap());
        self.server = Some(server);
    }

    fn wait_until_it_serves(&self, times: usize) {
        let end = Instant::now() + Duration::from_secs(30);
        while self.log().matches("serving boot").count() < times {
            assert!(Instant::now() < end, "it does not serve:\n{}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().unwrap();
            server.wait().unwrap();
        }
    }
}

impl Drop for Manager<'_> {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What a machine asks at each door, and what it has to hear.
const QUESTIONS: [(&str, &str); 4] = [
    ("curl -sS -m 20 tftp://10.20.0.1/linux", "kernel"),
    ("curl -sS -m 20 http://10.20.0.1:8080/asset/linux", "kernel"),
    ("dig +short +tries=1 +time=20 @10.20.0.1 kitt.boot.example", "10.20.0.11"),
    ("dig +short +tcp +tries=1 +time=20 @10.20.0.1 kitt.boot.example", "10.20.0.11"),
];

#[test]
fn a_server_without_privileges_serves_by_the_sockets_that_are_held() {
    let net = Net::new();
    let mut manager = Manager::new(&net);
    manager.wait_until_it_serves(1);
    let log = manager.log();
    assert_eq!(log.matches("going on with the socket").count(), DOORS.len(), "{log}");
    let pid = manager.server.as_ref().unwrap().id();
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    assert!(status.contains("Uid:\t65534\t65534") && status.contains("CapPrm:\t0000000000000000"), "{status}");
    let lease = net.client("udhcpc -f -q -n -i eth0 -s /bin/true 2>&1");
    assert!(lease.text.contains("lease of 10.20.0.11"), "{}\n{log}", lease.text);
    net.give_client("10.20.0.11/24");
    for (question, expected) in QUESTIONS {
        assert_eq!(net.client(question).text.trim(), expected, "{question}\n{}", manager.log());
    }

    // Now nobody is there, and each is asked once.
    manager.kill();
    let lines: Vec<_> = QUESTIONS
        .iter()
        .map(|(question, _)| *question)
        .chain(["udhcpc -f -q -n -t 1 -T 20 -i eth0 -s /bin/true 2>&1"])
        .collect();
    let asked: Vec<Child> = lines
        .iter()
        .map(|line| net.on_client("sh").args(["-c", line]).stdout(Stdio::piped()).spawn().unwrap())
        .collect();
    thread::sleep(Duration::from_secs(1));
    manager.start();
    let answers = asked.into_iter().map(|child| String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap());
    let expected = QUESTIONS.iter().map(|(_, expected)| *expected).chain(["lease of 10.20.0.11"]);
    for ((answer, expected), line) in answers.zip(expected).zip(lines) {
        assert!(answer.contains(expected), "{line}: {answer}\n{}", manager.log());
    }
}

#[test]
fn a_socket_that_nothing_is_served_by_is_refused_with_what_would_be_of_use() {
    let net = Net::new();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("site.hcl"), SITE).unwrap();
    fs::write(folder.path().join("linux"), "kernel").unwrap();
    let mut command = net.on_server("systemd-socket-activate");
    // It starts the program with the first connection.
    command.args(["-l", "10.20.0.1:8181", "--fdname", "http", "--"]).arg(firstlight());
    command.args(["serve", "--allow-other-dhcp", "--user", "root"]).arg(folder.path());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    net.give_client("10.20.0.50/24");
    let end = Instant::now() + Duration::from_secs(10);
    while run(net.on_client("curl").args(["-sS", "-m", "1", "http://10.20.0.1:8181"]), Duration::from_secs(5)).code
        == Some(7)
    {
        assert!(Instant::now() < end, "systemd-socket-activate does not listen");
        thread::sleep(Duration::from_millis(50));
    }
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("`http`") && said.contains("ListenStream=10.20.0.1:8181"), "{said}");
    assert!(said.contains("use for") && said.contains("ListenStream=10.20.0.1:8080 BindToDevice=eth1"), "{said}");
}
