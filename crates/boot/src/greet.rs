//! What DHCP tells a client about its boot: the first step, by who is speaking.

use crate::{Ask, BootSet, Client, Outcome, decide::Why};
use firstlight_site::{Machine, Network, Over};

/// What DHCP tells a client about its boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FirstStep {
    /// Nothing at all is answered: `unknown = "ignore"`.
    Silence,
    /// An address and no boot file: an OS, or a firmware that we have no loader for.
    AddressOnly,
    /// A file by TFTP from the network's own address: options 66, 67, siaddr and file.
    Tftp(String),
    /// A URL: option 67, and option 60 `HTTPClient` where the firmware asked by HTTP boot.
    Url(String),
}

/// The decision for a DHCP client.
#[derive(Debug)]
pub struct Greeting<'a> {
    /// The declared machine that it is.
    pub machine: Option<&'a Machine>,
    /// What DHCP tells it.
    pub step: FirstStep,
}

impl BootSet {
    /// The decision for a DHCP client on `network`. Where the machine stands does not matter yet: its script will tell.
    pub fn greet(&self, ask: &Ask, network: &Network) -> Greeting<'_> {
        let decision = self.by_site(ask, None, Why::nothing());
        let step = match decision.outcome {
            // DHCP does not carry serial numbers: who may yet turn out to be a declared machine is not turned away.
            Outcome::Ignore if !(ask.client.boots() && self.knows_serials()) => FirstStep::Silence,
            _ => self.first_step(ask, network, decision.secure_boot(self.site.secure_boot)),
        };
        Greeting { machine: decision.machine, step }
    }

    /// iPXE gets its script and never a loader again: that is what ends the chain.
    fn first_step(&self, ask: &Ask, network: &Network, secure_boot: bool) -> FirstStep {
        let urls = self.urls(network);
        match ask.client {
            Client::Ipxe(_) => FirstStep::Url(urls.script(ask, None)),
            Client::Pxe(firmware) | Client::HttpBoot(firmware) => match self.loader_for(firmware, secure_boot) {
                Some(loader) if loader.over(firmware) == Over::Tftp => FirstStep::Tftp(loader.name().to_owned()),
                Some(loader) => FirstStep::Url(urls.loader(loader.name())),
                None => FirstStep::AddressOnly,
            },
            Client::Grub(_) | Client::Other => FirstStep::AddressOnly,
        }
    }
}
