//! `firstlight doctor`, with each fault made in namespaces: what it says, and that it says nothing where all is well.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::unwrap_used)]

use firstlight_tests::{Net, Output, Server, firstlight, run};
use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Stdio},
    time::Duration,
};
use tempfile::TempDir;

const SITE: &str = r#"
network "boot" {
  interface = "eth1"
  subnet    = "10.20.0.0/24"
}
profile "disk" {
  boot = "disk"
}
"#;

fn site(text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("site.hcl"), text).unwrap();
    folder
}

fn server(net: &Net, line: &str) {
    let output = run(net.on_server("sh").args(["-c", line]), Duration::from_secs(20));
    assert_eq!(output.code, Some(0), "{line}: {}", output.text);
}

/// What doctor says in the server's namespace: exit code and findings, without those that are as they should be. Where
/// there is no other DHCP server, it need not be waited for as long as the slowest one takes.
fn doctor(net: &Net, site: &Path) -> (Option<i32>, String) {
    doctor_with(net, site, &["--listen", "1s"])
}

fn doctor_with(net: &Net, site: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = net.on_server(&firstlight().display().to_string());
    let Output { code, text, .. } = run(command.arg("doctor").args(arguments).arg(site), Duration::from_secs(30));
    let findings: Vec<&str> = text.lines().filter(|line| !line.starts_with("ok ")).collect();
    (code, findings.join("\n"))
}

/// A fault that is made by a command line, and what doctor then says.
fn fault(line: &str, text: &str, expected: &[&str]) {
    let (net, site) = (Net::new(), site(text));
    server(&net, line);
    let (code, said) = doctor(&net, site.path());
    println!("$ {line}\n$ firstlight doctor site\n{said}\n");
    assert_eq!(code, Some(1), "{said}");
    expected.iter().for_each(|part| assert!(said.contains(part), "{part:?} is not in\n{said}"));
}

/// A process of this test, ended with it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn where_all_is_well_nothing_is_an_error() {
    let net = Net::new();
    let (code, said) = doctor(&net, site(SITE).path());
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("error  "), "{said}");
}

#[test]
fn ports_of_our_own_server_are_as_they_should_be() {
    let net = Net::new();
    let served = Server::start(&net, "profile \"disk\" {\n  boot = \"disk\"\n}\n", &[]);
    let (code, said) = doctor(&net, served.folder());
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn an_interface_that_is_down_or_not_there() {
    fault("ip link set eth1 down", SITE, &["eth1 is down", "ip link set eth1 up"]);
    fault("true", &SITE.replace("eth1", "eth9"), &["there is no interface eth9", "eth1"]);
}

#[test]
fn a_wrong_subnet_and_an_address_that_is_not_ours() {
    fault("ip address flush dev eth1; ip address add 10.20.0.1/16 dev eth1", SITE, &["prefix /16", "10.20.0.0/24"]);
    fault(
        "ip address flush dev eth1; ip address add 192.168.7.2/24 dev eth1",
        SITE,
        &["eth1 does not have 10.20.0.1", "192.168.7.2/24"],
    );
    let moved =
        "ip address flush dev eth1; ip link add eth2 type veth peer name eth3; ip address add 10.20.0.1/24 dev eth2";
    fault(moved, SITE, &["10.20.0.1 is on eth2, not on eth1"]);
}

#[test]
fn ports_that_are_taken_name_the_program() {
    let (net, site) = (Net::new(), site(SITE));
    let script = "import socket,time\nu=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\nu.bind(('0.0.0.0',69))\n\
                  t=socket.socket()\nt.bind(('10.20.0.1',8080))\nt.listen()\nprint('ready',flush=True)\ntime.sleep(60)";
    let mut held = Running(net.on_server("python3").args(["-c", script]).stdout(Stdio::piped()).spawn().unwrap());
    let mut ready = String::new();
    BufReader::new(held.0.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    assert_eq!(ready, "ready\n");
    let (code, said) = doctor(&net, site.path());
    println!("{said}");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("has TFTP's port udp 69") && said.contains("has HTTP's port tcp 8080"), "{said}");
    assert!(said.contains("python3 (process "), "{said}");
}

#[test]
fn a_firewall_that_keeps_machines_out() {
    let policy = "nft 'add table inet f; add chain inet f in { type filter hook input priority 0; policy drop; }; \
                  add rule inet f in ct state established accept; add rule inet f in udp dport 67 accept'";
    fault(policy, SITE, &["it keeps out", "TFTP requests (udp 69)", "HTTP (tcp 8080)", "chain in of table inet f"]);
    let rule = "nft 'add table ip f; add chain ip f in { type filter hook input priority 0; }; \
                add rule ip f in iifname eth1 udp dport { 67, 69 } drop'";
    fault(rule, SITE, &["DHCP (udp 67), by chain in of table ip f"]);
}

#[test]
fn another_dhcp_server_is_named_by_its_addresses() {
    let (net, folder) = (Net::with_dnsmasq(&[]), site(SITE));
    let (code, said) = doctor_with(&net, folder.path(), &[]);
    println!("{said}");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("the DHCP server 10.20.0.2 (") && said.contains("gives addresses too"), "{said}");
    let proxy = site(&SITE.replace("subnet ", "dhcp {\n    mode = \"proxy\"\n  }\n  subnet "));
    assert_eq!(doctor_with(&net, proxy.path(), &[]).0, Some(0));
    let (code, said) = doctor_with(&Net::new(), proxy.path(), &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("no other DHCP server answers: machines get no address"), "{said}");
}

