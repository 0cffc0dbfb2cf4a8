//! ProxyDHCP: beside another server, which gives the addresses, boot clients are told what to boot, and nobody else is
//! told anything (PXE 2.1 sections 2.2 and 2.3). No lease is ever touched.
//!
//! On port 67 a boot client's DISCOVER gets an OFFER without an address. On port 4011, where firmware asks the boot
//! server that such an OFFER names, and some asks in any case, a REQUEST or INFORM gets an ACK; so in authoritative
//! mode too. What each firmware must find in them: `dhcp/profile.rs`.

use super::{Answer, Exchange, Target};
use crate::dhcp::{
    profile::{self, Marks},
    reply,
    socket::{BOOT_SERVER_PORT, CLIENT_PORT, SERVER_PORT},
};
use firstlight_state::{Hex, What};
use firstlight_wire::dhcp::{Message, MessageType};
use std::net::SocketAddrV4;

impl Exchange<'_> {
    /// The answer on port 67 in a network where another server gives the addresses.
    pub(super) fn beside(&self, kind: MessageType) -> Answer {
        let Some(profile) = profile::of(self.ask.client) else { return Answer::default() };
        match kind {
            MessageType::Discover => self.offer_boot(profile.proxy),
            // It has its address, and asks everybody for the rest.
            MessageType::Inform if self.uses_address() => {
                let sender = SocketAddrV4::new(self.message.ciaddr, CLIENT_PORT);
                self.tell_boot(profile.boot_server, sender, SERVER_PORT)
            }
            // A REQUEST is to the server that gives the address, and so is a DECLINE or a RELEASE.
            _ => Answer::default(),
        }
    }

    /// The answer on port 4011 to a message from `sender`.
    pub(super) fn as_boot_server(&self, kind: MessageType, sender: SocketAddrV4) -> Answer {
        let Some(profile) = profile::of(self.ask.client) else { return Answer::default() };
        // To where it came from and nowhere else: the address that a message claims may be anybody's.
        let here = self.network.subnet.is_host(*sender.ip());
        match kind {
            MessageType::Request | MessageType::Inform if here => {
                self.tell_boot(profile.boot_server, sender, BOOT_SERVER_PORT)
            }
            _ => Answer::default(),
        }
    }

    fn offer_boot(&self, marks: Marks) -> Answer {
        if self.boot().is_none() {
            return self.nothing_to_tell(SERVER_PORT);
        }
        let reply = reply::proxy(&self.facts(None), MessageType::Offer, marks);
        let relay = Some(self.message.giaddr).filter(|relay| !relay.is_unspecified());
        // It has no address yet, and none that we would know of.
        let target = relay.map_or(Target::Broadcast, Target::Relay);
        self.proxied(reply, target, SERVER_PORT)
    }

    fn tell_boot(&self, marks: Marks, sender: SocketAddrV4, port: u16) -> Answer {
        if self.boot().is_none() {
            return self.nothing_to_tell(port);
        }
        let reply = reply::proxy(&self.facts(None), MessageType::Ack, marks);
        self.proxied(reply, Target::Sender(sender), port)
    }

    /// No loader for this firmware: silence, so that it goes on to its next boot device, and a line in its timeline.
    fn nothing_to_tell(&self, port: u16) -> Answer {
        Answer { event: self.event(|| self.told(port, Hex::default())), ..Answer::default() }
    }

    fn proxied(&self, reply: Message, target: Target, port: u16) -> Answer {
        let event = self.event(|| self.told(port, reply.options.as_bytes().into()));
        Answer { reply: Some((reply, target)), event, ..Answer::default() }
    }

    fn told(&self, port: u16, sent: Hex) -> What {
        What::DhcpProxied {
            client: self.ask.client.to_string(),
            boot: self.boot(),
            uuid: self.ask.uuid,
            port,
            asked: self.message.options.as_bytes().into(),
            sent,
        }
    }
}
