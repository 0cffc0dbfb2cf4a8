//! What TFTP publishes on a network: the network boot programs, `autoexec.ipxe`, which leads iPXE to its script, and the
//! site's assets by their names, for boot programs that speak nothing else. Never configs: they belong to one machine,
//! and TFTP cannot tell who asks.

use crate::{
    Context, Here,
    tftp::{Failure, Files, Outcome},
};
use firstlight_boot::Content;
use firstlight_state::{Protocol, Role, What};
use std::net::{IpAddr, Ipv4Addr};

/// iPXE asks for this beside the file that it was loaded from (<https://ipxe.org/cfg/autoexec>).
const AUTOEXEC: &str = "autoexec.ipxe";

/// The files that one network's TFTP clients can have.
pub struct Published {
    /// What every server shares.
    pub context: Context,
    /// The network, by whose address iPXE is led on.
    pub here: Here,
}

impl Files for Published {
    fn find(&self, name: &str, _client: Ipv4Addr) -> Option<Content> {
        let set = self.context.boot.load();
        // A loader that was found in a folder asks for what follows in the same folder.
        match name.rsplit('/').next() {
            Some(AUTOEXEC) => Some(Content::Bytes(set.autoexec(&self.here.network()).into_bytes().into())),
            _ => set.loader(name).or_else(|| set.asset(name)).cloned(),
        }
    }

    fn finished(&self, outcome: Outcome) {
        let name = outcome.name.chars().take(80).collect::<String>();
        let mac = self.context.client(IpAddr::V4(*outcome.client.ip()));
        let role = match name.as_str() {
            name if name.ends_with(AUTOEXEC) => Role::Autoexec,
            name if self.context.boot.load().loader(name).is_some() => Role::Loader,
            _ => Role::Asset,
        };
        let what = match outcome.result {
            Ok(served) => What::Sent {
                protocol: Protocol::Tftp,
                role,
                name,
                bytes: served.bytes,
                ms: served.took.as_millis().try_into().unwrap_or(u64::MAX),
                resent: served.resent,
            },
            Err(Failure::SizeOnly) => return,
            Err(failure) => {
                tracing::debug!(client = %outcome.client.ip(), "TFTP {name}: {failure}");
                What::SendFailed { protocol: Protocol::Tftp, name, reason: failure.to_string() }
            }
        };
        self.context.record(mac, what);
    }
}