#[test]
fn packets_that_are_too_large_on_the_way() {
    let (net, site) = (Net::new(), site(SITE));
    net.give_client("10.20.0.50/24");
    // The cable passes what the client then drops, as a switch with a smaller MTU would.
    let output = net.client("ip link set eth0 mtu 1400");
    assert_eq!(output.code, Some(0), "{}", output.text);
    server(&net, "ping -c 1 -W 2 10.20.0.50");
    let (code, said) = doctor(&net, site.path());
    println!("{said}");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("packets of 1500 bytes do not reach 10.20.0.50"), "{said}");
}

#[test]
fn an_mtu_that_machines_are_told_and_the_interface_does_not_take() {
    let told = SITE.replace("subnet ", "mtu = 9000\n  subnet ");
    fault("true", &told, &["machines are told an MTU of 9000, and eth1 takes only 1500"]);
}

#[test]
fn a_network_behind_a_relay_without_a_way_back() {
    let relayed = format!("{SITE}\nnetwork \"far\" {{\n  subnet  = \"10.30.0.0/24\"\n  address = \"10.20.0.1\"\n}}\n");
    fault("true", &relayed, &["there is no route to 10.30.0.0/24"]);
    let (net, site) = (Net::new(), site(&relayed));
    server(&net, "ip route add 10.30.0.0/24 via 10.20.0.254");
    let (code, said) = doctor(&net, site.path());
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("no machine behind a relay in 10.30.0.0/24 was ever heard"), "{said}");
}

#[test]
fn loaders_and_assets_that_are_not_there() {
    let bare = format!("site {{\n  ipxe_dir = \"/nonexistent\"\n}}\n{SITE}");
    fault("true", &bare, &["the loader /nonexistent/undionly.kpxe for BIOS cannot be read", "install ipxe"]);
}

#[test]
fn a_clock_that_went_back() {
    let net = Net::new();
    let mut served = Server::start_whole(&net, SITE, &[]);
    served.signal("TERM");
    served.wait_for_end(Duration::from_secs(30));
    let program = firstlight().display().to_string();
    let at = |when: &str| {
        let mut command = net.on_server("faketime");
        run(command.args([when, &program, "doctor", "--listen", "1s"]).arg(served.folder()), Duration::from_secs(30))
    };
    let back = at("1 hour ago");
    println!("{}", back.text);
    assert_eq!(back.code, Some(1), "{}", back.text);
    assert!(back.text.contains("the clock went back"), "{}", back.text);
    let old = at("2001-01-01 00:00:00");
    assert!(old.code == Some(1) && old.text.contains("that is past"), "{}", old.text);
}
