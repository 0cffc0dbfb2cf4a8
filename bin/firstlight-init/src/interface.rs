//! Which Ethernet interface to use: the one that the machine booted from where the loader says so (`BOOTIF`), else the
//! first, by name, that has a link.

use crate::{hardware::driver, netlink};
use firstlight_model::Mac;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// An Ethernet interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Interface {
    /// The kernel's name for it.
    pub(crate) name: String,
    /// The kernel's number for it.
    pub(crate) index: u32,
    /// Its hardware address.
    pub(crate) mac: Mac,
    folder: PathBuf,
}

/// Where the kernel lists them.
const LIST: &str = "/sys/class/net";

impl Interface {
    /// The interfaces of real (or virtual) hardware, by name.
    pub(crate) fn all() -> Vec<Interface> {
        let entries = fs::read_dir(LIST).into_iter().flatten().flatten();
        let mut found: Vec<_> = entries.filter_map(|entry| Interface::read(entry.path())).collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }

    /// `None` for what is not Ethernet (type 1), and for bridges and the like, which have no device below them.
    fn read(folder: PathBuf) -> Option<Interface> {
        let text = |file: &str| Some(fs::read_to_string(folder.join(file)).ok()?.trim().to_owned());
        let is_hardware = text("type")? == "1" && Path::new(&folder.join("device")).exists();
        let (index, mac) = (text("ifindex")?.parse().ok()?, text("address")?.parse().ok()?);
        let name = folder.file_name()?.to_str()?.to_owned();
        is_hardware.then_some(Interface { name, index, mac, folder })
    }

    /// Brings it up; without that it has no link.
    pub(crate) fn set_up(&self) -> Result<(), String> {
        netlink::set_up(self.index).map_err(|cause| format!("cannot bring {} up: {cause}", self.name))
    }

    /// What drives it, by the kernel's name: `virtio_net`.
    pub(crate) fn driver(&self) -> Option<String> {
        driver(&self.folder.join("device"))
    }

    /// True when there is a link.
    pub(crate) fn has_carrier(&self) -> bool {
        fs::read_to_string(self.folder.join("carrier")).is_ok_and(|text| text.trim() == "1")
    }
}

/// The one to use, among those that there are now.
///
/// # Errors
/// What is missing, in words for the console.
pub(crate) fn choose(interfaces: Vec<Interface>, booted_from: Option<Mac>) -> Result<Interface, String> {
    if interfaces.is_empty() {
        return Err("no Ethernet interface yet; is its driver in the initrd?".into());
    }
    let names = interfaces.iter().map(|i| format!("{} {}", i.name, i.mac)).collect::<Vec<_>>().join(", ");
    let mut candidates = interfaces.into_iter().filter(|i| booted_from.is_none_or(|mac| i.mac == mac)).peekable();
    if let (None, Some(mac)) = (candidates.peek(), booted_from) {
        return Err(format!("no interface has BOOTIF's address {mac}; there are {names}"));
    }
    candidates.find(Interface::has_carrier).ok_or_else(|| format!("no link yet on {names}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(dir: &Path, number: u8, carrier: &str) -> Interface {
        let folder = dir.join(number.to_string());
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("carrier"), carrier).unwrap();
        Interface { name: format!("eth{number}"), index: u32::from(number), mac: Mac([2, 0, 0, 0, 0, number]), folder }
    }

    #[test]
    fn bootif_decides_else_the_first_link() {
        let dir = std::env::temp_dir().join(format!("firstlight-init-test-{}", std::process::id()));
        fs::create_dir(&dir).unwrap();
        let all: Vec<_> = [(0, "0\n"), (1, "1\n"), (2, "1\n")].map(|(n, carrier)| interface(&dir, n, carrier)).into();
        assert_eq!(choose(all.clone(), None).unwrap().name, "eth1");
        assert_eq!(choose(all.clone(), Some(all[2].mac)).unwrap().name, "eth2");
        assert!(choose(all.clone(), Some(all[0].mac)).unwrap_err().contains("no link yet"));
        assert!(choose(all, Some(Mac([2; 6]))).unwrap_err().contains("BOOTIF"));
        assert!(choose(vec![], None).unwrap_err().contains("driver"));
        fs::remove_dir_all(dir).unwrap();
    }
}
