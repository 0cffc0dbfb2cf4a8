//! By which host names leased addresses are known. Beside the leases and not in them: most of them have none, and an
//! address without a name costs nothing here. Not here: whether a lease is live.

use firstlight_model::Hostname;
use std::{collections::HashMap, sync::Arc};

/// Addresses and names. An address has one name at most, a name is that of the address which got it last.
#[derive(Debug, Default)]
pub(super) struct Names {
    by_address: HashMap<u32, Arc<Hostname>>,
    by_name: HashMap<Arc<Hostname>, u32>,
}

impl Names {
    pub(super) fn of(&self, address: u32) -> Option<&Arc<Hostname>> {
        self.by_address.get(&address)
    }

    pub(super) fn address(&self, name: &Hostname) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    pub(super) fn set(&mut self, address: u32, name: Option<Arc<Hostname>>) {
        if let Some(old) = self.by_address.remove(&address)
            && self.by_name.get(&old) == Some(&address)
        {
            self.by_name.remove(&old);
        }
        if let Some(name) = name {
            self.by_name.insert(name.clone(), address);
            self.by_address.insert(address, name);
        }
    }

    /// Names were set in no order of time: each belongs to the address for which `until` is latest.
    pub(super) fn settle(&mut self, until: impl Fn(u32) -> u32) {
        let mut all: Vec<_> = self.by_address.iter().map(|(address, name)| (until(*address), *address, name)).collect();
        all.sort_unstable();
        self.by_name = all.into_iter().map(|(_, address, name)| (name.clone(), address)).collect();
    }
}
