//! Two network namespaces and a cable between them: `eth1` is the server's end, `eth0` the client's.

use crate::{
    Output,
    beside::Beside,
    cable::{Cable, Faults},
    run,
};
use std::{
    path::PathBuf,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A server's and a client's namespace, gone when dropped.
#[derive(Debug)]
pub struct Net {
    server: String,
    client: String,
    cable: Option<Cable>,
    beside: Option<Beside>,
}

impl Net {
    /// Makes the namespaces. The server's end has 10.20.0.1/24, the client's has no address and the MAC 52:54:00:00:00:01.
    pub fn new() -> Net {
        let net = Net::unconnected();
        net.all(&[format!("ip link add eth1 netns {} type veth peer name eth0 netns {}", net.server, net.client)]);
        net.up();
        net
    }

    /// The same over a cable with faults.
    pub fn over(faults: Faults) -> Net {
        let mut net = Net::unconnected();
        let cable = net.server.replace("-s", "-m");
        net.all(&[
            format!("ip netns add {cable}"),
            format!("ip link add eth1 netns {} type veth peer name left netns {cable}", net.server),
            format!("ip link add eth0 netns {} type veth peer name right netns {cable}", net.client),
            format!("ip -n {cable} link set left up promisc on"),
            format!("ip -n {cable} link set right up promisc on"),
            // Nobody behind the cable fills in the checksums that are left to a network card.
            format!("ip netns exec {} ethtool -K eth1 tx off", net.server),
            format!("ip netns exec {} ethtool -K eth0 tx off", net.client),
        ]);
        net.cable = Some(Cable::lay(&cable, faults));
        net.up();
        net
    }

    /// With a switch in place of the cable, and dnsmasq beside it as 10.20.0.2, which gives 10.20.0.200 to 10.20.0.250;
    /// with these further arguments of its own.
    pub fn with_dnsmasq(arguments: &[&str]) -> Net {
        let mut net = Net::unconnected();
        let switch = net.server.replace("-s", "-d");
        net.all(&[
            format!("ip netns add {switch}"),
            format!("ip -n {switch} link add switch type bridge forward_delay 0 mcast_snooping 0"),
            format!("ip -n {switch} address add 10.20.0.2/24 dev switch"),
            format!("ip -n {switch} link set switch up"),
            format!("ip link add eth1 netns {} type veth peer name left netns {switch}", net.server),
            format!("ip link add eth0 netns {} type veth peer name right netns {switch}", net.client),
            format!("ip -n {switch} link set left master switch up"),
            format!("ip -n {switch} link set right master switch up"),
        ]);
        net.up();
        net.beside = Some(Beside::start(&switch, arguments));
        net
    }

    /// What dnsmasq has logged.
    pub fn dnsmasq_log(&self) -> String {
        self.beside.as_ref().map(Beside::log).unwrap_or_default()
    }

    fn unconnected() -> Net {
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = |side: &str| format!("fl-{}-{n}-{side}", std::process::id());
        let net = Net { server: name("s"), client: name("c"), cable: None, beside: None };
        net.all(&[format!("ip netns add {}", net.server), format!("ip netns add {}", net.client)]);
        net
    }

    fn up(&self) {
        let (server, client) = (&self.server, &self.client);
        self.all(&[
            format!("ip -n {client} link set eth0 address 52:54:00:00:00:01"),
            format!("ip -n {server} address add 10.20.0.1/24 dev eth1"),
            format!("ip -n {server} link set lo up"),
            format!("ip -n {server} link set eth1 up"),
            format!("ip -n {client} link set lo up"),
            format!("ip -n {client} link set eth0 up"),
        ]);
    }

    fn all(&self, commands: &[String]) {
        for command in commands {
            let output = shell(command);
            assert_eq!(output.code, Some(0), "{command}: {} (this test needs root and iproute2)", output.text);
        }
    }

    /// A command in the server's namespace.
    pub fn on_server(&self, program: &str) -> Command {
        inside(&self.server, program)
    }

    /// A command in the client's namespace.
    pub fn on_client(&self, program: &str) -> Command {
        inside(&self.client, program)
    }

    /// The server's namespace as a file, for `setns`.
    pub fn server_namespace(&self) -> PathBuf {
        PathBuf::from("/run/netns").join(&self.server)
    }

    /// The client's namespace as a file, for `setns`.
    pub fn client_namespace(&self) -> PathBuf {
        PathBuf::from("/run/netns").join(&self.client)
    }

    /// Runs a shell command line in the client's namespace, at most a minute long.
    pub fn client(&self, line: &str) -> Output {
        run(self.on_client("sh").args(["-c", line]), Duration::from_secs(60))
    }

    /// Gives the client's end an address without DHCP.
    pub fn give_client(&self, address: &str) {
        let output = self.client(&format!("ip address replace {address} dev eth0"));
        assert_eq!(output.code, Some(0), "{}", output.text);
    }
}

impl Default for Net {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        let cable = self.cable.take().map(|cable| cable.namespace().to_owned());
        let beside = self.beside.take().map(|beside| beside.namespace().to_owned());
        for name in [&self.server, &self.client].into_iter().chain(&cable).chain(&beside) {
            shell(&format!("ip netns delete {name}"));
        }
    }
}

fn inside(namespace: &str, program: &str) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", namespace, program]);
    command
}

fn shell(line: &str) -> Output {
    run(Command::new("sh").args(["-c", line]), Duration::from_secs(20))
}
