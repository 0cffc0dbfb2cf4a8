//! DNS: a question of any bytes, and an upstream's answer of any bytes to it: passed on or dropped. The first two bytes of the
//! input are the question's length.
#![no_main]

use firstlight_serve::fuzzing::dns;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let [high, low, rest @ ..] = bytes else { return };
    let (question, answer) = rest.split_at(usize::from(u16::from_be_bytes([*high, *low])).min(rest.len()));
    dns(question, answer);
});
