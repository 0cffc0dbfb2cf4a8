//! DHCP: any bytes parse to a message or an error; all that is read from a message may be read; what is written reads
//! back as the same message.
#![no_main]

use firstlight_wire::dhcp::{Code, Message};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(message) = Message::parse(bytes) else { return };
    read(&message);
    let again = Message::parse(&message.encode(bytes.len() + 2048)).expect("what we write is a message");
    let (before, after) = (&message.options, &again.options);
    for (code, value) in before.iter().filter(|(code, _)| *code != Code::OVERLOAD) {
        assert_eq!(after.get(code), Some(value), "option {code}");
    }
    assert_eq!((again.xid, again.mac(), again.kind()), (message.xid, message.mac(), message.kind()));
    for limit in [0, 548, 1472] {
        let short = message.encode(limit);
        assert!(short.len() <= limit.max(548), "{} bytes where {limit} are allowed", short.len());
        Message::parse(&short).expect("what we write is a message");
    }
    read(&message.reply());
});

fn read(message: &Message) {
    let options = &message.options;
    let _ = (message.mac(), message.kind(), message.limit(), message.boot_file(), message.hardware());
    let _ = (options.uuid(), options.user_classes(), options.has_user_class(b"iPXE"));
    let _ = (options.requested().count(), options.architectures().count());
    for code in (0..=255).map(Code) {
        let _ = (options.u8(code), options.u16(code), options.u32(code), options.address(code), options.text(code));
        let _ = options.addresses(code).count();
    }
    for code in [Code::VENDOR, Code::RELAY_AGENT, Code::IPXE] {
        let _ = (0..=255).filter_map(|inner| options.inside(code).get(inner)).count();
    }
}
