//! A bad cable: a namespace between the two ends, in which every frame passes through our hands. IPv4 packets are lost,
//! doubled, and held back so that later ones overtake them, by a seeded sequence; ARP and IPv6 pass.
//!
//! `tc netem` does the same where the kernel has it; not every kernel that the tests run on does.

use nix::{
    ifaddrs::getifaddrs,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sched::{CloneFlags, setns},
    sys::socket::{LinkAddr, bind, setsockopt, sockopt},
};
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    collections::BTreeMap,
    fs::File,
    io::{Read, Write},
    os::fd::{AsFd, AsRawFd},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// All kinds of frames (`ETH_P_ALL`), in network order.
const EVERYTHING: i32 = 0x0003u16.to_be() as i32;
const IPV4: [u8; 2] = [0x08, 0x00];

/// What a cable does to a packet, in each direction; chances of a thousand.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// It never arrives.
    pub lost: u64,
    /// It arrives twice.
    pub twice: u64,
    /// It arrives `late` after those that were sent behind it.
    pub overtaken: u64,
    /// How late.
    pub late: Duration,
}

/// A cable that works, badly, until it is dropped.
#[derive(Debug)]
pub(crate) struct Cable {
    namespace: String,
    cut: Arc<AtomicBool>,
    worker: Option<JoinHandle<()>>,
}

impl Cable {
    /// Connects `left` and `right` of this namespace.
    pub(crate) fn lay(namespace: &str, faults: Faults) -> Cable {
        let cut = Arc::new(AtomicBool::new(false));
        let (inside, seen) = (File::open(format!("/run/netns/{namespace}")).expect("the namespace"), cut.clone());
        let work = move || {
            setns(inside, CloneFlags::CLONE_NEWNET).expect("the namespace can be entered");
            Relay::new(faults).run(&seen);
        };
        Cable { namespace: namespace.to_owned(), cut, worker: Some(thread::spawn(work)) }
    }

    pub(crate) fn namespace(&self) -> &str {
        &self.namespace
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.cut.store(true, Ordering::Relaxed);
        let _ = self.worker.take().map(JoinHandle::join);
    }
}

struct Relay {
    ends: [Socket; 2],
    faults: Faults,
    random: u64,
    /// What is on its way, and to which end.
    under_way: BTreeMap<(Instant, u64), (usize, Vec<u8>)>,
    count: u64,
}

impl Relay {
    fn new(faults: Faults) -> Relay {
        let ends = [end("left"), end("right")];
        Relay { ends, faults, random: 88_172_645_463_325_252, under_way: BTreeMap::new(), count: 0 }
    }

    fn run(&mut self, cut: &AtomicBool) {
        let mut frame = vec![0; 70_000];
        while !cut.load(Ordering::Relaxed) {
            self.wait();
            for from in 0..2 {
                for _ in 0..64 {
                    let Ok(length) = (&self.ends[from]).read(&mut frame) else { break };
                    self.take(1 - from, &frame[..length]);
                }
            }
            self.deliver();
        }
    }

    fn wait(&self) {
        let next = self.under_way.keys().next().map(|(at, _)| at.saturating_duration_since(Instant::now()));
        // To the millisecond above, at most as long as it may take until the cable is cut.
        let wait = next.map_or(50, |wait| wait.as_micros().div_ceil(1000).min(50) as u16);
        let mut ends = self.ends.each_ref().map(|end| PollFd::new(end.as_fd(), PollFlags::POLLIN));
        let _ = poll(&mut ends, PollTimeout::from(wait));
    }

    fn take(&mut self, to: usize, frame: &[u8]) {
        let Faults { lost, twice, overtaken, late } = self.faults;
        let faulty = frame.get(12..14) == Some(&IPV4);
        if faulty && self.chance(lost) {
            return;
        }
        let copies = 1 + u64::from(faulty && self.chance(twice));
        let delay = if faulty && self.chance(overtaken) { late } else { Duration::ZERO };
        for _ in 0..copies {
            self.count += 1;
            self.under_way.insert((Instant::now() + delay, self.count), (to, frame.to_vec()));
        }
    }

    fn deliver(&mut self) {
        while let Some(due) = self.under_way.first_entry().filter(|due| due.key().0 <= Instant::now()) {
            let (to, frame) = due.remove();
            // What a full queue does not take is lost, as on any cable.
            let _ = (&self.ends[to]).write(&frame);
        }
    }

    fn chance(&mut self, of_thousand: u64) -> bool {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % 1000 < of_thousand
    }
}

/// The frames of one interface of this thread's namespace.
fn end(interface: &str) -> Socket {
    let socket = Socket::new(Domain::PACKET, Type::RAW.nonblocking(), Some(Protocol::from(EVERYTHING)));
    let socket = socket.expect("a packet socket (this test needs root)");
    let link = |found: nix::ifaddrs::InterfaceAddress| -> Option<LinkAddr> {
        (found.interface_name == interface).then(|| found.address?.as_link_addr().copied())?
    };
    let address = getifaddrs().expect("the interfaces").find_map(link).expect("the cable's interface");
    bind(socket.as_raw_fd(), &address).expect("the socket is bound to the interface");
    setsockopt(&socket, sockopt::RcvBufForce, &(16 << 20)).expect("a large buffer");
    socket
}
