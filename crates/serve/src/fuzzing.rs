//! Doors into what is private here, for the fuzz targets in `fuzz/`. Only there with `--cfg fuzzing`, and in this
//! crate's own tests, so that a change that closes a door is noticed.
#![allow(clippy::panic, missing_docs)]

use crate::{dhcp::fuzzing::answer, http::fuzzing::parse};
use firstlight_boot::{Ask, BootSet, Choice};
use firstlight_site::Site;
use firstlight_state::LeaseTable;

pub use crate::{dns::fuzzing::dns, tftp::fuzzing::transfer};

/// What a query of `/boot.ipxe` asks and chooses, where it can be read.
pub fn ask(query: &str) -> Option<(Ask, Option<Choice>)> {
    parse(query)
}

/// What comes over the control socket, in any bytes.
pub fn control(bytes: &[u8]) {
    crate::control::fuzzing::control(bytes);
}

/// The DHCP server's decisions, with leases and a clock of its own.
pub struct Dhcp {
    set: BootSet,
    table: LeaseTable,
    seconds: u64,
}

impl Dhcp {
    pub fn new(site: Site) -> Dhcp {
        let table = LeaseTable::new(crate::dhcp::pools(&site));
        Dhcp { set: BootSet::new(site, Default::default(), Default::default(), 1), table, seconds: 1_795_168_800 }
    }

    pub fn wait(&mut self, seconds: u64) {
        self.seconds += seconds;
    }

    /// The answer to a packet, as it would leave.
    pub fn answer(&mut self, interface: &str, packet: &[u8]) -> Option<Vec<u8>> {
        answer(&mut self.table, &self.set, interface, packet, self.seconds)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_doors_lead_somewhere() {
        assert!(super::ask("mac=52:54:00:00:00:01&profile=small").unwrap().1.is_some());
        assert!(super::ask("mac=nonsense").is_none());
        super::dns(b"\0\x01\x01\0\0\x01\0\0\0\0\0\0\x01a\0\0\x01\0\x01", b"");
        super::control(b"{\"request\":\"order\",\"machine\":\"Kitt\",\"what\":{\"order\":\"retire\"}}\n");
        super::control(b"\xff");
        super::transfer(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    }
}
