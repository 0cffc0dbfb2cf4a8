//! A TFTP transfer with a client that says anything at any time: blocks only of the file and of the window, and an end.
#![no_main]

use firstlight_serve::fuzzing::transfer;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| transfer(bytes));
