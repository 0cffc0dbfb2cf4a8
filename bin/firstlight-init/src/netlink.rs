//! The few things that we ask of the kernel's routing socket (rtnetlink(7)): bring an interface up, give it an
//! address, set the default route. Each is one request and its acknowledgement.

use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, recv, sendto, setsockopt, socket, sockopt,
};
use nix::{errno::Errno, sys::time::TimeVal};
use std::{
    net::Ipv4Addr,
    os::fd::{AsRawFd, OwnedFd},
};

const RTM_NEWLINK: u16 = 16;
const RTM_NEWADDR: u16 = 20;
const RTM_NEWROUTE: u16 = 24;

const NLMSG_ERROR: u16 = 2;
const NLM_F_REQUEST: u16 = 0x1;
const NLM_F_ACK: u16 = 0x4;
const NLM_F_REPLACE: u16 = 0x100;
const NLM_F_CREATE: u16 = 0x400;

const IFF_UP: u32 = 1;
const AF_INET: u8 = 2;
const IFA_LOCAL: u16 = 2;
const IFA_ADDRESS: u16 = 1;
const IFA_BROADCAST: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_OIF: u16 = 4;

/// Brings the interface of this index up.
pub(crate) fn set_up(index: u32) -> Result<(), Errno> {
    // ifinfomsg: family, padding, type, index, flags, which flags change
    let mut body = vec![0; 4];
    body.extend([index, IFF_UP, IFF_UP].iter().flat_map(|n| n.to_ne_bytes()));
    request(RTM_NEWLINK, 0, body)
}

/// Gives the interface an address. One that it has already is no error.
pub(crate) fn add_address(index: u32, address: Ipv4Addr, prefix: u8, broadcast: Ipv4Addr) -> Result<(), Errno> {
    // ifaddrmsg: family, prefix, flags, scope, index
    let mut body = vec![AF_INET, prefix, 0, 0];
    body.extend(index.to_ne_bytes());
    for (kind, value) in [(IFA_LOCAL, address), (IFA_ADDRESS, address), (IFA_BROADCAST, broadcast)] {
        attribute(&mut body, kind, value.octets());
    }
    request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, body)
}

/// Sets the default route, in place of the one that there was.
pub(crate) fn set_default_route(index: u32, gateway: Ipv4Addr) -> Result<(), Errno> {
    const TABLE_MAIN: u8 = 254;
    const PROTOCOL_DHCP: u8 = 16;
    const SCOPE_UNIVERSE: u8 = 0;
    const TYPE_UNICAST: u8 = 1;
    // rtmsg: family, lengths of destination and source, TOS, table, protocol, scope, type, flags
    let mut body = vec![AF_INET, 0, 0, 0, TABLE_MAIN, PROTOCOL_DHCP, SCOPE_UNIVERSE, TYPE_UNICAST, 0, 0, 0, 0];
    attribute(&mut body, RTA_GATEWAY, gateway.octets());
    attribute(&mut body, RTA_OIF, index.to_ne_bytes());
    request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, body)
}

/// rtattr: length, type, value; ours are all of four bytes, so none needs padding.
fn attribute(body: &mut Vec<u8>, kind: u16, value: [u8; 4]) {
    body.extend(8u16.to_ne_bytes());
    body.extend(kind.to_ne_bytes());
    body.extend(value);
}

/// nlmsghdr: length, type, flags, sequence, port; then the body.
fn message(kind: u16, flags: u16, body: Vec<u8>) -> Vec<u8> {
    let length = u32::try_from(16 + body.len()).unwrap_or(0);
    let mut message = length.to_ne_bytes().to_vec();
    message.extend(kind.to_ne_bytes());
    message.extend((NLM_F_REQUEST | NLM_F_ACK | flags).to_ne_bytes());
    message.extend([0; 8]);
    message.extend(body);
    message
}

fn request(kind: u16, flags: u16, body: Vec<u8>) -> Result<(), Errno> {
    let descriptor: OwnedFd =
        socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::NetlinkRoute)?;
    setsockopt(&descriptor, sockopt::ReceiveTimeout, &TimeVal::new(5, 0))?;
    let kernel = NetlinkAddr::new(0, 0);
    sendto(descriptor.as_raw_fd(), &message(kind, flags, body), &kernel, MsgFlags::empty())?;
    let mut answer = [0; 4096];
    let length = recv(descriptor.as_raw_fd(), &mut answer, MsgFlags::empty())?;
    acknowledged(answer.get(..length).unwrap_or_default())
}

/// nlmsgerr: after the header a number, zero or a negated errno.
fn acknowledged(answer: &[u8]) -> Result<(), Errno> {
    let kind = answer.get(4..6).and_then(|b| b.try_into().ok()).map(u16::from_ne_bytes);
    let number = answer.get(16..20).and_then(|b| b.try_into().ok()).map(i32::from_ne_bytes);
    match (kind, number) {
        (Some(NLMSG_ERROR), Some(0)) => Ok(()),
        (Some(NLMSG_ERROR), Some(number)) => Err(Errno::from_raw(number.wrapping_neg())),
        _ => Err(Errno::EPROTO),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sched::{CloneFlags, unshare};
    use std::{fs, net::UdpSocket};

    /// Runs in a network namespace of its own, which ends with its thread. Needs root.
    #[test]
    fn the_kernel_takes_what_we_ask() {
        std::thread::spawn(|| {
            if unshare(CloneFlags::CLONE_NEWNET).is_err() {
                eprintln!("not run: making a network namespace needs root");
                return;
            }
            set_up(1).unwrap();
            for _ in 0..2 {
                add_address(1, Ipv4Addr::new(10, 9, 8, 7), 24, Ipv4Addr::new(10, 9, 8, 255)).unwrap();
                set_default_route(1, Ipv4Addr::new(10, 9, 8, 1)).unwrap();
            }
            let routes = fs::read_to_string("/proc/thread-self/net/route").unwrap();
            assert!(routes.lines().any(|line| line.starts_with("lo\t00000000\t0108090A")), "{routes}");
            UdpSocket::bind("10.9.8.7:0").unwrap();
            assert_eq!(set_up(77), Err(Errno::ENODEV));
            assert_eq!(set_default_route(1, Ipv4Addr::new(10, 99, 0, 1)), Err(Errno::ENETUNREACH));
        })
        .join()
        .unwrap();
    }

    #[test]
    fn what_is_no_acknowledgement_is_refused() {
        for answer in [&[][..], &[0; 20], &[2; 10]] {
            assert_eq!(acknowledged(answer), Err(Errno::EPROTO));
        }
    }
}
