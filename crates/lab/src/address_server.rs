//! The other DHCP server of a network in proxy mode: dnsmasq, which gives addresses and nothing else. It has a network
//! namespace and a cable of its own, as it would have a computer of its own.

use crate::{
    Error, Folder, Result,
    error::{file, system},
    machine::last_lines,
    network, process, programs,
};
use firstlight_model::format_duration;
use firstlight_site::{DhcpMode, Network, Site, free_ranges};
use std::{
    fs::{self, File},
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::{Child, Command},
    time::{Duration, Instant},
};

/// Its end of the cable.
const INTERFACE: &str = "dhcp0";

/// How long it may take to leave our namespace, and then to fail.
const PATIENCE: Duration = Duration::from_secs(10);
const EARLY_END: Duration = Duration::from_millis(200);

/// Gives the interface, which comes into its namespace later, its address, and becomes the server.
const SCRIPT: &str = r#"ip=$1 address=$2; shift 2
until "$ip" link show dhcp0 >/dev/null 2>&1; do sleep 0.02; done
"$ip" link set lo up && "$ip" address add "$address" dev dhcp0 && "$ip" link set dhcp0 up && exec "$@""#;

/// What it gives.
struct Plan {
    own: Ipv4Addr,
    ranges: Vec<(Ipv4Addr, Ipv4Addr)>,
    /// Declared machines have the address that the site says.
    hosts: Vec<String>,
}

/// Starts one for each network in proxy mode. Each is on its bridge when this returns.
pub(crate) fn start(ip: &Path, site: &Site, folder: &Folder) -> Result<Vec<Child>> {
    let networks = site.networks.iter().enumerate().filter(|(_, network)| network.dhcp.mode == DhcpMode::Proxy);
    networks
        .filter_map(|(number, network)| Some((number, network, network.interface.as_deref()?)))
        .map(|(number, network, bridge)| {
            let mut server = spawn(ip, site, network, folder)?;
            connect(ip, &mut server, number, bridge).map_err(|why| failed(network, why))?;
            let ended = process::wait_until(&mut server, EARLY_END);
            if ended.is_some() {
                return Err(failed(network, last_lines(&log(folder, network), 10)));
            }
            Ok(server)
        })
        .collect()
}

fn failed(network: &Network, why: impl ToString) -> Error {
    Error::AddressServer { network: network.name.clone(), why: why.to_string() }
}

fn log(folder: &Folder, network: &Network) -> PathBuf {
    folder.path().join(format!("address-server-{}.log", network.name))
}

fn spawn(ip: &Path, site: &Site, network: &Network, folder: &Folder) -> Result<Child> {
    let plan = plan(site, network)?;
    let path = log(folder, network);
    let log = File::create(&path).map_err(file("cannot make", path))?;
    let mut command = Command::new(programs::find("unshare", "util-linux")?);
    command.args(["--net", "sh", "-c", SCRIPT, "address-server"]).arg(ip);
    command.arg(format!("{}/{}", plan.own, network.subnet.prefix()));
    command.arg(programs::find("dnsmasq", "dnsmasq-base")?).args(arguments(network, &plan));
    command.current_dir(folder.path());
    process::spawn(command, log)
}

fn plan(site: &Site, network: &Network) -> Result<Plan> {
    let inside = |address: &Ipv4Addr| network.subnet.is_host(*address);
    let hosts = site.machines.values().filter_map(|machine| Some((machine, machine.address.filter(inside)?)));
    let fixed = [network.address].into_iter().chain(network.gateway).chain(network.dns.iter().copied());
    let taken = fixed.chain(hosts.clone().map(|(_, address)| address));
    let mut ranges = free_ranges(network.subnet, taken);
    let full = || failed(network, format!("no address is left in {}", network.subnet));
    // The last free address is its own.
    let (first, own) = ranges.pop().ok_or_else(full)?;
    if first < own {
        ranges.push((first, Ipv4Addr::from_bits(own.to_bits() - 1)));
    }
    let named = hosts.filter_map(|(machine, address)| Some(format!("{},{address}", machine.mac?)));
    Ok(Plan { own, ranges, hosts: named.collect() })
}

/// dnsmasq's arguments: DHCP alone, for this network, and nothing from its configuration files.
fn arguments(network: &Network, plan: &Plan) -> Vec<String> {
    let mut words: Vec<String> =
        ["--conf-file=/dev/null", "--no-daemon", "--port=0", "--no-ping", "--log-dhcp"].map(str::to_owned).to_vec();
    words.push(format!("--interface={INTERFACE}"));
    words.push("--dhcp-authoritative".to_owned());
    words.push(format!("--dhcp-leasefile=address-server-{}.leases", network.name));
    let lease = format_duration(network.dhcp.lease);
    words.extend(plan.ranges.iter().map(|(first, last)| format!("--dhcp-range={first},{last},{lease}")));
    words.extend(plan.hosts.iter().map(|host| format!("--dhcp-host={host}")));
    words.push(match network.gateway {
        Some(gateway) => format!("--dhcp-option=3,{gateway}"),
        None => "--dhcp-option=3".to_owned(),
    });
    let dns: Vec<String> = network.dns.iter().map(ToString::to_string).collect();
    words.push(if dns.is_empty() {
        "--dhcp-option=6".to_owned()
    } else {
        format!("--dhcp-option=6,{}", dns.join(","))
    });
    words
}

/// Lays the cable once the server is in a namespace of its own.
fn connect(ip: &Path, server: &mut Child, number: usize, bridge: &str) -> Result<()> {
    let namespace = |of: &str| fs::read_link(format!("/proc/{of}/ns/net"));
    let ours = namespace("thread-self").map_err(system("cannot tell the lab's namespace"))?;
    let theirs = server.id().to_string();
    let begin = Instant::now();
    while namespace(&theirs).is_ok_and(|theirs| theirs == ours) && begin.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(5));
    }
    let cable = format!(
        "link add other{number} type veth peer name {INTERFACE} netns {theirs}\nlink set dev other{number} master {bridge} up\n"
    );
    network::run_batch(ip, &cable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use firstlight_site::{Memory, Sources, parse};

    fn site(text: &str) -> Site {
        parse(&Sources::single("site.hcl", text), &Memory::default()).unwrap().site
    }

    #[test]
    fn it_gives_what_the_site_says_and_keeps_off_what_is_taken() {
        let site = site(
            "network \"n\" {\n interface = \"eth1\"\n subnet = \"10.9.0.0/29\"\n address = \"10.9.0.6\"\n\
             dhcp { mode = \"proxy\" }\n}\nprofile \"p\" { boot = \"disk\" }\n\
             machine \"kitt\" {\n mac = \"52:54:00:00:00:01\"\n address = \"10.9.0.2\"\n}",
        );
        let network = &site.networks[0];
        let plan = plan(&site, network).unwrap();
        assert_eq!(plan.own.to_string(), "10.9.0.5");
        let line = arguments(network, &plan).join(" ");
        assert!(line.contains("--dhcp-range=10.9.0.4,10.9.0.4,12h --dhcp-host=52:54:00:00:00:01,10.9.0.2 "), "{line}");
    }
}
