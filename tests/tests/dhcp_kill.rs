//! SIGKILL at random moments under load: no lease that a client was told of is lost, no address is given to two.
#![allow(clippy::unwrap_used)]

use firstlight_model::Mac;
use firstlight_tests::{Net, Server, WIDE_SITE};
use firstlight_wire::dhcp::{Code, Message, MessageType};
use nix::sched::{CloneFlags, setns};
use std::{
    collections::{HashMap, HashSet},
    fs::File,
    net::{Ipv4Addr, UdpSocket},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant, SystemTime},
};

const RELAY: Ipv4Addr = Ipv4Addr::new(10, 20, 0, 2);
const SERVER: Ipv4Addr = Ipv4Addr::new(10, 20, 0, 1);
const KILLS: u64 = 6;
/// Exchanges under way at a time.
const OUTSTANDING: usize = 32;
/// No more clients than the range has addresses for.
const MOST: u32 = 40_000;

/// Many clients behind one relay, which is us.
struct Clients {
    socket: UdpSocket,
    next: u32,
    waiting: HashMap<u32, (Message, Instant)>,
    /// What each was told, by its number.
    told: HashMap<u32, Ipv4Addr>,
}

impl Clients {
    fn new() -> Clients {
        let socket = UdpSocket::bind((RELAY, 67)).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        Clients { socket, next: 1, waiting: HashMap::new(), told: HashMap::new() }
    }

    fn message(client: u32, kind: MessageType) -> Message {
        let [a, b, c, d] = client.to_be_bytes();
        let mut message = Message::request(Mac([2, 0xfa, a, b, c, d]), client);
        message.giaddr = RELAY;
        message.options.put_type(kind);
        message
    }

    fn send(&mut self, client: u32, message: Message) {
        // While the server is dead the port is closed, and the kernel says so here.
        let _ = self.socket.send_to(&message.encode(1472), (SERVER, 67));
        self.waiting.insert(client, (message, Instant::now()));
    }

    fn receive(&mut self) -> Option<Message> {
        let mut buffer = [0; 2048];
        let length = self.socket.recv(&mut buffer).ok()?;
        Message::parse(&buffer[..length]).ok()
    }

    /// New clients, one after another, until it is over.
    fn lease(&mut self, over: &AtomicBool) {
        while !over.load(Ordering::Relaxed) {
            while self.waiting.len() < OUTSTANDING && self.next <= MOST {
                self.send(self.next, Clients::message(self.next, MessageType::Discover));
                self.next += 1;
            }
            self.step();
        }
    }

    fn step(&mut self) {
        if let Some(reply) = self.receive() {
            let client = reply.xid;
            match reply.kind() {
                Some(MessageType::Offer) if self.waiting.contains_key(&client) => {
                    let mut request = Clients::message(client, MessageType::Request);
                    request.options.put_address(Code::REQUESTED_ADDRESS, reply.yiaddr);
                    request.options.put_address(Code::SERVER_ID, SERVER);
                    self.send(client, request);
                }
                Some(MessageType::Ack) => {
                    self.told.insert(client, reply.yiaddr);
                    self.waiting.remove(&client);
                }
                // The offer was forgotten in the crash, and somebody else was quicker: from the start.
                Some(MessageType::Nak) => self.send(client, Clients::message(client, MessageType::Discover)),
                _ => {}
            }
        }
        self.repeat();
    }

    fn repeat(&mut self) {
        let late = |(client, (message, at)): (&u32, &(Message, Instant))| {
            (at.elapsed() > Duration::from_millis(250)).then(|| (*client, message.clone()))
        };
        let late: Vec<_> = self.waiting.iter().filter_map(late).collect();
        late.into_iter().for_each(|(client, message)| self.send(client, message));
    }

    /// Every client renews what it was told. Returns those that were refused or told something else.
    fn renew_all(&mut self) -> Vec<(u32, Ipv4Addr, Option<MessageType>)> {
        self.waiting.clear();
        let mut left: Vec<(u32, Ipv4Addr)> = self.told.iter().map(|(client, address)| (*client, *address)).collect();
        let (mut wrong, mut answered) = (Vec::new(), HashSet::new());
        let told = self.told.clone();
        let end = Instant::now() + Duration::from_secs(60);
        while answered.len() < told.len() && Instant::now() < end {
            while self.waiting.len() < OUTSTANDING {
                let Some((client, address)) = left.pop() else { break };
                let mut renewal = Clients::message(client, MessageType::Request);
                renewal.ciaddr = address;
                self.send(client, renewal);
            }
            if let Some(reply) = self.receive() {
                let (client, kind) = (reply.xid, reply.kind());
                let is_late_offer = kind == Some(MessageType::Offer);
                if !is_late_offer && self.waiting.remove(&client).is_some() && answered.insert(client) {
                    let right = kind == Some(MessageType::Ack) && reply.yiaddr == told[&client];
                    wrong.extend((!right).then_some((client, told[&client], kind)));
                }
            }
            self.repeat();
        }
        assert_eq!(answered.len(), told.len(), "every renewal is answered");
        wrong
    }
}

/// Moments between 100 and 900 ms, different in each run.
fn moments(seed: u64) -> impl Iterator<Item = Duration> {
    let mut state = seed | 1;
    std::iter::from_fn(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        Some(Duration::from_millis(100 + state % 800))
    })
}

#[test]
fn a_killed_server_loses_no_lease_and_gives_no_address_twice() {
    let seed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos() as u64;
    println!("seed {seed}");
    let net = Net::new();
    net.give_client("10.20.0.2/16");
    let mut server = Server::start_whole(&net, WIDE_SITE, &[]);
    let over = AtomicBool::new(false);
    let namespace = File::open(net.client_namespace()).unwrap();
    thread::scope(|scope| {
        let load = scope.spawn(|| {
            setns(&namespace, CloneFlags::CLONE_NEWNET).unwrap();
            let mut clients = Clients::new();
            clients.lease(&over);
            clients
        });
        for moment in moments(seed).take(KILLS as usize) {
            thread::sleep(moment);
            server.kill();
            server.start_again(&net);
        }
        thread::sleep(Duration::from_millis(300));
        over.store(true, Ordering::Relaxed);
        let mut clients = load.join().unwrap();
        server.kill();
        server.start_again(&net);

        let addresses: HashSet<Ipv4Addr> = clients.told.values().copied().collect();
        println!("{} clients were told of an address", clients.told.len());
        assert!(clients.told.len() > 500, "the load was too small: {}", clients.told.len());
        assert_eq!(addresses.len(), clients.told.len(), "an address was given twice");
        assert_eq!(clients.renew_all(), [], "leases were lost");
    });
}
