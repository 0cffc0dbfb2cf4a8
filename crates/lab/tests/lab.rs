//! Whole labs, each in processes of their own: this program is the test, the supervisor and the boot server, by its
//! first argument. A lab's supervisor must be single-threaded, which a test harness is not.

// It is all test, but clippy only knows that of a harness.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

use firstlight_lab::{Folder, Lab, MachineState, Options, Status};
use firstlight_model::ByteSize;
use firstlight_site::{Dhcp, Expect, LabFirmware, LabMachine, Network, Place, Site, Unknown};
use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, UdpSocket},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("supervise") => supervise(Path::new(&arguments[2])),
        Some("background") => in_background(Path::new(&arguments[2])),
        Some("serve") => serve(),
        Some("console") => firstlight_lab::attach(&Folder::of(Path::new(&arguments[2])), "kitt").unwrap(),
        Some("try") => try_it(),
        Some("fail") => panic!("the server's own error"),
        _ => tests(),
    }
}

fn tests() {
    if !Path::new("/dev/net/tun").exists() || firstlight_lab::Programs::find(&[LabFirmware::Bios]).is_err() {
        println!("lab: not run: this needs /dev/net/tun, qemu-system-x86, ipxe-qemu and iproute2");
        return;
    }
    let tests: [(&str, fn()); 6] = [
        ("a_lab_boots_a_machine_and_leaves_nothing", a_lab_boots_a_machine_and_leaves_nothing),
        ("a_killed_supervisor_takes_everything_along", a_killed_supervisor_takes_everything_along),
        ("a_signal_takes_it_down", a_signal_takes_it_down),
        ("a_lab_in_the_background_is_found_and_ended", a_lab_in_the_background_is_found_and_ended),
        ("a_server_that_fails_is_quoted", a_server_that_fails_is_quoted),
        ("a_user_without_rights_has_labs_too", a_user_without_rights_has_labs_too),
    ];
    for (name, test) in tests {
        let begin = Instant::now();
        test();
        println!("lab: {name} ok ({:.1} s)", begin.elapsed().as_secs_f64());
    }
}

fn a_lab_boots_a_machine_and_leaves_nothing() {
    let site = Root::new();
    let supervisor = site.supervise(&[]);
    let status = site.status().unwrap();
    assert!(matches!(status.machines[0].state, MachineState::Running { .. }), "{status:?}");
    site.wait_for_discover();
    let again = Command::new(this()).args(["supervise", site.path()]).output().unwrap();
    assert!(String::from_utf8_lossy(&again.stderr).contains(&format!("runs already (process {})", status.pid)));
    let shown = Command::new(this()).args(["console", site.path()]).stdin(Stdio::null()).output().unwrap();
    assert!(contains(&shown.stdout, b"iPXE"), "the console shows what was said so far");
    assert!(firstlight_lab::down(&site.folder()).unwrap());
    supervisor.gone(&site, &status);
    let console = fs::read(site.folder().console_log("kitt")).unwrap();
    assert!(contains(&console, b"iPXE"), "the log stays");
    assert!(!firstlight_lab::down(&site.folder()).unwrap(), "nothing is left to end");
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

fn a_killed_supervisor_takes_everything_along() {
    let site = Root::new();
    let mut supervisor = site.supervise(&[]);
    let status = site.status().unwrap();
    supervisor.process.kill().unwrap();
    supervisor.gone(&site, &status);
}

fn a_signal_takes_it_down() {
    let site = Root::new();
    let mut supervisor = site.supervise(&[]);
    let status = site.status().unwrap();
    assert!(Command::new("kill").args(["-INT", &status.pid.to_string()]).status().unwrap().success());
    assert!(supervisor.process.wait().unwrap().success());
    supervisor.gone(&site, &status);
}

fn a_lab_in_the_background_is_found_and_ended() {
    let site = Root::new();
    let mut command = Command::new(this());
    command.args(["background", site.path()]);
    let status = firstlight_lab::start_in_background(command, &site.folder()).unwrap();
    assert_eq!(site.status(), Some(status.clone()));
    assert!(firstlight_lab::start_in_background(Command::new("true"), &site.folder()).is_err(), "one at a time");
    let pids = pids(&status);
    assert!(firstlight_lab::down(&site.folder()).unwrap());
    wait_until("all processes are gone", || pids.iter().all(|pid| !is_alive(*pid)));
    assert!(site.left().iter().all(|file| file.ends_with(".log")), "{:?}", site.left());
}

fn a_server_that_fails_is_quoted() {
    let site = Root::new();
    let output = Command::new(this()).args(["supervise", site.path(), "fail"]).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("did not start") && error.contains("the server's own error"), "{error}");
    assert_eq!(site.left(), ["server.log"]);
}

