//! What a service manager is told, and what its watchdog hears of a thread that hangs.
#![allow(clippy::panic, clippy::unwrap_used)]

use firstlight_tests::{Net, firstlight};
use nix::{sys::ptrace, unistd::Pid};
use std::{
    fs::{self, File},
    os::unix::net::UnixDatagram,
    path::Path,
    process::{Child, Command},
    time::{Duration, Instant},
};
use tempfile::TempDir;

const SITE: &str = "network \"boot\" {\n  interface = \"eth1\"\n  subnet    = \"10.20.0.0/24\"\n}\n";

/// A service manager with a watchdog of six seconds; it hears what it is told.
struct Manager {
    folder: TempDir,
    socket: UnixDatagram,
    server: Child,
    _net: Net,
}

impl Manager {
    fn start() -> Manager {
        let net = Net::new();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("site.hcl"), SITE).unwrap();
        let socket = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        let mut command = net.on_server(&firstlight().display().to_string());
        command.args(["serve", "--user", "root"]).arg(folder.path()).stdout(log.try_clone().unwrap()).stderr(log);
        command.env("NOTIFY_SOCKET", folder.path().join("notify")).env("WATCHDOG_USEC", "6000000");
        let server = command.spawn().unwrap();
        Manager { folder, socket, server, _net: net }
    }

    /// Whether it hears this within the time.
    fn hears(&self, expected: &str, within: Duration) -> bool {
        let end = Instant::now() + within;
        let mut bytes = [0; 1000];
        loop {
            let left = end.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            self.socket.set_read_timeout(Some(left)).unwrap();
            match self.socket.recv(&mut bytes) {
                Ok(length) if bytes[..length].starts_with(expected.as_bytes()) => return true,
                Ok(_) if Instant::now() < end => {}
                _ => return false,
            }
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    fn signal(&self, name: &str) {
        let kill = Command::new("kill").args(["-s", name, &self.server.id().to_string()]).status().unwrap();
        assert!(kill.success());
    }

    fn thread(&self, name: &str) -> Pid {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.server.id())).unwrap();
        let named = |path: &Path| fs::read_to_string(path.join("comm")).unwrap().trim() == name;
        let found = tasks.map(|task| task.unwrap().path()).find(|path| named(path)).unwrap();
        Pid::from_raw(found.file_name().unwrap().to_str().unwrap().parse().unwrap())
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

const SOON: Duration = Duration::from_secs(20);

#[test]
fn ready_reloading_and_stopping_are_told() {
    let mut manager = Manager::start();
    assert!(manager.hears("READY=1\nSTATUS=serving generation 1", SOON), "{}", manager.log());
    manager.signal("HUP");
    assert!(manager.hears("RELOADING=1\nMONOTONIC_USEC=", SOON), "{}", manager.log());
    assert!(manager.hears("READY=1\nSTATUS=serving generation 2", SOON), "{}", manager.log());
    manager.signal("TERM");
    assert!(manager.hears("STOPPING=1", SOON), "{}", manager.log());
    assert_eq!(manager.server.wait().unwrap().code(), Some(0));
}

#[test]
fn the_watchdog_hears_nothing_while_one_thread_hangs() {
    let manager = Manager::start();
    assert!(manager.hears("WATCHDOG=1", SOON), "{}", manager.log());
    let thread = manager.thread("tftp");
    ptrace::seize(thread, ptrace::Options::empty()).unwrap();
    ptrace::interrupt(thread).unwrap();
    // It was alive until just now: its silence is noticed after three seconds.
    manager.hears("nothing", Duration::from_secs(4));
    assert!(!manager.hears("WATCHDOG=1", Duration::from_secs(3)), "a thread that hangs is not noticed");
    assert!(manager.log().contains("no sign of life from tftp"), "{}", manager.log());
    nix::sys::wait::waitpid(thread, Some(nix::sys::wait::WaitPidFlag::__WALL)).unwrap();
    ptrace::detach(thread, None).unwrap();
    assert!(manager.hears("WATCHDOG=1", SOON), "{}", manager.log());
}
