//! A lease as the journal holds it and as people are shown it: the whole state of one address.

use crate::ClientKey;
use firstlight_model::{Hostname, Mac};
use serde::{Deserialize, Serialize};
use std::{net::Ipv4Addr, sync::Arc};

/// The whole state of one address. The last record of an address is the true one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The address.
    pub address: Ipv4Addr,
    /// The name of its network.
    pub network: Arc<str>,
    /// Whose it is, or was.
    pub client: ClientKey,
    /// That client's hardware address.
    pub mac: Mac,
    /// By which host name it is known, where it has one of its own: the declared machine's, or option 12.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Arc<Hostname>>,
    /// What became of it.
    pub state: LeaseState,
    /// Seconds since 1970: when it entered this state, renewals not counted.
    pub since: u64,
    /// Seconds since 1970: from when on the address may be given to somebody else.
    pub until: u64,
}

impl Lease {
    /// True while nobody else may get the address.
    pub fn is_live(&self, now: u64) -> bool {
        self.until > now
    }
}

/// What became of an address. Expiry is no state: `until` passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LeaseState {
    /// Offered and held for a moment. Only in memory: nothing was acknowledged.
    Offered,
    /// Leased.
    Bound,
    /// Given back by its client.
    Released,
    /// Somebody else was seen using it: set aside for a while.
    Declined,
}
