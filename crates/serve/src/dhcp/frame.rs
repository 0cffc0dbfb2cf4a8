//! UDP in IPv4 in Ethernet, as far as a DHCP client without an address needs it (RFC 768, RFC 791). No fragments.

use firstlight_model::Mac;
use std::net::Ipv4Addr;

const ETHERNET: usize = 14;
const IPV4: usize = 20;
const UDP: usize = 8;

/// A frame from `mac` that says `payload` to everybody's DHCP server.
pub(super) fn broadcast(mac: Mac, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(ETHERNET + IPV4 + UDP + payload.len());
    frame.extend([0xff; 6]);
    frame.extend(mac.0);
    frame.extend([0x08, 0x00]);
    frame.extend(ip_header((IPV4 + UDP + payload.len()) as u16));
    frame.extend([0, 68, 0, 67]);
    frame.extend(((UDP + payload.len()) as u16).to_be_bytes());
    // No checksum, which UDP allows: the frame's own will do.
    frame.extend([0, 0]);
    frame.extend(payload);
    frame
}

/// From 0.0.0.0 to 255.255.255.255, time to live 64, UDP.
fn ip_header(length: u16) -> [u8; IPV4] {
    let mut header = [0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255];
    header[2..4].copy_from_slice(&length.to_be_bytes());
    let sum: u32 = header.chunks_exact(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    let checksum = !((folded & 0xffff) + (folded >> 16)) as u16;
    header[10..12].copy_from_slice(&checksum.to_be_bytes());
    header
}

/// Who sent a frame, by hardware address and by IPv4 address, and what is in its datagram to port 68.
pub(super) fn datagram(frame: &[u8]) -> Option<(Mac, Ipv4Addr, &[u8])> {
    let (ethernet, packet) = frame.split_first_chunk::<ETHERNET>()?;
    let [_, _, _, _, _, _, a, b, c, d, e, f, 0x08, 0x00] = *ethernet else { return None };
    let header = usize::from(packet.first()? & 0x0f) * 4;
    let length = usize::from(u16::from_be_bytes([*packet.get(2)?, *packet.get(3)?]));
    let sender: [u8; 4] = packet.get(12..16)?.try_into().ok()?;
    if packet.first()? >> 4 != 4 || header < IPV4 || *packet.get(9)? != 17 {
        return None;
    }
    let (udp, payload) = packet.get(header..length)?.split_first_chunk::<UDP>()?;
    (udp[2..4] == [0, 68]).then_some((Mac([a, b, c, d, e, f]), sender.into(), payload))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datagram_reads_back_and_no_cut_of_it_is_misread() {
        let mac = Mac([2, 0, 0, 0, 0, 1]);
        let mut frame = broadcast(mac, b"hello");
        assert_eq!(datagram(&frame), None, "it is to a server");
        frame[ETHERNET + IPV4 + 3] = 68;
        assert_eq!(datagram(&frame), Some((mac, Ipv4Addr::UNSPECIFIED, b"hello".as_slice())));
        for length in 0..frame.len() {
            assert_eq!(datagram(&frame[..length]), None, "{length}");
        }
    }

    #[test]
    fn the_headers_checksum_makes_its_sum_all_ones() {
        let header = ip_header(328);
        let sum: u32 = header.chunks_exact(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
        assert_eq!((sum & 0xffff) + (sum >> 16), 0xffff);
    }
}
