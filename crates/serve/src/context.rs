//! What every server shares: the BootSet of the moment, the record of events, and who has which address.

use crate::neighbour;
use arc_swap::ArcSwap;
use firstlight_boot::BootSet;
use firstlight_model::{Mac, Timestamp};
use firstlight_site::DhcpMode;
use firstlight_state::{Event, Events, What};
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

/// Tells which hardware address holds a lease on an IPv4 address.
pub type MacOf = dyn Fn(Ipv4Addr) -> Option<Mac> + Send + Sync;

/// What every server shares.
#[derive(Clone)]
pub struct Context {
    /// What is answered from. Read anew for each request, so that a swap takes effect at once.
    pub boot: Arc<ArcSwap<BootSet>>,
    /// Where facts are recorded.
    pub events: Events,
    /// Who has which address.
    pub mac_of: Arc<MacOf>,
}

impl Context {
    /// The machine behind a client's address, as far as a lease tells; the kernel, where another server gives the
    /// addresses.
    pub fn client(&self, address: IpAddr) -> Option<Mac> {
        match address {
            IpAddr::V4(address) => (self.mac_of)(address).or_else(|| self.neighbour(address)),
            IpAddr::V6(_) => None,
        }
    }

    fn neighbour(&self, address: Ipv4Addr) -> Option<Mac> {
        let set = self.boot.load();
        let network = set.site.networks.iter().find(|network| network.subnet.contains(address))?;
        let interface = network.interface.as_deref().filter(|_| network.dhcp.mode == DhcpMode::Proxy)?;
        neighbour::mac_of(interface, address)
    }

    /// An event of now about a machine, or about the server where `mac` is `None`.
    pub fn event(&self, mac: Option<Mac>, what: What) -> Event {
        let set = self.boot.load();
        let machine = mac.and_then(|mac| set.machine_by_mac(mac)).map(|machine| machine.name.to_string());
        Event { at: now(), mac, machine, what }
    }

    /// Records that something happened just now.
    pub fn record(&self, mac: Option<Mac>, what: What) {
        self.events.record(self.event(mac, what));
    }
}

/// The time by the system's clock.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(since.as_millis().try_into().unwrap_or(u64::MAX))
}
