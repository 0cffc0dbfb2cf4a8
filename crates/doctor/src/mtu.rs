//! Packet sizes: TFTP blocks and DHCP answers are as large as an Ethernet frame takes, and what cannot pass is dropped
//! in silence.

use crate::Finding;
use firstlight_site::{Network, Site};
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    fs, io,
    mem::MaybeUninit,
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

const CHECK: &str = "mtu";
/// What Ethernet carries.
const USUAL: u32 = 1500;
/// IPv4 and ICMP headers.
const HEADERS: u32 = 28;
/// How long one answer is waited for.
const PATIENCE: Duration = Duration::from_millis(400);
/// Neighbours asked for each network.
const ASKED: usize = 3;

/// What the interfaces are set to.
pub(crate) fn configured(site: &Site) -> Vec<Finding> {
    let served = site.networks.iter().filter_map(|network| Some((network, network.interface.as_deref()?)));
    served.filter_map(|(network, name)| Some(of_interface(network, name, mtu(name)?).about(network))).collect()
}

fn mtu(interface: &str) -> Option<u32> {
    fs::read_to_string(format!("/sys/class/net/{interface}/mtu")).ok()?.trim().parse().ok()
}

fn of_interface(network: &Network, name: &str, mtu: u32) -> Finding {
    let told = network.mtu.map(u32::from);
    if let Some(told) = told.filter(|told| *told > mtu) {
        let text = format!("machines are told an MTU of {told}, and {name} takes only {mtu}: larger packets are lost");
        return Finding::error(CHECK, text, format!("set `mtu = {mtu}`, or: ip link set {name} mtu {told}"));
    }
    let smaller = ports(name).into_iter().find(|(_, of_port)| *of_port < mtu);
    if let Some((port, of_port)) = smaller {
        let text =
            format!("{name} has an MTU of {mtu}, and its port {port} one of {of_port}: larger packets are lost there");
        return Finding::error(CHECK, text, format!("ip link set {port} mtu {mtu}"));
    }
    if mtu < USUAL && told.is_none() {
        let text = format!("{name} has an MTU of {mtu}, and machines take it for {USUAL}: what they send may be lost");
        return Finding::warning(
            CHECK,
            text,
            format!("set `mtu = {mtu}` in the network, or: ip link set {name} mtu {USUAL}"),
        );
    }
    Finding::fine(CHECK, format!("{name} has an MTU of {mtu}"))
}

/// A bridge's ports with their MTU.
fn ports(bridge: &str) -> Vec<(String, u32)> {
    let Ok(folder) = fs::read_dir(format!("/sys/class/net/{bridge}/brif")) else { return Vec::new() };
    let names = folder.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter_map(|name| Some((name.clone(), mtu(&name)?))).collect()
}

/// Asks neighbours that are known already for a small and for a whole packet.
pub(crate) fn neighbours(site: &Site) -> Vec<Finding> {
    let table = fs::read_to_string("/proc/net/arp").unwrap_or_default();
    let mut findings = Vec::new();
    for network in &site.networks {
        let Some(name) = network.interface.as_deref() else { continue };
        let known = table.lines().skip(1).filter_map(|line| neighbour(line, name));
        for address in known.filter(|address| network.subnet.contains(*address)).take(ASKED) {
            match passes(address, name, mtu(name).unwrap_or(USUAL).min(USUAL)) {
                Ok(Some(finding)) => findings.push(finding.about(network)),
                Ok(None) => {}
                Err(error) => {
                    let text = format!("neighbours cannot be asked: {error}");
                    return vec![Finding::warning(CHECK, text, "run it as root")];
                }
            }
        }
    }
    findings
}

/// `10.20.0.100 0x1 0x2 52:54:00:00:00:01 * eth1`: flag 2 is a complete entry.
fn neighbour(line: &str, interface: &str) -> Option<Ipv4Addr> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let complete = fields.get(2) == Some(&"0x2") && fields.get(5) == Some(&interface);
    fields.first()?.parse().ok().filter(|_| complete)
}

