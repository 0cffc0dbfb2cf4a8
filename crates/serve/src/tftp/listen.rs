//! The socket on which requests arrive, and the sockets that answer them.

use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrIn, recvmsg, setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    io::{self, IoSliceMut},
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket},
    os::fd::{AsFd, AsRawFd, BorrowedFd},
};

/// Bytes that may wait on the request port: room for some 5,000 requests of machines that are switched on together.
const QUEUE: usize = 4 << 20;

/// The socket on which requests arrive.
pub(super) struct Listener {
    socket: UdpSocket,
    device: Option<Vec<u8>>,
    ancillary: Vec<u8>,
}

/// A datagram's ends.
#[derive(Clone, Copy)]
pub(super) struct Ends {
    pub(super) client: SocketAddrV4,
    /// The address of ours that it was sent to.
    pub(super) local: Ipv4Addr,
}

impl Listener {
    pub(super) fn new(socket: UdpSocket) -> io::Result<Self> {
        if !socket.local_addr()?.is_ipv4() {
            return Err(io::Error::other("TFTP is served over IPv4 only"));
        }
        socket.set_nonblocking(true)?;
        setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)?;
        // More than the usual limit needs a privilege; with less, more requests of a storm are sent again.
        let _ =
            setsockopt(&socket, sockopt::RcvBufForce, &QUEUE).or_else(|_| setsockopt(&socket, sockopt::RcvBuf, &QUEUE));
        let device = socket2::SockRef::from(&socket).device()?;
        Ok(Listener { socket, device, ancillary: nix::cmsg_space!(nix::libc::in_pktinfo) })
    }

    /// The next request. `Ok(None)`: there is none now. A datagram that was broadcast is skipped (RFC 1123, 4.2.3.5) as
    /// one of no bytes.
    pub(super) fn receive<'a>(&mut self, into: &'a mut [u8]) -> io::Result<Option<(&'a [u8], Ends)>> {
        let mut slices = [IoSliceMut::new(into)];
        let fd = self.socket.as_raw_fd();
        let message = match recvmsg::<SockaddrIn>(fd, &mut slices, Some(&mut self.ancillary), MsgFlags::MSG_DONTWAIT) {
            Ok(message) => message,
            Err(nix::Error::EAGAIN) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let Some(from) = message.address else { return Ok(None) };
        let info = message.cmsgs()?.find_map(|item| match item {
            ControlMessageOwned::Ipv4PacketInfo(info) => Some(info),
            _ => None,
        });
        let address = |raw: nix::libc::in_addr| Ipv4Addr::from(u32::from_be(raw.s_addr));
        let local = info.map_or(Ipv4Addr::UNSPECIFIED, |info| address(info.ipi_spec_dst));
        let unicast = info.is_none_or(|info| address(info.ipi_addr) == local);
        let length = if unicast { message.bytes } else { 0 };
        let ends = Ends { client: SocketAddrV4::new(from.ip(), from.port()), local };
        Ok(Some((into.get(..length).unwrap_or_default(), ends)))
    }

    /// A new socket between these ends, by the same device: its port is the transfer's identifier (RFC 1350).
    pub(super) fn answer(&self, ends: Ends) -> io::Result<Socket> {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM.nonblocking(), Some(Protocol::UDP))?;
        if let Some(device) = &self.device {
            socket.bind_device(Some(device))?;
        }
        socket.bind(&SocketAddr::from((ends.local, 0)).into())?;
        socket.connect(&SocketAddr::V4(ends.client).into())?;
        Ok(socket)
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