/// Root becomes a user without rights, for whom `/dev/net/tun` is open as it is on a desktop. That is arranged in a mount
/// namespace of its own.
const AS_USER: [&str; 5] = [
    "unshare",
    "--mount",
    "sh",
    "-c",
    "mknod -m 666 \"$2/tun\" c 10 200 && mount --bind \"$2/tun\" /dev/net/tun && rm \"$2/tun\" && \
     exec setpriv --reuid=65534 --regid=65534 --clear-groups \"$0\" \"$1\" \"$2\"",
];

fn a_user_without_rights_has_labs_too() {
    let site = Root::new();
    fs::set_permissions(&site.0, fs::Permissions::from_mode(0o777)).unwrap();
    let mut trial = Command::new(AS_USER[0]);
    trial.args(&AS_USER[1..]).args([site.0.join("program").to_str().unwrap(), "try", site.path()]);
    if !trial.output().is_ok_and(|output| output.status.success()) {
        println!("lab: not run: only root can try this, where users may make namespaces");
        return;
    }
    let supervisor = site.supervise(&AS_USER);
    let status = site.status().unwrap();
    site.wait_for_discover();
    assert!(firstlight_lab::down(&site.folder()).unwrap());
    supervisor.gone(&site, &status);
}

/// Succeeds where a lab can be made.
fn try_it() {
    fs::File::options().read(true).write(true).open("/dev/net/tun").unwrap();
    assert!(Command::new("unshare").args(["--user", "--net", "true"]).status().unwrap().success());
}

/// The folder of a site, in the system's temporary folder, so that other users reach it.
struct Root(PathBuf);

impl Root {
    fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("firstlight-lab-").tempdir().unwrap().keep();
        fs::copy(std::env::current_exe().unwrap(), dir.join("program")).unwrap();
        Root(dir)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }

    fn folder(&self) -> Folder {
        Folder::of(&self.0)
    }

    fn status(&self) -> Option<Status> {
        firstlight_lab::status(&self.folder()).unwrap()
    }

    /// Starts a supervisor, through the command in front where there is one, and waits until its lab is up.
    fn supervise(&self, front: &[&str]) -> Supervisor {
        let program = self.0.join("program");
        let line: Vec<&str> =
            front.iter().copied().chain([program.to_str().unwrap(), "supervise", self.path()]).collect();
        let mut process = Command::new(line[0]).args(&line[1..]).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, "up\n", "{}", fs::read_to_string(self.folder().server_log()).unwrap_or_default());
        let namespace = fs::read_link(format!("/proc/{}/ns/net", process.id())).unwrap();
        assert_ne!(namespace, fs::read_link("/proc/self/ns/net").unwrap(), "the lab is apart from us");
        Supervisor { process, namespace }
    }

    fn wait_for_discover(&self) {
        let log = self.folder().server_log();
        wait_until("a DISCOVER is seen", || {
            fs::read_to_string(&log).unwrap().contains("DISCOVER from 52:54:00:12:34:56")
        });
    }

    /// The files below the lab's folder.
    fn left(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.folder().path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                } else {
                    let path = entry.path().strip_prefix(self.folder().path()).unwrap().to_str().unwrap().to_owned();
                    found.push(path);
                }
            }
        }
        found.sort();
        found
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

struct Supervisor {
    process: Child,
    namespace: PathBuf,
}

impl Supervisor {
    /// Waits for the supervisor's end, and checks that no process, namespace or file stays but the logs.
    fn gone(mut self, site: &Root, status: &Status) {
        wait_until("the supervisor ends", || self.process.try_wait().unwrap().is_some());
        wait_until("all processes are gone", || pids(status).iter().all(|pid| !is_alive(*pid)));
        wait_until("the namespace is gone", || !namespaces().contains(&self.namespace));
        assert_eq!(site.status(), None);
        let left = site.left();
        assert!(left.iter().all(|file| file.ends_with(".log")), "{left:?}");
    }
}

fn pids(status: &Status) -> Vec<u32> {
    let machines = status.machines.iter().map(|machine| match machine.state {
        MachineState::Running { pid } => pid,
        _ => panic!("{status:?}"),
    });
    machines.chain([status.pid, status.server.unwrap()]).collect()
}

