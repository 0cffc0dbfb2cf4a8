//! The hardware address behind an IPv4 address as the kernel knows it (arp(7)): it has just spoken with the client.
//! For networks whose addresses another server gives, of which we have no leases.
#![allow(unsafe_code)]

use firstlight_model::Mac;
use nix::libc;
use std::{
    mem,
    net::{Ipv4Addr, UdpSocket},
    os::fd::AsRawFd,
};

/// Who has this address on this interface. `None` where the kernel does not know, or the client is behind a router.
pub(crate) fn mac_of(interface: &str, address: Ipv4Addr) -> Option<Mac> {
    // Any socket of IPv4 will do; nothing is sent.
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).ok()?;
    // SAFETY: a request of zeros is a valid one; every field is plain data.
    let mut request: libc::arpreq = unsafe { mem::zeroed() };
    request.arp_pa.sa_family = libc::AF_INET as libc::sa_family_t;
    // A sockaddr_in is the port in two bytes and then the address.
    for (place, byte) in request.arp_pa.sa_data.iter_mut().skip(2).zip(address.octets()) {
        *place = byte as libc::c_char;
    }
    let last = request.arp_dev.len() - 1;
    for (place, byte) in request.arp_dev.iter_mut().take(last).zip(interface.bytes()) {
        *place = byte as libc::c_char;
    }
    // SAFETY: the kernel reads and writes one arpreq, which lives until the call is over.
    if unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCGARP, &raw mut request) } != 0 {
        return None;
    }
    let mut mac = [0; 6];
    mac.iter_mut().zip(request.arp_ha.sa_data).for_each(|(place, byte)| *place = byte as u8);
    (request.arp_flags & libc::ATF_COM != 0 && mac != [0; 6]).then_some(Mac(mac))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_known_by_an_address_that_nobody_has() {
        assert_eq!(mac_of("lo", Ipv4Addr::new(192, 0, 2, 1)), None);
        assert_eq!(mac_of("no-such-interface", Ipv4Addr::LOCALHOST), None);
    }
}
