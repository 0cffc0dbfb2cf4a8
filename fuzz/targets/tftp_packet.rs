//! TFTP: any bytes parse to a packet or an error, and a packet that is written reads back as the same.
#![no_main]

use firstlight_wire::tftp::{Mode, Packet};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(packet) = Packet::parse(bytes) else { return };
    if let Packet::Read(request) | Packet::Write(request) = &packet {
        assert!(!request.name.contains(char::is_control));
        assert!(request.options.block.is_none_or(|block| (8..=65_464).contains(&block)));
        assert!(request.options.window != Some(0) && request.options.timeout != Some(0));
        if request.mode == Mode::Other {
            return;
        }
    }
    assert_eq!(Packet::parse(&packet.encode()), Ok(packet));
});
