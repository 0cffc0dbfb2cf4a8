//! DHCP of the simulated machines: one socket for all; replies come by broadcast and are told apart by their `xid`.

use super::Counters;
use firstlight_model::Mac;
use firstlight_wire::dhcp::{Code, Message, MessageType};
use socket2::{Domain, Socket, Type};
use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Duration,
};

/// How long firmware waits for an answer, again and again: a PXE ROM four seconds and more.
const WAITS: [u64; 5] = [2, 4, 8, 16, 16];

/// One DHCP socket for many clients.
pub(super) struct Switchboard {
    socket: UdpSocket,
    waiting: Arc<Mutex<HashMap<u32, Sender<Message>>>>,
    closed: Arc<AtomicBool>,
    counters: Arc<Counters>,
}

impl Switchboard {
    /// Opens the client's port in this thread's namespace.
    pub(super) fn open(counters: Arc<Counters>) -> Switchboard {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, None).expect("a socket");
        socket.set_broadcast(true).expect("it may broadcast");
        socket.bind_device(Some(b"eth0")).expect("it is bound to the cable");
        let _ = nix::sys::socket::setsockopt(&socket, nix::sys::socket::sockopt::RcvBufForce, &(8 << 20));
        socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, 68)).into()).expect("the client's port is free");
        let socket = UdpSocket::from(socket);
        socket.set_read_timeout(Some(Duration::from_millis(100))).expect("a timeout");
        let (waiting, closed) = (Arc::new(Mutex::new(HashMap::new())), Arc::new(AtomicBool::new(false)));
        let (ear, table, end) = (socket.try_clone().expect("a socket"), waiting.clone(), closed.clone());
        thread::spawn(move || listen(&ear, &table, &end));
        Switchboard { socket, waiting, closed, counters }
    }

    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    /// DISCOVER to ACK of one client, which describes itself by `describe`. The ACK.
    pub(super) fn lease(&self, mac: Mac, xid: u32, describe: impl Fn(&mut Message)) -> Result<Message, String> {
        let (sender, replies) = channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(xid, sender);
        let message = |kind| {
            let mut message = Message::request(mac, xid);
            message.set_broadcast(true);
            message.options.put_type(kind);
            message.options.put_u16(Code::MAX_SIZE, 1472);
            describe(&mut message);
            message
        };
        let offer = self.ask(&message(MessageType::Discover), &replies, MessageType::Offer)?;
        let server = offer.options.address(Code::SERVER_ID).ok_or("the offer names no server")?;
        let mut request = message(MessageType::Request);
        request.options.put_address(Code::SERVER_ID, server);
        request.options.put_address(Code::REQUESTED_ADDRESS, offer.yiaddr);
        let ack = self.ask(&request, &replies, MessageType::Ack)?;
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&xid);
        if ack.yiaddr != offer.yiaddr || ack.mac() != Some(mac) {
            return Err(format!("offered {}, then acknowledged {} for {:?}", offer.yiaddr, ack.yiaddr, ack.mac()));
        }
        Ok(ack)
    }

    fn ask(&self, message: &Message, replies: &Receiver<Message>, wanted: MessageType) -> Result<Message, String> {
        let bytes = message.encode(1472);
        for (count, wait) in WAITS.into_iter().enumerate() {
            Counters::add(&self.counters.dhcp, 1);
            Counters::add(&self.counters.dhcp_again, u64::from(count > 0));
            self.socket.send_to(&bytes, (Ipv4Addr::BROADCAST, 67)).map_err(|error| error.to_string())?;
            while let Ok(reply) = replies.recv_timeout(Duration::from_secs(wait)) {
                match reply.kind() {
                    Some(kind) if kind == wanted => return Ok(reply),
                    Some(MessageType::Nak) => return Err("refused by a NAK".to_owned()),
                    _ => {}
                }
            }
        }
        Err(format!("no {wanted}"))
    }
}

fn listen(socket: &UdpSocket, waiting: &Mutex<HashMap<u32, Sender<Message>>>, closed: &AtomicBool) {
    let mut buffer = [0; 2048];
    while !closed.load(Ordering::Relaxed) {
        let Ok(length) = socket.recv(&mut buffer) else { continue };
        let Ok(message) = Message::parse(&buffer[..length]) else { continue };
        let waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = waiting.get(&message.xid) {
            let _ = sender.send(message);
        }
    }
}
