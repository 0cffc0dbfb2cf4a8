//! Blocks to the kernel, as many at once as it takes: with UDP segmentation offload one system call carries up to 64
//! packets. Where a device or kernel cannot do that, one call each.

use firstlight_wire::tftp::data_header;
use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use socket2::Socket;
use std::{
    io::{self, IoSlice},
    os::fd::AsRawFd,
};

/// The kernel's limit of packets in one call (`UDP_MAX_SEGMENTS`, 128 since Linux 6.9).
const MOST: usize = 64;
/// What all packets of one call may hold together: a datagram's largest payload.
const LARGEST: usize = 65_507;
/// What Ethernet carries in one packet besides the headers of IPv4 and UDP. Larger blocks are fragmented, which
/// segmentation does not do.
const UNFRAGMENTED: usize = 1472;

/// How many blocks to send at once.
pub(super) fn batch(block: u16, segmented: bool) -> usize {
    let packet = usize::from(block) + 4;
    if segmented && packet <= UNFRAGMENTED { (LARGEST / packet).min(MOST) } else { 1 }
}

/// Sends blocks from `first` on, of which `bytes` are the content: all in one call.
///
/// # Errors
/// The kernel's; `WouldBlock` where its buffer is full.
pub(super) fn blocks(socket: &Socket, first: u64, count: usize, block: u16, bytes: &[u8]) -> io::Result<()> {
    if count == 1 {
        let header = data_header(first as u16);
        return socket.send_vectored(&[IoSlice::new(&header), IoSlice::new(bytes)]).map(drop);
    }
    let size = usize::from(block);
    let payload = |index: usize| {
        let start = (index * size).min(bytes.len());
        bytes.get(start..(start + size).min(bytes.len())).unwrap_or_default()
    };
    let headers: [[u8; 4]; MOST] = std::array::from_fn(|index| data_header(first.wrapping_add(index as u64) as u16));
    let mut slices = [IoSlice::new(&[]); 2 * MOST];
    for (index, (pair, header)) in slices.chunks_exact_mut(2).zip(&headers).take(count).enumerate() {
        pair.copy_from_slice(&[IoSlice::new(header), IoSlice::new(payload(index))]);
    }
    let slices = slices.get(..2 * count).unwrap_or(&slices);
    let segment = block.saturating_add(4);
    let control = [ControlMessage::UdpGsoSegments(&segment)];
    sendmsg::<()>(socket.as_raw_fd(), slices, &control, MsgFlags::MSG_DONTWAIT, None)?;
    Ok(())
}

/// True for what a kernel or device says that cannot segment: then each packet is sent by itself.
pub(super) fn cannot_segment(error: &io::Error) -> bool {
    use nix::libc::{EINVAL, EIO, EMSGSIZE, ENOPROTOOPT, EOPNOTSUPP};
    matches!(error.raw_os_error(), Some(EINVAL | EIO | EMSGSIZE | ENOPROTOOPT | EOPNOTSUPP))
}
