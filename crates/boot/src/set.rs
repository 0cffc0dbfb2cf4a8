//! The BootSet: one generation of everything that the servers answer from.

use crate::{Loader, Urls, loaders, templates::Templates};
use firstlight_model::{Mac, Sha256, Uuid};
use firstlight_site::{Class, Machine, Network, Profile, Site};
use std::{collections::BTreeMap, collections::HashMap, net::Ipv4Addr, path::PathBuf, sync::Arc, time::SystemTime};

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
        /// Its time of last change when it was checked. A file that has changed since is not served.
        modified: SystemTime,
    },
    /// Made here.
    Bytes(Arc<[u8]>),
}

impl Content {
    /// Its length in bytes.
    pub fn size(&self) -> u64 {
        match self {
            Content::File { size, .. } => *size,
            Content::Bytes(bytes) => bytes.len() as u64,
        }
    }
}

/// One immutable generation of everything that the servers answer from. Swapped whole, never changed.
#[derive(Debug)]
pub struct BootSet {
    /// Counted up with every change of the site.
    pub generation: u64,
    /// The site that it was made from.
    pub site: Site,
    assets: BTreeMap<String, Content>,
    pub(crate) loaders: Vec<Loader>,
    pub(crate) loader_files: BTreeMap<String, Content>,
    pub(crate) templates: Templates,
    by_mac: HashMap<Mac, String>,
    by_uuid: HashMap<Uuid, String>,
    by_serial: HashMap<String, String>,
}

impl BootSet {
    /// Makes a generation. `assets` and `loader_files` are what could be verified, by name; one that is missing is answered
    /// with "not found" and named in the reasons. Templates that do not compile were found by
    /// [`crate::check_configs`]; here they fail at the request that needs them.
    pub fn new(
        site: Site,
        assets: BTreeMap<String, Content>,
        loader_files: BTreeMap<String, Content>,
        generation: u64,
    ) -> BootSet {
        let templates = Templates::of(&site);
        let named = |machine: &Machine| machine.name.to_string();
        let machines = site.machines.values();
        let by_mac = machines.clone().filter_map(|m| Some((m.mac?, named(m)))).collect();
        let by_uuid = machines.clone().filter_map(|m| Some((m.uuid?, named(m)))).collect();
        let by_serial = machines.filter_map(|m| Some((m.serial.clone()?, named(m)))).collect();
        let loaders = loaders(&site);
        BootSet { generation, site, assets, loaders, loader_files, templates, by_mac, by_uuid, by_serial }
    }

    /// The declared machine that goes by this hardware address.
    pub fn machine_by_mac(&self, mac: Mac) -> Option<&Machine> {
        self.site.machines.get(self.by_mac.get(&mac)?)
    }

    /// The declared machine that goes by this UUID.
    pub fn machine_by_uuid(&self, uuid: Uuid) -> Option<&Machine> {
        self.site.machines.get(self.by_uuid.get(&uuid)?)
    }

    /// The declared machine that goes by this serial number.
    pub fn machine_by_serial(&self, serial: &str) -> Option<&Machine> {
        self.site.machines.get(self.by_serial.get(serial)?)
    }

    /// True when some machine can only be known by its serial number, which DHCP does not carry.
    pub fn knows_serials(&self) -> bool {
        !self.by_serial.is_empty()
    }

    /// An asset's content.
    pub fn asset(&self, name: &str) -> Option<&Content> {
        self.assets.get(name)
    }

    /// The asset whose content has this hash, with its name. Other content has none that anybody may ask for.
    pub fn asset_by_hash(&self, hash: Sha256) -> Option<(&str, &Content)> {
        let is_it = |content: &Content| matches!(content, Content::File { sha256, .. } if *sha256 == hash);
        self.assets.iter().find(|(_, content)| is_it(content)).map(|(name, content)| (&**name, content))
    }

    /// The content of a network boot program, or of a file beside one, by the name that it is served as.
    pub fn loader(&self, file: &str) -> Option<&Content> {
        self.loader_files.get(file)
    }

    /// Every asset's and every network boot program's content.
    pub fn contents(&self) -> impl Iterator<Item = &Content> {
        self.assets.values().chain(self.loader_files.values())
    }

    /// The network that an address lies in.
    pub fn network_of(&self, address: Ipv4Addr) -> Option<&Network> {
        self.site.networks.iter().find(|network| network.subnet.contains(address))
    }

    /// The URLs as a network sees them.
    pub fn urls(&self, network: &Network) -> Urls {
        Urls { address: network.address, port: self.site.http_port }
    }

    pub(crate) fn class(&self, name: &str) -> Option<&Class> {
        self.site.classes.get(name)
    }

    pub(crate) fn profile(&self, name: &str) -> Option<&Profile> {
        self.site.profiles.get(name)
    }
}
