//! The lab's networks, made by iproute2's `ip` in one run: for each network of the site a bridge that has the name of
//! the site's interface, so that the same site serves it unmodified, and for each machine a tap on it.

use crate::{Error, Result, error::file};
use firstlight_site::{LabMachine, Network};
use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

/// Taps are made through it. Most systems let everyone.
const TUN: &str = "/dev/net/tun";

/// The name of the tap of the machine with this number.
pub(crate) fn tap(number: usize) -> String {
    format!("tap{number}")
}

/// Makes the networks in the namespace that this process is in.
pub(crate) fn make(ip: &Path, networks: &[Network], machines: &[LabMachine]) -> Result<()> {
    File::options().read(true).write(true).open(TUN).map_err(file("cannot open", TUN))?;
    // The boot server answers router solicitations at once, so its own IPv6 address must not wait for duplicates to
    // be looked for. Where there is no IPv6 there is nothing to set.
    for (setting, value) in [("disable_ipv6", "0"), ("accept_dad", "0"), ("accept_ra", "0")] {
        let _ = fs::write(format!("/proc/sys/net/ipv6/conf/default/{setting}"), value);
    }
    run_batch(ip, &commands(networks, machines)?)
}

/// The commands for `ip -batch`. Bridges forward from the first moment and pass multicast: a spanning-tree delay would
/// swallow the first DISCOVERs, and snooping the router solicitations.
fn commands(networks: &[Network], machines: &[LabMachine]) -> Result<String> {
    let mut lines = vec!["link set dev lo up".to_owned()];
    for (number, network) in networks.iter().enumerate() {
        let Some(interface) = &network.interface else { continue };
        let (address, prefix) = (network.address, network.subnet.prefix());
        let mac = format!("02:00:00:00:{:02x}:{:02x}", number >> 8 & 0xff, number & 0xff);
        // An address of its own: else the bridge takes that of a tap, and changes it when taps come and go.
        lines.push(format!(
            "link add name {interface} address {mac} type bridge stp_state 0 forward_delay 0 mcast_snooping 0"
        ));
        lines.push(format!("address add {address}/{prefix} broadcast + dev {interface}"));
        lines.push(format!("link set dev {interface} up"));
    }
    for (number, machine) in machines.iter().enumerate() {
        let (tap, bridge) = (tap(number), bridge_of(machine, networks)?);
        lines.push(format!("tuntap add dev {tap} mode tap"));
        lines.push(format!("link set dev {tap} master {bridge} up"));
    }
    Ok(lines.join("\n") + "\n")
}

fn bridge_of<'a>(machine: &LabMachine, networks: &'a [Network]) -> Result<&'a str> {
    let network = networks.iter().find(|network| network.name == machine.network);
    network
        .and_then(|network| network.interface.as_deref())
        .ok_or_else(|| Error::NoInterface { machine: machine.name.to_string(), network: machine.network.clone() })
}

/// Runs commands of `ip`, one on each line.
pub(crate) fn run_batch(ip: &Path, commands: &str) -> Result<()> {
    let failed = |why: String| Error::Program { program: format!("{} -batch -", ip.display()), why };
    let mut child = Command::new(ip)
        .args(["-batch", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(commands.as_bytes()).map_err(file("cannot write to", ip))?;
    }
    let output = child.wait_with_output().map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(failed(format!("{}\nIt was given:\n{commands}", String::from_utf8_lossy(&output.stderr).trim())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use firstlight_model::ByteSize;
    use firstlight_site::{Dhcp, Expect, LabFirmware, Place};

    fn place() -> Place {
        Place { file: "site.hcl".into(), line: 1, column: 1 }
    }

    fn network(name: &str, interface: Option<&str>) -> Network {
        Network {
            name: name.into(),
            place: place(),
            interface: interface.map(Into::into),
            subnet: "10.20.0.0/24".parse().unwrap(),
            address: "10.20.0.1".parse().unwrap(),
            gateway: None,
            dns: vec![],
            ntp: vec![],
            domain: None,
            search: vec![],
            routes: vec![],
            mtu: None,
            dhcp: Dhcp { mode: Default::default(), ranges: vec![], lease: std::time::Duration::from_secs(60) },
            router_advertisements: true,
        }
    }

    fn machine(name: &str, network: &str) -> LabMachine {
        LabMachine {
            name: name.parse().unwrap(),
            place: place(),
            mac: "52:54:00:00:00:01".parse().unwrap(),
            uuid: None,
            serial: None,
            network: network.into(),
            firmware: LabFirmware::Bios,
            memory: ByteSize(64 << 20),
            cpus: 1,
            disk: None,
            seed: false,
            expect: Expect::Config,
        }
    }

    #[test]
    fn bridges_have_the_sites_names_and_machines_hang_on_theirs() {
        let networks = [network("far", None), network("boot", Some("eth1")), network("other", Some("eth2"))];
        let text = commands(&networks, &[machine("a", "other"), machine("b", "boot")]).unwrap();
        for line in [
            "link add name eth1 address 02:00:00:00:00:01 type bridge stp_state 0 forward_delay 0 mcast_snooping 0\n",
            "address add 10.20.0.1/24 broadcast + dev eth1\nlink set dev eth1 up\n",
            "tuntap add dev tap0 mode tap\nlink set dev tap0 master eth2 up\n",
            "link set dev tap1 master eth1 up\n",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }

    #[test]
    fn a_machine_on_a_network_behind_a_relay_is_refused() {
        let error = commands(&[network("far", None)], &[machine("a", "far")]).unwrap_err().to_string();
        assert!(error.contains("`a`") && error.contains("`far`"), "{error}");
    }
}
