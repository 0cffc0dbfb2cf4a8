//! What cloud-init fetches, with curl; and real cloud-init in a live Debian, fed by us: over HTTP and from a drive. What became of
//! the machine it says itself, on its console. `scripts/prepare-cloud-init` makes the live Debian.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use firstlight_tests::{Net, Output, Server, firstlight, repository, run};
use std::{fs, path::PathBuf, process::Command, time::Duration};
use tempfile::TempDir;

/// How long a machine may take on a busy computer without KVM.
const DEADLINE: Duration = Duration::from_secs(600);

/// A copy of the example, so that its lab's files do not lie in the repository.
struct Example(TempDir);

impl Example {
    /// `None` where the live Debian could not be made here.
    fn copy() -> Option<Example> {
        let (examples, folder) = (repository().join("examples"), tempfile::tempdir().unwrap());
        if !examples.join("assets/live/cloud-init.cpio.zst").exists() {
            eprintln!("SKIPPED: there is no live Debian with cloud-init: scripts/prepare-cloud-init");
            return None;
        }
        let example = Example(folder);
        fs::create_dir(example.site()).unwrap();
        for file in fs::read_dir(examples.join("cloud-init")).unwrap().flatten().filter(|file| file.path().is_file()) {
            fs::copy(file.path(), example.site().join(file.file_name())).unwrap();
        }
        std::os::unix::fs::symlink(examples.join("assets"), example.0.path().join("assets")).unwrap();
        Some(example)
    }

    fn site(&self) -> PathBuf {
        self.0.path().join("cloud-init")
    }

    /// Boots one machine until it has reported.
    fn boot(&self, machine: &str) -> Output {
        let seconds = (DEADLINE.as_secs() - 20).to_string();
        let mut command = Command::new(firstlight());
        command.args(["lab", "run", "--machine", machine, "--timeout", &seconds]).arg(self.site());
        run(&mut command, DEADLINE)
    }

    /// What the machine says of itself: the lines of `who-am-i`.
    fn said(&self, machine: &str) -> String {
        let console = fs::read(self.site().join(format!(".firstlight/lab/{machine}/console.log"))).unwrap_or_default();
        let console = String::from_utf8_lossy(&console).into_owned();
        let lines: Vec<&str> =
            console.lines().filter_map(|line| Some(line.split_once("who-am-i: ")?.1.trim())).collect();
        assert!(!lines.is_empty(), "{machine} says nothing of itself\n--- console\n{console}");
        lines.join("\n")
    }

    /// Boots a machine, and looks at everything that both have alike.
    fn comes_up(&self, machine: &str, address: &str, motto: &str) -> String {
        let output = self.boot(machine);
        let said = self.said(machine);
        assert_eq!(output.code, Some(0), "{}\n--- {machine} said\n{said}", output.text);
        for wanted in [
            format!("name {machine}.lab.example"),
            "route default via 10.20.0.254".to_owned(),
            "): 10.20.0.1".to_owned(),
            "Whoever is on duty:/home/ops:/bin/bash".to_owned(),
            "groups ops sudo".to_owned(),
            "password $6$firstlight$".to_owned(),
            "key ops 600 ssh-ed25519 AAAA".to_owned(),
            format!("motd root 644 This is {machine}, {motto}."),
            "class node".to_owned(),
            "also node, after the profile's command".to_owned(),
            format!("instance {machine} from"),
        ] {
            assert!(said.contains(&wanted), "{wanted:?} is not in what {machine} said:\n{said}");
        }
        let addresses: Vec<&str> = said.lines().filter(|line| line.starts_with("address ")).collect();
        assert_eq!(addresses.len(), 1, "{said}");
        assert!(addresses[0].contains(&format!("inet {address}/24")), "{said}");
        assert!(!addresses[0].contains("dynamic"), "the address is DHCP's: {said}");
        let machines = run(
            Command::new(firstlight()).args(["machines", "show", machine, "--lab", "--site"]).arg(self.site()),
            Duration::from_secs(30),
        );
        assert!(machines.text.contains("in service"), "{}", machines.text);
        said
    }
}

#[test]
#[ignore = "make test-boot"]
fn real_cloud_init_makes_a_machine_over_http() {
    let Some(example) = Example::copy() else { return };
    let said = example.comes_up("kitt", "10.20.0.11", "the one that talks");
    // The argument on the kernel's command line came whole through iPXE, with its semicolon.
    assert!(said.contains("seed-dir (cmdline,http://10.20.0.1:8080/c/"), "{said}");
}

#[test]
#[ignore = "make test-boot"]
fn real_cloud_init_makes_a_machine_from_a_drive() {
    let Some(example) = Example::copy() else { return };
    let said = example.comes_up("hal", "10.20.0.12", "the one that sings");
    assert!(said.contains("config-disk (/dev/sr0)"), "{said}");
}

const SITE: &str = r#"
asset "linux" { path = "linux" }
profile "debian" {
  kernel = asset.linux
  args   = "ds=nocloud;s={{ seed_url }}"
  config = "node.yaml"
}
machine "kitt" {
  mac     = "52:54:00:00:00:01"
  address = "10.20.0.11"
}
"#;

#[test]
fn cloud_inits_parts_lie_below_the_attempts_token() {
    let net = Net::new();
    net.give_client("10.20.0.50/24");
    let node = "#cloud-config\nhostname: {{ machine.name }}\n";
    let server = Server::start(&net, SITE, &[("linux", b"linux"), ("node.yaml", node.as_bytes())]);
    let curl = |arguments: &str| net.client(&format!("curl -sS -m 20 {arguments}")).text;
    let script = curl("http://10.20.0.1:8080/boot.ipxe?mac=52:54:00:00:00:01");
    let (_, rest) = script.split_once("ds=nocloud;s=").unwrap();
    let seed = rest.split_whitespace().next().unwrap();
    for (name, held) in [
        ("network-config", "addresses: [\"10.20.0.11/24\"]"),
        ("meta-data", "instance-id: \"kitt\""),
        ("user-data", "hostname: kitt"),
        ("vendor-data", "phone_home:"),
    ] {
        let part = curl(&format!("{seed}{name}"));
        assert!(part.contains(held), "{name}: {part}");
        server.wait_for("sent", name);
    }
    let foreign = "http://10.20.0.1:8080/c/00000000000000000000000000000000";
    assert!(curl(&format!("-w %{{http_code}} {foreign}/meta-data")).ends_with("403"));
    assert!(curl(&format!("-w %{{http_code}} {seed}meta-data.gz")).ends_with("404"));
    // As its module `phone_home` says it, to where our vendor-data has told it.
    let vendor_data = curl(&format!("{seed}vendor-data"));
    let report = vendor_data.split('"').nth(1).unwrap();
    assert_eq!(curl(&format!("-d hostname=kitt -d instance_id=kitt {report}")), "welcome\n");
    assert_eq!(server.wait_for("reported", "")["message"], "hostname=kitt&instance_id=kitt");
}
