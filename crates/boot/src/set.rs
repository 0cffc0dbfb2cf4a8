//! The BootSet (being laid: signatures for the servers).

use crate::Ask;
use firstlight_model::Sha256;
use firstlight_site::{Machine, Network, Site};
use std::{path::PathBuf, sync::Arc};

/// One immutable generation of everything that the servers answer from.
#[derive(Debug)]
pub struct BootSet {
    /// Counted up with every change of the site.
    pub generation: u64,
    /// The site that it was made from.
    pub site: Site,
}

/// Bytes that can be served.
#[derive(Debug, Clone)]
pub enum Content {
    /// A file whose hash was checked.
    File {
        /// Where it lies.
        path: PathBuf,
        /// Its length in bytes.
        size: u64,
        /// What it was when it was checked.
        sha256: Sha256,
    },
    /// Made here.
    Bytes(Arc<[u8]>),
}

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
    /// The decision for a DHCP client on `network`.
    pub fn greet(&self, _ask: &Ask, _network: &Network) -> Greeting<'_> {
        Greeting { machine: None, step: FirstStep::AddressOnly }
    }
}
