//! A network behind ISC's relay: the server has no interface there. The relay stands where the cable's client end is,
//! and machines lie behind a bridge port of its own.
#![allow(clippy::unwrap_used)]

use firstlight_tests::{Net, Server, run};
use std::{
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const SITE: &str = r#"
network "boot" {
  interface = "eth1"
  subnet    = "10.20.0.0/24"
}
network "far" {
  subnet  = "10.30.0.0/24"
  address = "10.20.0.1"
  gateway = "10.30.0.1"
  dhcp {
    range = ["10.30.0.100", "10.30.0.200"]
  }
}
machine "kitt" {
  mac     = "52:54:00:00:00:31"
  address = "10.30.0.11"
}
profile "disk" {
  boot = "disk"
}
"#;

/// dhcrelay in the client's namespace, between `eth0`, towards the server, and `lan0`, whose other end `machine` lies
/// in a namespace for one machine. Ended when dropped, before the namespace it was started in.
struct Relay {
    child: Child,
    machine: String,
}

impl Relay {
    fn start(net: &Net) -> Relay {
        let machine = format!("fl-{}-machine", std::process::id());
        let relay = net.client_namespace();
        let relay = relay.file_name().unwrap().to_string_lossy();
        net.give_client("10.20.0.2/24");
        for line in [
            format!("ip netns add {machine}"),
            format!("ip link add lan0 netns {relay} type veth peer name eth0 netns {machine}"),
            format!("ip -n {relay} address add 10.30.0.1/24 dev lan0"),
            format!("ip -n {relay} link set lan0 up"),
            format!("ip -n {machine} link set eth0 address 52:54:00:00:00:31"),
            format!("ip -n {machine} link set eth0 up"),
        ] {
            let output = run(Command::new("sh").args(["-c", &line]), Duration::from_secs(20));
            assert_eq!(output.code, Some(0), "{line}: {}", output.text);
        }
        let mut command = net.on_client("dhcrelay");
        command.args(["-4", "-d", "-a", "-id", "lan0", "-iu", "eth0", "10.20.0.1"]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let relay = Relay { child, machine };
        let end = Instant::now() + Duration::from_secs(10);
        while !net.client("ss -lun").text.contains(":67 ") {
            assert!(Instant::now() < end, "dhcrelay does not listen");
            thread::sleep(Duration::from_millis(20));
        }
        relay
    }

    /// What udhcpc says behind the relay.
    fn udhcpc(&self) -> String {
        let line = format!("ip netns exec {} udhcpc -i eth0 -n -q -f -t 5 -T 1 -s /bin/true", self.machine);
        run(Command::new("sh").args(["-c", &line]), Duration::from_secs(30)).text
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = Command::new("ip").args(["netns", "delete", &self.machine]).status();
    }
}

#[test]
fn machines_behind_a_relay_get_addresses_of_their_network() {
    let net = Net::new();
    let server = Server::start_whole(&net, SITE, &[]);
    // To the relay's address in the far network, where its answers go.
    let route = net.on_server("ip").args(["route", "add", "10.30.0.0/24", "via", "10.20.0.2"]).status().unwrap();
    assert!(route.success());
    let relay = Relay::start(&net);

    let said = relay.udhcpc();
    assert!(said.contains("lease of 10.30.0.11 obtained from 10.20.0.1"), "{said}\n{}", server.log());
    assert_eq!(server.wait_for("dhcp-acked", "10.30.0.11")["machine"], "kitt");
    // Another machine, without a reservation.
    let other = format!("ip -n {} link set eth0 address 52:54:00:00:00:32", relay.machine);
    assert_eq!(run(Command::new("sh").args(["-c", &other]), Duration::from_secs(20)).code, Some(0));
    let said = relay.udhcpc();
    assert!(said.contains("lease of 10.30.0.100 obtained from 10.20.0.1"), "{said}");
}
