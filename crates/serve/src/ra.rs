//! Answers IPv6 router solicitations (RFC 4861 section 6.2) with an advertisement that offers nothing: no route, no
//! prefix, no DHCPv6. A booting iPXE waits some 16 seconds for a router; this ends its wait at once and changes nothing
//! else for it or for anybody. Nothing is ever sent unasked.
//!
//! An advertisement goes to all nodes, which needs no neighbour discovery first, but at most once in 3 seconds
//! (MIN_DELAY_BETWEEN_RAS); whoever asks in between is answered alone. The random delay of up to half a second, there
//! to keep several real routers apart, is left out.

use crate::{BEAT, Stop};
use firstlight_model::Mac;
use firstlight_wire::ndp::{Advertisement, HOP_LIMIT, Solicitation};
use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::socket::{ControlMessageOwned, MsgFlags, SockaddrIn6, recvmsg},
};
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    io::{self, IoSliceMut},
    net::{Ipv6Addr, SocketAddrV6},
    os::fd::{AsFd, AsRawFd},
    thread::JoinHandle,
    time::{Duration, Instant},
};

const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);
/// Between two answers to all nodes.
const BETWEEN_MULTICASTS: Duration = Duration::from_secs(3);
/// Answers to single nodes in each second.
const UNICASTS: u32 = 100;

/// Answers solicitations until `stop`. `on_answer` hears of each one: the address that asked, which is unspecified where
/// the client had none yet.
///
/// # Errors
/// There is no room for another thread.
pub fn spawn(
    responder: Responder,
    stop: Stop,
    on_answer: impl Fn(Ipv6Addr) + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    let name = responder.interface.clone();
    std::thread::Builder::new().name(format!("ra-{name}")).spawn(move || {
        if let Err(error) = responder.run(&stop, on_answer) {
            tracing::error!("router solicitations on {name} are not answered any more: {error}");
        }
    })
}

/// A socket that hears the solicitations of one interface.
#[derive(Debug)]
pub struct Responder {
    interface: String,
    socket: Socket,
    index: u32,
    advertisement: Vec<u8>,
    pace: Pace,
}

impl Responder {
    /// Listens on `interface`. Needs CAP_NET_RAW.
    ///
    /// # Errors
    /// There is no such interface, it is not Ethernet or has no IPv6, or the privilege is missing.
    pub fn bind(interface: &str) -> io::Result<Self> {
        let index = nix::net::if_::if_nametoindex(interface)?;
        let mac = mac_of(interface)?;
        let socket = Socket::new(Domain::IPV6, Type::RAW.nonblocking(), Some(Protocol::ICMPV6))?;
        socket.bind_device(Some(interface.as_bytes()))?;
        socket.join_multicast_v6(&ALL_ROUTERS, index)?;
        socket.set_multicast_if_v6(index)?;
        socket.set_multicast_loop_v6(false)?;
        socket.set_multicast_hops_v6(HOP_LIMIT.into())?;
        socket.set_unicast_hops_v6(HOP_LIMIT.into())?;
        socket.set_recv_hoplimit_v6(true)?;
        let advertisement = Advertisement::nothing(mac).encode();
        Ok(Responder { interface: interface.to_owned(), socket, index, advertisement, pace: Pace::default() })
    }

