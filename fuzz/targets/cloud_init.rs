//! cloud-init's parts: the checks survive any text, and parts are put together or refused.
#![no_main]

use firstlight_cloudinit::{NAMES, Part, check, join};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for name in NAMES {
        let _ = check(name, text);
    }
    let _ = join(&[Part { name: "a", text }, Part { name: "b", text: "#cloud-config\n{}\n" }]);
});