/// Nothing to say where even a small packet is not answered: the neighbour may be off, or silent by its own wish.
fn passes(address: Ipv4Addr, interface: &str, mtu: u32) -> io::Result<Option<Finding>> {
    let socket = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::ICMPV4))?;
    socket.bind_device(Some(interface.as_bytes()))?;
    if !answers(&socket, address, 8, 1)? {
        return Ok(None);
    }
    let payload = mtu.saturating_sub(HEADERS) as usize;
    let whole = answers(&socket, address, payload, 2)? || answers(&socket, address, payload, 3)?;
    let text = format!("packets of {mtu} bytes do not reach {address}, and small ones do");
    let next = "something between has a smaller MTU (a tunnel, a VLAN, a switch): correct it, or set `mtu` in the network \
                and on this interface to what passes";
    Ok((!whole).then(|| Finding::error(CHECK, text, next)))
}

/// Sends an echo request (RFC 792) and waits for its answer.
fn answers(socket: &Socket, address: Ipv4Addr, payload: usize, sequence: u16) -> io::Result<bool> {
    let id = (std::process::id() & 0xffff) as u16;
    let to = SocketAddr::from((address, 0));
    if let Err(error) = socket.send_to(&echo(id, sequence, payload), &to.into()) {
        // Too large for a hop that told so, or gone by now.
        return if error.kind() == io::ErrorKind::PermissionDenied { Err(error) } else { Ok(false) };
    }
    let end = Instant::now() + PATIENCE;
    let mut buffer = [MaybeUninit::uninit(); 2048];
    while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
        socket.set_read_timeout(Some(left))?;
        let Ok((length, from)) = socket.recv_from(&mut buffer) else { continue };
        let from = from.as_socket_ipv4().map(|from| *from.ip());
        if from == Some(address) && is_answer(&initialised(&buffer, length), id, sequence) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[allow(unsafe_code)]
fn initialised(buffer: &[MaybeUninit<u8>], length: usize) -> Vec<u8> {
    // SAFETY: recv_from has initialised the first `length` bytes, and take() does not go beyond them.
    buffer.iter().take(length).map(|byte| unsafe { byte.assume_init() }).collect()
}

fn echo(id: u16, sequence: u16, payload: usize) -> Vec<u8> {
    let mut packet = vec![8, 0, 0, 0];
    packet.extend_from_slice(&id.to_be_bytes());
    packet.extend_from_slice(&sequence.to_be_bytes());
    packet.resize(8 + payload, 0);
    let sum = packet.chunks(2).fold(0u32, |sum, pair| {
        sum + u32::from(u16::from_be_bytes([pair.first().copied().unwrap_or(0), pair.get(1).copied().unwrap_or(0)]))
    });
    let folded = (sum & 0xffff) + (sum >> 16);
    let checksum = !((folded & 0xffff) + (folded >> 16)) as u16;
    packet.splice(2..4, checksum.to_be_bytes());
    packet
}

/// A raw socket hands the IP header on too.
fn is_answer(packet: &[u8], id: u16, sequence: u16) -> bool {
    let header = packet.first().map_or(0, |first| usize::from(first & 15) * 4);
    let [id, sequence] = [id, sequence].map(u16::to_be_bytes);
    matches!(packet.get(header..), Some([0, _, _, _, a, b, c, d, ..]) if [*a, *b] == id && [*c, *d] == sequence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echo_request_has_a_right_checksum_and_its_answer_is_known() {
        let request = echo(0x1234, 2, 5);
        let sum: u32 = request.chunks(2).map(|p| u32::from(p[0]) << 8 | u32::from(*p.get(1).unwrap_or(&0))).sum();
        assert_eq!((sum & 0xffff) + (sum >> 16), 0xffff);
        let mut answer = vec![0x45; 20];
        answer.extend([0, 0, 0, 0, 0x12, 0x34, 0, 2]);
        assert!(is_answer(&answer, 0x1234, 2) && !is_answer(&answer, 0x1234, 3) && !is_answer(&[], 0, 0));
    }

    #[test]
    fn only_complete_neighbours_of_the_interface_are_asked() {
        let line = "10.20.0.100      0x1         0x2         52:54:00:00:00:01     *        eth1";
        assert_eq!(neighbour(line, "eth1"), Some([10, 20, 0, 100].into()));
        assert_eq!(neighbour(line, "eth2"), None);
        assert_eq!(neighbour(&line.replace("0x2", "0x0"), "eth1"), None);
    }
}
