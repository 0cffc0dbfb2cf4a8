//! The DHCP server's decisions for any sequence of packets: no panic, and every answer is a message that its receiver
//! can take, with an address of the network that it belongs to.
//!
//! The input is records: one byte says how many seconds pass and by which interface the packet comes, two its length.
#![no_main]

use firstlight_serve::fuzzing::Dhcp;
use firstlight_site::{Memory, Sources, parse};
use firstlight_wire::dhcp::{Message, Op};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

const SITE: &str = r#"
site {
  unknown         = "boot"
  default_profile = "disk"
}
network "boot" {
  interface = "eth1"
  subnet    = "10.20.0.0/24"
  dhcp {
    range = ["10.20.0.100", "10.20.0.103"]
  }
}
network "far" {
  subnet  = "10.30.0.0/24"
  address = "10.20.0.1"
  dhcp {
    range = ["10.30.0.100", "10.30.0.200"]
  }
}
profile "disk" {
  boot = "disk"
}
machine "kitt" {
  mac     = "52:54:00:00:00:01"
  address = "10.20.0.11"
}
"#;

static PARSED: LazyLock<firstlight_site::Site> =
    LazyLock::new(|| parse(&Sources::single("site", SITE), &Memory::default()).expect("the site is right").site);

fuzz_target!(|bytes: &[u8]| {
    let mut dhcp = Dhcp::new(PARSED.clone());
    let mut rest = bytes;
    while let [head, high, low, after @ ..] = rest {
        let (packet, next) = after.split_at(usize::from(u16::from_be_bytes([*high, *low])).min(after.len()));
        rest = next;
        dhcp.wait(u64::from(head >> 2) * 60);
        let Some(reply) = dhcp.answer(if head & 1 == 0 { "eth1" } else { "eth9" }, packet) else { continue };
        let asked = Message::parse(packet).expect("only a message is answered");
        let reply_message = Message::parse(&reply).expect("the answer is a message");
        assert!(reply.len() <= asked.limit() && reply_message.op == Op::Reply && reply_message.xid == asked.xid);
        let [a, b, _, last] = reply_message.yiaddr.octets();
        assert!(reply_message.yiaddr.is_unspecified() || matches!((a, b, last), (10, 20 | 30, 2..=254)));
    }
});
