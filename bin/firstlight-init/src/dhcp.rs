//! A small DHCP client (RFC 2131): the messages, and what a lease means. The socket is in [`client`].
//!
//! It gets a lease and renews it; it neither releases nor declines one. Classless routes (option 121) are not asked
//! for, so the router of option 3 holds.

pub(crate) mod client;

use firstlight_model::{Ipv4Net, Mac};
use firstlight_wire::dhcp::{Code, Message, MessageType, Op};
use std::{net::Ipv4Addr, time::Duration};

/// What an ACK gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lease {
    /// Our address.
    pub(crate) address: Ipv4Addr,
    /// The network that it lies in.
    pub(crate) network: Ipv4Net,
    /// The server that gave it.
    pub(crate) server: Ipv4Addr,
    /// Where the rest of the world is.
    pub(crate) gateway: Option<Ipv4Addr>,
    /// Name servers.
    pub(crate) dns: Vec<Ipv4Addr>,
    /// The domain to search.
    pub(crate) domain: Option<String>,
    /// What the machine is called.
    pub(crate) host_name: Option<String>,
    /// How long it lasts.
    pub(crate) duration: Duration,
}

const WANTED: [Code; 6] = [Code::SUBNET_MASK, Code::ROUTER, Code::DNS, Code::HOST_NAME, Code::DOMAIN, Code::LEASE_TIME];

/// Without an address nothing can be sent to us but broadcasts.
fn broadcast(mac: Mac, xid: u32, kind: MessageType) -> Message {
    let mut message = Message::request(mac, xid);
    message.set_broadcast(true);
    message.options.put_type(kind);
    message.options.put(Code::PARAMETERS, &WANTED.map(|code| code.0));
    message
}

/// Who gives us an address?
pub(crate) fn discover(mac: Mac, xid: u32) -> Message {
    broadcast(mac, xid, MessageType::Discover)
}

/// Takes an offer. `None` for an offer that names no server.
pub(crate) fn request(offer: &Message, mac: Mac) -> Option<Message> {
    let mut message = broadcast(mac, offer.xid, MessageType::Request);
    message.options.put_address(Code::SERVER_ID, offer.options.address(Code::SERVER_ID)?);
    message.options.put_address(Code::REQUESTED_ADDRESS, offer.yiaddr);
    Some(message)
}

/// Asks for more time, from the address itself (RFC 2131 section 4.3.2, RENEWING).
pub(crate) fn renew(lease: &Lease, mac: Mac, xid: u32) -> Message {
    let mut message = broadcast(mac, xid, MessageType::Request);
    message.set_broadcast(false);
    message.ciaddr = lease.address;
    message
}

/// The reply in `bytes`, if it is one to the exchange `xid` of this machine.
pub(crate) fn reply(bytes: &[u8], mac: Mac, xid: u32) -> Option<Message> {
    let message = Message::parse(bytes).ok()?;
    (message.op == Op::Reply && message.xid == xid && message.mac() == Some(mac)).then_some(message)
}

impl Lease {
    /// Reads an ACK. `None` where it gives no usable address. A server that names no mask is taken to mean /24, one
    /// that says no time an hour.
    pub(crate) fn from_ack(ack: &Message) -> Option<Lease> {
        let options = &ack.options;
        let prefix = options.address(Code::SUBNET_MASK).map_or(24, |mask| mask.to_bits().leading_ones());
        let network = Ipv4Net::containing(ack.yiaddr, u8::try_from(prefix).ok()?)?;
        let text = |code| options.text(code).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let usable = !ack.yiaddr.is_unspecified() && !ack.yiaddr.is_broadcast() && !ack.yiaddr.is_multicast();
        usable.then(|| Lease {
            address: ack.yiaddr,
            network,
            server: options.address(Code::SERVER_ID).unwrap_or(ack.siaddr),
            gateway: options.address(Code::ROUTER),
            dns: options.addresses(Code::DNS).collect(),
            domain: text(Code::DOMAIN).filter(|name| name.parse::<firstlight_model::Domain>().is_ok()),
            host_name: text(Code::HOST_NAME).filter(|name| name.parse::<firstlight_model::Hostname>().is_ok()),
            duration: Duration::from_secs(options.u32(Code::LEASE_TIME).unwrap_or(3600).max(60).into()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: Mac = Mac([0x52, 0x54, 0, 1, 2, 3]);

    fn ack(xid: u32) -> Message {
        let mut ack = discover(MAC, xid).reply();
        ack.yiaddr = Ipv4Addr::new(10, 0, 1, 5);
        ack.options.put_type(MessageType::Ack);
        ack.options.put_address(Code::SERVER_ID, Ipv4Addr::new(10, 0, 0, 1));
        ack.options.put_address(Code::SUBNET_MASK, Ipv4Addr::new(255, 255, 254, 0));
        ack.options.put_text(Code::HOST_NAME, "kitt");
        ack.options.put_u32(Code::LEASE_TIME, 600);
        ack
    }

    #[test]
    fn an_offer_is_taken_from_the_server_that_made_it() {
        let mut offer = ack(7);
        let taken = request(&offer, MAC).unwrap();
        assert_eq!((taken.kind(), taken.xid, taken.broadcast()), (Some(MessageType::Request), 7, true));
        assert_eq!(taken.options.address(Code::REQUESTED_ADDRESS), Some(offer.yiaddr));
        offer.options.remove(Code::SERVER_ID);
        assert_eq!(request(&offer, MAC), None);
    }

    #[test]
    fn an_ack_is_read_and_what_is_no_name_is_left_out() {
        let mut message = ack(7);
        let lease = Lease::from_ack(&message).unwrap();
        assert_eq!(lease.network.to_string(), "10.0.0.0/23");
        assert_eq!((lease.host_name.as_deref(), lease.duration.as_secs()), (Some("kitt"), 600));
        message.options.put_text(Code::HOST_NAME, "not\na name");
        assert_eq!(Lease::from_ack(&message).unwrap().host_name, None);
        message.yiaddr = Ipv4Addr::UNSPECIFIED;
        assert_eq!(Lease::from_ack(&message), None);
    }

    #[test]
    fn only_replies_to_us_are_heard() {
        let bytes = ack(7).encode(1500);
        assert!(reply(&bytes, MAC, 7).is_some());
        assert!(reply(&bytes, MAC, 8).is_none());
        assert!(reply(&bytes, Mac([2; 6]), 7).is_none());
        assert!(reply(&discover(MAC, 7).encode(1500), MAC, 7).is_none());
        assert!(reply(b"noise", MAC, 7).is_none());
    }
}
