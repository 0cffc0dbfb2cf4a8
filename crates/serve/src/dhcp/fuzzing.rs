//! See [`crate::fuzzing`].

use super::{engine, networks::network_of};
use firstlight_boot::BootSet;
use firstlight_model::Timestamp;
use firstlight_state::LeaseTable;
use firstlight_wire::dhcp::Message;

/// The answer to a packet that came in by this interface, as it would leave.
pub(crate) fn answer(
    table: &mut LeaseTable,
    set: &BootSet,
    interface: &str,
    packet: &[u8],
    seconds: u64,
) -> Option<Vec<u8>> {
    let message = Message::parse(packet).ok()?;
    let network = network_of(set, interface, &message)?;
    let (reply, _) =
        engine::answer(table, set, network, &message, engine::Port::Server, Timestamp(seconds * 1000)).reply?;
    Some(reply.encode(message.limit()))
}
