//! The system call without a safe wrapper that fits: an entry in the ARP table.
#![allow(unsafe_code)]

use crate::udp::name;
use firstlight_model::Mac;
use nix::libc;
use std::{
    io, mem,
    net::{Ipv4Addr, SocketAddrV4, UdpSocket},
    os::fd::AsRawFd,
};

/// Enters an address in the ARP table, so that unicast reaches a client that does not answer for it yet
/// (RFC 2131 section 4.1). The kernel forgets it again like any other entry.
pub(super) fn enter_arp(socket: &UdpSocket, interface: &str, address: Ipv4Addr, mac: Mac) -> io::Result<()> {
    // SAFETY: a request of zeros is a valid one; every field is plain data.
    let mut request: libc::arpreq = unsafe { mem::zeroed() };
    let protocol = name(SocketAddrV4::new(address, 0));
    // SAFETY: both types have the same size and are plain data: a sockaddr_in is one kind of sockaddr.
    request.arp_pa = unsafe { mem::transmute::<libc::sockaddr_in, libc::sockaddr>(protocol) };
    request.arp_ha.sa_family = libc::ARPHRD_ETHER;
    for (place, byte) in request.arp_ha.sa_data.iter_mut().zip(mac.0) {
        *place = byte as libc::c_char;
    }
    request.arp_flags = libc::ATF_COM;
    let last = request.arp_dev.len() - 1;
    for (place, byte) in request.arp_dev.iter_mut().take(last).zip(interface.bytes()) {
        *place = byte as libc::c_char;
    }
    // SAFETY: the kernel reads one arpreq, which lives until the call is over.
    match unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSARP, &raw const request) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
