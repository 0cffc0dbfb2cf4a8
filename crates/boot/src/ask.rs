//! Who asks: what a boot client has said of itself so far.

use firstlight_model::{Firmware, Mac, Uuid};
use firstlight_site::Machine;
use std::fmt;

/// What a client has said of itself. The same for DHCP, TFTP and HTTP, so that one decision serves all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Its hardware address.
    pub mac: Mac,
    /// Its system UUID: DHCP option 97 or iPXE's `${uuid}`.
    pub uuid: Option<Uuid>,
    /// Its serial number: iPXE's `${serial}`. DHCP does not carry it.
    pub serial: Option<String>,
    /// What is speaking.
    pub client: Client,
}

impl Ask {
    /// What a declared machine would say of itself, as far as the site knows. One that is not known by its hardware
    /// address has the one of nobody.
    pub fn of(machine: &Machine) -> Ask {
        let mac = machine.mac.unwrap_or(Mac([0; 6]));
        Ask { mac, uuid: machine.uuid, serial: machine.serial.clone(), client: Client::Ipxe(None) }
    }
}

/// What is speaking: the same machine asks as each of these, one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// A PXE ROM (vendor class `PXEClient`): wants a loader by TFTP.
    Pxe(Firmware),
    /// A UEFI HTTP boot client (vendor class `HTTPClient`): wants a loader by URL.
    HttpBoot(Firmware),
    /// iPXE (user class `iPXE` or option 175): wants its script, and never a loader again.
    Ipxe(Option<Firmware>),
    /// GRUB, which has come by a loader of ours: wants its script. It never asks by DHCP.
    Grub(Option<Firmware>),
    /// An operating system or anything else that only wants an address.
    Other,
}

impl Client {
    /// True for everything that boots through us.
    pub fn boots(self) -> bool {
        self != Client::Other
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Client::Pxe(firmware) => write!(f, "{firmware}"),
            Client::HttpBoot(firmware) => write!(f, "{firmware}"),
            Client::Ipxe(Some(firmware)) => write!(f, "iPXE ({firmware})"),
            Client::Ipxe(None) => f.write_str("iPXE"),
            Client::Grub(Some(firmware)) => write!(f, "GRUB ({firmware})"),
            Client::Grub(None) => f.write_str("GRUB"),
            Client::Other => f.write_str("OS"),
        }
    }
}