/// A zombie that its new parent has not yet reaped is gone for us.
fn is_alive(pid: u32) -> bool {
    let state = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    state.lines().any(|line| line.starts_with("State:") && !line.contains('Z'))
}

fn namespaces() -> Vec<PathBuf> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes.filter_map(|entry| fs::read_link(entry.path().join("ns/net")).ok()).collect()
}

fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !condition() {
        assert!(begin.elapsed() < Duration::from_secs(60), "waited a minute until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn this() -> PathBuf {
    std::env::current_exe().unwrap()
}

fn supervise(root: &Path) {
    let role = std::env::args().nth(3).unwrap_or("serve".into());
    run(root, &role, |_| println!("up"));
}

fn in_background(root: &Path) {
    let detached = firstlight_lab::detach().unwrap();
    run(root, "serve", |_| detached.announce().unwrap());
}

fn run(root: &Path, role: &str, ready: impl FnOnce(&Lab)) {
    let options = Options { server: vec![this().into(), role.into()], ..Options::default() };
    let mut lab = match Lab::start(&site(root), &options) {
        Ok(lab) => lab,
        Err(error) => return eprintln!("{error}"),
    };
    ready(&lab);
    assert!(lab.power_off("nobody").is_err());
    while lab.wait(Duration::from_secs(10)).unwrap().is_none() {}
    lab.power_off("kitt").unwrap();
    assert_eq!(lab.status().machines[0].state, MachineState::Off);
    lab.stop();
}

/// A boot server of a kind: it takes connections and says who asks for an address.
fn serve() {
    let http = TcpListener::bind("10.20.30.1:8080").unwrap();
    std::thread::spawn(move || {
        http.incoming().flatten().for_each(|mut stream| drop(stream.write_all(b"HTTP/1.0 404")))
    });
    let dhcp = UdpSocket::bind("0.0.0.0:67").unwrap();
    let mut packet = [0; 2048];
    loop {
        let length = dhcp.recv(&mut packet).unwrap();
        let mac: Vec<String> = packet[28..34].iter().map(|byte| format!("{byte:02x}")).collect();
        if packet[..length].windows(3).any(|option| option == [53, 1, 1]) {
            println!("DISCOVER from {}", mac.join(":"));
            std::io::stdout().flush().unwrap();
        }
    }
}

fn site(root: &Path) -> Site {
    let place = Place { file: "site.hcl".into(), line: 1, column: 1 };
    let machine = LabMachine {
        name: "kitt".parse().unwrap(),
        place: place.clone(),
        mac: "52:54:00:12:34:56".parse().unwrap(),
        uuid: None,
        serial: None,
        network: "boot".into(),
        firmware: LabFirmware::Bios,
        memory: ByteSize(64 << 20),
        cpus: 1,
        disk: Some(ByteSize(1 << 30)),
        seed: false,
        expect: Expect::Config,
    };
    let network = Network {
        name: "boot".into(),
        place: place.clone(),
        interface: Some("eth1".into()),
        subnet: "10.20.30.0/24".parse().unwrap(),
        address: "10.20.30.1".parse().unwrap(),
        gateway: None,
        dns: vec![],
        ntp: vec![],
        domain: None,
        search: vec![],
        routes: vec![],
        mtu: None,
        dhcp: Dhcp { mode: Default::default(), ranges: vec![], lease: Duration::from_secs(60) },
        router_advertisements: true,
    };
    Site {
        root: root.to_owned(),
        name: "test".into(),
        domain: None,
        http_port: 8080,
        unknown: Unknown::Park,
        default_profile: None,
        parking: None,
        menu_timeout: Duration::from_secs(30),
        ipxe_dir: "/usr/lib/ipxe".into(),
        files: Default::default(),
        age_identity: None,
        secrets: BTreeMap::new(),
        secure_boot: false,
        loaders: BTreeMap::new(),
        dns: None,
        networks: vec![network],
        assets: BTreeMap::new(),
        systems: BTreeMap::new(),
        asset_settings: Default::default(),
        package_cache: None,
        lock: Default::default(),
        profiles: BTreeMap::new(),
        classes: BTreeMap::new(),
        machines: BTreeMap::new(),
        set_at: firstlight_site::SetAt::default(),
        lab: Some(firstlight_site::Lab { place, machines: BTreeMap::from([("kitt".into(), machine)]) }),
    }
}
