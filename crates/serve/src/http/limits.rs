//! How much one client, and all of them, may take; how long they may keep us waiting.

use std::time::Duration;

/// The limits of the HTTP server.
///
/// A connection that waits for a request costs some 8 KiB here. One in use holds at most its head (16 KiB), its body
/// (as much, [`super::REPORT_LIMIT`], or an inventory of 64 KiB, [`super::INVENTORY_LIMIT`]) and a response's head with a
/// file of 16 KiB; longer files go from the page cache to the network without being copied here. What a handler makes in
/// memory (a script, a rendered config) comes on top. So all connections together stay below 512 MiB if each of them sends
/// the longest inventory at once, and at some tens of MiB in ordinary use.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Connections at once.
    pub(super) connections: usize,
    /// Connections of one client address at once.
    pub(super) of_one: usize,
    /// How long a request may take to come in, from its first byte to the end of its head, and as long again for its
    /// body.
    pub(super) request: Duration,
    /// How long a connection is kept that asks for nothing.
    pub(super) idle: Duration,
    /// How long a client may accept nothing of what is sent to it.
    pub(super) stall: Duration,
    /// How long, and how many bytes, are read and dropped after the last response, so that it is not lost by a reset.
    pub(super) linger: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Limits {
            connections: 4096,
            of_one: 256,
            request: seconds(10),
            idle: seconds(60),
            stall: seconds(60),
            linger: seconds(2),
        }
    }
}
