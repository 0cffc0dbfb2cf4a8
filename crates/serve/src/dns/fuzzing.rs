//! See [`crate::fuzzing`].

use super::{forward, query, reply::Transport};

/// A question of any bytes, and an upstream's answer of any bytes to it, as they would be passed on.
pub fn dns(question: &[u8], answer: &[u8]) {
    let Ok(query) = query::read(question) else { return };
    for transport in [Transport::Udp, Transport::Tcp] {
        forward::relay(&query, answer, transport);
    }
}
