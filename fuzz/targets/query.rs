//! What stands after `/boot.ipxe?`: any text is a question or an error.
#![no_main]

use firstlight_serve::fuzzing::ask;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Some((ask, _)) = ask(text) {
        assert!(ask.serial.is_none_or(|serial| serial.len() <= 64 && !serial.contains(char::is_control)));
    }
});
