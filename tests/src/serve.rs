//! A running `firstlight serve`.

use crate::{Net, Output, firstlight, run};
use std::{
    fs::{self, File},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// What every site here begins with: the network of [`Net`].
const NETWORK: &str = r#"
network "boot" {
  interface = "eth1"
  subnet    = "10.20.0.0/24"
}
"#;

/// A site with room for some 50,000 clients: for loads.
pub const WIDE_SITE: &str = r#"
network "boot" {
  interface = "eth1"
  subnet    = "10.20.0.0/16"
  dhcp {
    range = ["10.20.4.0", "10.20.200.0"]
  }
}
profile "disk" {
  boot = "disk"
}
"#;

/// `firstlight serve` in the server's namespace, with a site of its own. Killed when dropped.
#[derive(Debug)]
pub struct Server {
    site: TempDir,
    user: Option<&'static str>,
    child: Option<Child>,
}

impl Server {
    /// Serves the network with these further blocks and files.
    pub fn start(net: &Net, blocks: &str, files: &[(&str, &[u8])]) -> Server {
        Server::start_whole(net, &format!("{NETWORK}{blocks}"), files)
    }

    /// Serves exactly this site.
    pub fn start_whole(net: &Net, site: &str, files: &[(&str, &[u8])]) -> Server {
        // Also where the computer has a user `firstlight`.
        Server::start_in(net, site, |folder| put(folder, files), Some("root"))
    }

    /// Serves the network with these further blocks, and what `make` puts into the site's folder.
    pub fn start_with(net: &Net, blocks: &str, make: impl FnOnce(&Path)) -> Server {
        Server::start_in(net, &format!("{NETWORK}{blocks}"), make, Some("root"))
    }

    /// Serves the network with these further blocks and files as this user, or as the one that it chooses itself, who
    /// can read the site.
    pub fn start_as(net: &Net, user: Option<&'static str>, blocks: &str, files: &[(&str, &[u8])]) -> Server {
        Server::start_in(net, &format!("{NETWORK}{blocks}"), |folder| put(folder, files), user)
    }

    fn start_in(net: &Net, site: &str, make: impl FnOnce(&Path), user: Option<&'static str>) -> Server {
        let folder = tempfile::tempdir().expect("a folder for the site");
        fs::write(folder.path().join("site.hcl"), site).expect("the site is written");
        make(folder.path());
        if user != Some("root") {
            fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).expect("a folder for everyone");
        }
        let mut server = Server { site: folder, user, child: None };
        server.start_again(net);
        server
    }

    /// Starts the process, and waits until it serves.
    pub fn start_again(&mut self, net: &Net) {
        let log = File::create(self.log_path()).expect("a log");
        let mut command = net.on_server(&firstlight().display().to_string());
        command
            .args(["serve", "--allow-other-dhcp"])
            .args(self.user.into_iter().flat_map(|user| ["--user", user]))
            .arg(self.site.path());
        command.stdout(log.try_clone().expect("a log")).stderr(log);
        let child = command.spawn().expect("firstlight starts");
        self.child = Some(child);
        let end = Instant::now() + Duration::from_secs(30);
        while !self.log().contains("serving") {
            let ended = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            assert!(ended.is_none() && Instant::now() < end, "it does not serve:\n{}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The site's folder.
    pub fn folder(&self) -> &Path {
        self.site.path()
    }

    /// What the server has printed.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// What `machines show` says of a machine.
    pub fn machines(&self, name: &str) -> String {
        let site = self.site.path().display().to_string();
        run(Command::new(firstlight()).args(["machines", "show", name, "--site", &site]), Duration::from_secs(20)).text
    }

    /// What the process has used so far.
    pub fn used(&self) -> Used {
        let id = self.child.as_ref().expect("a server that runs").id();
        let read = |file: &str| fs::read_to_string(format!("/proc/{id}/{file}")).expect("the process is there");
        let status = read("status");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
        let stat = read("stat");
        // Behind the name, which may hold anything but a last parenthesis: utime and stime are fields 14 and 15, in ticks
        // of a hundredth of a second.
        let ticks = stat.rsplit(')').next().map(|rest| rest.split_whitespace().skip(11).take(2));
        let ticks: u64 = ticks.into_iter().flatten().filter_map(|field| field.parse::<u64>().ok()).sum();
        Used { peak_memory: peak.map_or(0, |kib: u64| kib * 1024), cpu: Duration::from_millis(ticks * 10) }
    }

    /// SIGKILL, in the middle of whatever it does.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("a child can be killed");
            child.wait().expect("a child can be waited for");
        }
    }

    /// The server's process.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    /// Sends a signal: `server.signal("HUP")`.
    pub fn signal(&self, name: &str) {
        let output = run(Command::new("kill").args(["-s", name, &self.pid().to_string()]), Duration::from_secs(10));
        assert_eq!(output.code, Some(0), "{}", output.text);
    }

    /// Waits for the process's own end. Its exit code; `None` where a signal ended it.
    pub fn wait_for_end(&mut self, at_most: Duration) -> Option<i32> {
        let mut child = self.child.take().expect("it runs");
        let end = Instant::now() + at_most;
        loop {
            match child.try_wait().expect("a child can be waited for") {
                Some(status) => return status.code(),
                None if Instant::now() > end => {
                    child.kill().expect("a child can be killed");
                    panic!("it does not end:\n{}", self.log());
                }
                None => thread::sleep(Duration::from_millis(20)),
            }
        }
    }

    /// Runs a `firstlight` command about this site: `server.firstlight("machines show kitt --site")` with the site's
    /// folder as its last argument.
    pub fn firstlight(&self, arguments: &str) -> Output {
        let mut command = Command::new(firstlight());
        command.args(arguments.split_whitespace()).arg(self.site.path());
        run(&mut command, Duration::from_secs(30))
    }

    /// The names of the events recorded so far about anyone, in order.
    pub fn events(&self) -> Vec<serde_json::Value> {
        let folder = self.site.path().join(".firstlight/state/events");
        let mut logs: Vec<PathBuf> =
            fs::read_dir(folder).map(|dir| dir.flatten().map(|entry| entry.path()).collect()).unwrap_or_default();
        logs.sort();
        let text: String = logs.iter().filter_map(|log| fs::read_to_string(log).ok()).collect();
        let events =
            text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line.split_once(' ')?.1).ok());
        events.filter(|event| event.get("event").is_some()).collect()
    }

    /// Waits until an event has this name and, where given, this value somewhere in it.
    pub fn wait_for(&self, event: &str, containing: &str) -> serde_json::Value {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let found = self.events().into_iter().find(|e| e["event"] == event && e.to_string().contains(containing));
            match found {
                Some(found) => return found,
                None => {
                    assert!(Instant::now() < end, "no event {event} with {containing}; there are {:#?}", self.events())
                }
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn log_path(&self) -> PathBuf {
        self.site.path().join("log")
    }
}

/// What a process has used.
#[derive(Debug, Clone, Copy)]
pub struct Used {
    /// The most memory that it ever held, in bytes (VmHWM).
    pub peak_memory: u64,
    /// Processor time.
    pub cpu: Duration,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn put(folder: &Path, files: &[(&str, &[u8])]) {
    for (name, content) in files {
        fs::write(folder.join(name), content).expect("a file is written");
    }
}
