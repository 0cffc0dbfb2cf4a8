//! See [`crate::fuzzing`].

use super::transfer::{Step, Terms, Transfer};
use std::time::{Duration, Instant};

/// A transfer with a client that acknowledges anything at any time. The first bytes are the terms, each two after them an
/// acknowledgement or a wait. Panics where a block is sent that is not of the file or of the window, or without an end.
pub fn transfer(bytes: &[u8]) {
    let [size_high, size_low, block, window, options, rest @ ..] = bytes else { return };
    let terms = Terms {
        size: u64::from(u16::from_be_bytes([*size_high, *size_low])),
        block: 8 + u16::from(*block),
        window: 1 + u16::from(*window),
        options: options % 2 == 1,
        longest_wait: Duration::from_secs(4),
    };
    let mut now = Instant::now();
    let (mut transfer, mut step) = Transfer::begin(terms, now);
    let mut events = rest.chunks_exact(2);
    for _ in 0..rest.len() + 64 {
        match step {
            Step::Wait | Step::Greet => {}
            Step::Send(blocks) => {
                assert!(blocks.start >= 1 && blocks.end - 1 <= terms.last() && blocks.start < blocks.end, "{blocks:?}");
                assert!(blocks.end - blocks.start <= u64::from(terms.window), "{blocks:?}");
            }
            Step::Probe(first, last) => assert!(first >= 1 && first < last && last <= terms.last(), "{first}, {last}"),
            Step::Finished => return assert_eq!(transfer.arrived(), terms.size),
            Step::GiveUp => return,
        }
        step = match events.next() {
            Some([0, wait]) => {
                now += Duration::from_millis(u64::from(*wait) * 8);
                transfer.asked_again(now)
            }
            Some([1, wait]) => {
                now += Duration::from_millis(u64::from(*wait) * 8);
                transfer.silent(now)
            }
            Some([high, low]) => transfer.acknowledged(u16::from_be_bytes([high % 16, *low]), now),
            _ => {
                now = transfer.deadline();
                transfer.silent(now)
            }
        };
    }
    assert!(matches!(step, Step::Finished | Step::GiveUp), "the transfer has no end");
}
