//! The control socket's words: a line of any bytes is an order or is refused, in a line that can be read.
#![no_main]

use firstlight_serve::fuzzing::control;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| control(bytes));