    fn run(mut self, stop: &Stop, on_answer: impl Fn(Ipv6Addr)) -> io::Result<()> {
        let pulse = stop.pulse(&format!("ra-{}", self.interface));
        while !stop.is_stopped() {
            pulse.beat();
            let due = self.pace.due(Instant::now()).map_or(BEAT, |wait| wait + Duration::from_millis(1));
            let wait = PollTimeout::try_from(due.min(BEAT)).unwrap_or(PollTimeout::MAX);
            let readable = |fd| PollFd::new(fd, PollFlags::POLLIN);
            match poll(&mut [readable(self.socket.as_fd()), readable(stop.as_fd())], wait) {
                Ok(_) | Err(nix::Error::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
            while let Some(from) = self.solicitation() {
                self.answer(from, &on_answer);
            }
            if self.pace.take_owed(Instant::now()) {
                self.send(ALL_NODES);
            }
        }
        Ok(())
    }

    /// Who asked; `None` when nobody is left. What RFC 4861 lets no router believe is skipped.
    fn solicitation(&self) -> Option<Ipv6Addr> {
        loop {
            let mut bytes = [0; 1500];
            let mut ancillary = nix::cmsg_space!(nix::libc::c_int);
            let mut slices = [IoSliceMut::new(&mut bytes)];
            let fd = self.socket.as_raw_fd();
            let message = recvmsg::<SockaddrIn6>(fd, &mut slices, Some(&mut ancillary), MsgFlags::MSG_DONTWAIT).ok()?;
            let from = message.address?.ip();
            let hop_limit = message.cmsgs().ok()?.find_map(|item| match item {
                ControlMessageOwned::Ipv6HopLimit(limit) => u8::try_from(limit).ok(),
                _ => None,
            });
            let length = message.bytes;
            let bytes = bytes.get(..length).unwrap_or_default();
            if Solicitation::parse(bytes, from, hop_limit.unwrap_or(0)).is_ok() {
                return Some(from);
            }
        }
    }

    fn answer(&mut self, from: Ipv6Addr, on_answer: &impl Fn(Ipv6Addr)) {
        match self.pace.asked(from, Instant::now()) {
            Answer::All => self.send(ALL_NODES),
            Answer::Alone => self.send(from),
            Answer::Later => {}
            Answer::Never => return,
        }
        on_answer(from);
    }

    /// A failure passes: the client asks again.
    fn send(&self, to: Ipv6Addr) {
        let to = SocketAddrV6::new(to, 0, 0, self.index);
        if let Err(error) = self.socket.send_to(&self.advertisement, &to.into()) {
            tracing::debug!("router advertisement to {to}: {error}");
        }
    }
}

fn mac_of(interface: &str) -> io::Result<Mac> {
    nix::ifaddrs::getifaddrs()?
        .filter(|entry| entry.interface_name == interface)
        .find_map(|entry| entry.address?.as_link_addr()?.addr())
        .map(Mac)
        .ok_or_else(|| io::Error::other(format!("{interface} has no Ethernet address")))
}

/// How a solicitation is answered.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    /// To all nodes, now.
    All,
    /// To the one that asked, now.
    Alone,
    /// To all nodes, when it is time.
    Later,
    /// Not: too many ask.
    Never,
}

/// When the last answers went out.
#[derive(Debug, Default)]
struct Pace {
    multicast: Option<Instant>,
    owed: bool,
    second: Option<Instant>,
    unicasts: u32,
}

impl Pace {
    fn asked(&mut self, from: Ipv6Addr, now: Instant) -> Answer {
        if self.wait(now).is_zero() {
            self.multicast = Some(now);
            self.owed = false;
            return Answer::All;
        }
        if from.is_unspecified() {
            self.owed = true;
            return Answer::Later;
        }
        if self.second.is_none_or(|start| now.saturating_duration_since(start) >= Duration::from_secs(1)) {
            (self.second, self.unicasts) = (Some(now), 0);
        }
        self.unicasts += 1;
        if self.unicasts <= UNICASTS { Answer::Alone } else { Answer::Never }
    }

    /// How long until an answer to all nodes may go out.
    fn wait(&self, now: Instant) -> Duration {
        self.multicast
            .map_or(Duration::ZERO, |last| BETWEEN_MULTICASTS.saturating_sub(now.saturating_duration_since(last)))
    }

    /// How long until one that is owed goes out.
    fn due(&self, now: Instant) -> Option<Duration> {
        self.owed.then(|| self.wait(now))
    }

    /// True once when the one that is owed is due.
    fn take_owed(&mut self, now: Instant) -> bool {
        let due = self.due(now).is_some_and(|wait| wait.is_zero());
        if due {
            self.multicast = Some(now);
            self.owed = false;
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 9);

    #[test]
    fn all_nodes_hear_once_in_three_seconds_and_single_ones_in_between() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        assert_eq!(pace.asked(CLIENT, start), Answer::All);
        assert_eq!(pace.asked(CLIENT, start + Duration::from_secs(1)), Answer::Alone);
        assert_eq!(pace.asked(CLIENT, start + Duration::from_secs(3)), Answer::All);
    }

    #[test]
    fn a_client_without_address_is_answered_when_it_is_time() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        pace.asked(CLIENT, start);
        let asked = start + Duration::from_secs(1);
        assert_eq!(pace.asked(Ipv6Addr::UNSPECIFIED, asked), Answer::Later);
        assert_eq!(pace.due(asked), Some(Duration::from_secs(2)));
        assert!(!pace.take_owed(asked));
        assert!(pace.take_owed(start + Duration::from_secs(3)));
        assert!(!pace.take_owed(start + Duration::from_secs(6)), "it is owed once");
    }

    #[test]
    fn a_flood_is_not_answered_whole() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        let answered = (0..1000).filter(|_| pace.asked(CLIENT, start) != Answer::Never).count();
        assert_eq!(answered, 101);
        assert_eq!(pace.asked(CLIENT, start + Duration::from_secs(1)), Answer::Alone);
    }
}
