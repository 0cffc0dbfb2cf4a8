//! The network that a socket serves, as the BootSet of the moment has it.

use arc_swap::ArcSwap;
use firstlight_boot::BootSet;
use firstlight_site::Network;
use std::sync::Arc;

/// Follows one network from generation to generation. A network is known again by its interface and address, which is
/// what its sockets are bound to; one that is not there any more stays as it last was.
#[derive(Debug)]
pub struct Here {
    boot: Arc<ArcSwap<BootSet>>,
    latest: ArcSwap<(u64, Arc<Network>)>,
}

impl Here {
    /// Follows this network of the BootSet.
    pub fn new(boot: Arc<ArcSwap<BootSet>>, network: Network) -> Here {
        let latest = ArcSwap::from_pointee((boot.load().generation, Arc::new(network)));
        Here { boot, latest }
    }

    /// The network as it is now.
    pub fn network(&self) -> Arc<Network> {
        let (set, latest) = (self.boot.load(), self.latest.load());
        if latest.0 == set.generation {
            return latest.1.clone();
        }
        let same = |now: &&Network| now.address == latest.1.address && now.interface == latest.1.interface;
        let found = set.site.networks.iter().find(same).map_or_else(|| latest.1.clone(), |now| Arc::new(now.clone()));
        self.latest.store(Arc::new((set.generation, found.clone())));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeMap, fs};

    fn set(generation: u64, network: &str) -> BootSet {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("site.hcl"), network).unwrap();
        let site = firstlight_site::load(dir.path()).unwrap().site;
        BootSet::new(site, BTreeMap::new(), BTreeMap::new(), generation)
    }

    #[test]
    fn it_follows_its_network_under_another_name_and_keeps_one_that_is_gone() {
        let named = |name: &str, interface: &str| {
            format!("network \"{name}\" {{\n  interface = \"{interface}\"\n  subnet = \"10.20.0.0/24\"\n}}\n")
        };
        let boot = Arc::new(ArcSwap::from_pointee(set(1, &named("boot", "eth1"))));
        let first = boot.load().site.networks[0].clone();
        let here = Here::new(boot.clone(), first);
        assert_eq!(here.network().name, "boot");
        boot.store(set(2, &named("machines", "eth1")).into());
        assert_eq!(here.network().name, "machines");
        boot.store(set(3, &named("other", "eth2")).into());
        assert_eq!(here.network().name, "machines");
    }
}
