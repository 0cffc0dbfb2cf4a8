//! Many IPv4 datagrams at once: recvmmsg(2) and sendmmsg(2), for which there is no safe wrapper that fits.
#![allow(unsafe_code)]

use nix::libc;
use std::{
    io, mem,
    net::{Ipv4Addr, SocketAddrV4, UdpSocket},
    os::fd::AsRawFd,
    ptr,
};

/// Bytes of a datagram that are read. No DHCP message or DNS question that crosses an Ethernet is longer.
const LONGEST: usize = 2048;

/// Room for a batch of datagrams.
pub(crate) struct Inbox {
    buffers: Vec<[u8; LONGEST]>,
    /// How long each datagram is, and whose.
    received: Vec<(usize, SocketAddrV4)>,
}

impl Inbox {
    pub(crate) fn new(batch: usize) -> Self {
        Inbox { buffers: vec![[0; LONGEST]; batch], received: Vec::with_capacity(batch) }
    }

    /// Reads what is there, up to the batch's size, without waiting. Returns how many datagrams that is.
    pub(crate) fn receive(&mut self, socket: &UdpSocket) -> io::Result<usize> {
        self.received.clear();
        let mut slices: Vec<libc::iovec> = self
            .buffers
            .iter_mut()
            .map(|buffer| libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() })
            .collect();
        let mut names = vec![name(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0)); slices.len()];
        let pairs = slices.iter_mut().zip(&mut names);
        let mut headers: Vec<libc::mmsghdr> = pairs.map(|(slice, name)| header(slice, name)).collect();
        let count = headers.len() as libc::c_uint;
        // SAFETY: each header points to one slice and one name, each slice to one whole buffer; all of them live until
        // the call is over.
        let received = unsafe {
            libc::recvmmsg(socket.as_raw_fd(), headers.as_mut_ptr(), count, libc::MSG_DONTWAIT, ptr::null_mut())
        };
        match usize::try_from(received) {
            Ok(received) => {
                let lengths = headers.iter().take(received).map(|header| header.msg_len as usize);
                self.received.extend(lengths.zip(names.iter().map(address)));
                Ok(received)
            }
            Err(_) => match io::Error::last_os_error() {
                error if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
                error => Err(error),
            },
        }
    }

    /// What the last call read, and from whom.
    pub(crate) fn datagrams(&self) -> impl Iterator<Item = (&[u8], SocketAddrV4)> {
        let read = self.buffers.iter().zip(&self.received);
        read.map(|(buffer, (length, from))| (buffer.get(..*length).unwrap_or(buffer), *from))
    }
}

/// Sends datagrams in as few calls as it takes. One that cannot be sent is told to `failed` and skipped.
pub(crate) fn send_all<'a>(
    socket: &UdpSocket,
    datagrams: impl IntoIterator<Item = (&'a [u8], SocketAddrV4)>,
    mut failed: impl FnMut(SocketAddrV4, io::Error),
) {
    let (mut slices, mut names): (Vec<libc::iovec>, Vec<libc::sockaddr_in>) = datagrams
        .into_iter()
        .map(|(bytes, to)| (libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() }, name(to)))
        .unzip();
    let pairs = slices.iter_mut().zip(&mut names);
    let mut headers: Vec<libc::mmsghdr> = pairs.map(|(slice, name)| header(slice, name)).collect();
    let mut rest = headers.as_mut_slice();
    let mut done = 0;
    while !rest.is_empty() {
        let count = rest.len() as libc::c_uint;
        // SAFETY: each header points to one slice and one name, which live until the end of this function; the bytes
        // behind the slices are borrowed for as long and only read.
        let sent = unsafe { libc::sendmmsg(socket.as_raw_fd(), rest.as_mut_ptr(), count, 0) };
        let sent = usize::try_from(sent).unwrap_or_else(|_| {
            let error = io::Error::last_os_error();
            names.get(done).into_iter().for_each(|name| failed(address(name), io::Error::from(error.kind())));
            1
        });
        // A call that sent nothing and says no error would never end.
        let step = sent.max(1).min(rest.len());
        done += step;
        rest = rest.split_at_mut(step).1;
    }
}

fn header(slice: &mut libc::iovec, name: &mut libc::sockaddr_in) -> libc::mmsghdr {
    // SAFETY: a message header of zeros is one without name, data or control messages.
    let mut header: libc::mmsghdr = unsafe { mem::zeroed() };
    header.msg_hdr.msg_iov = slice;
    header.msg_hdr.msg_iovlen = 1;
    header.msg_hdr.msg_name = ptr::from_mut(name).cast();
    header.msg_hdr.msg_namelen = mem::size_of::<libc::sockaddr_in>() as libc::socklen_t;
    header
}

pub(crate) fn name(address: SocketAddrV4) -> libc::sockaddr_in {
    libc::sockaddr_in {
        sin_family: libc::AF_INET as libc::sa_family_t,
        sin_port: address.port().to_be(),
        sin_addr: libc::in_addr { s_addr: address.ip().to_bits().to_be() },
        sin_zero: [0; 8],
    }
}

fn address(name: &libc::sockaddr_in) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::from_bits(u32::from_be(name.sin_addr.s_addr)), u16::from_be(name.sin_port))
}
