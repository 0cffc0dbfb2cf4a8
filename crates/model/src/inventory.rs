//! What a machine says that it is made of. It is a stranger's word: each text is short and has nothing in it that moves a
//! terminal's cursor, and each list is bounded. Keys that are not known here are passed over, so that a newer system can
//! tell an older server.

use crate::{Arch, ByteSize, Invalid, Mac, Uuid};
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use std::{fmt, str::FromStr};

/// The longest text, in characters.
pub const SAID_LIMIT: usize = 128;

/// The longest list.
pub const PARTS_LIMIT: usize = 128;

/// A machine's parts. What it could not find out is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Inventory {
    /// Who made it, as the firmware has it (SMBIOS type 1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<Said>,
    /// What they call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<Said>,
    /// Its serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<Said>,
    /// Its UUID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uuid: Option<Uuid>,
    /// Its processor architecture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arch: Option<Arch>,
    /// How its system was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firmware: Option<BootedBy>,
    /// Whether UEFI enforces Secure Boot. Left out where there is no UEFI to ask, or it cannot be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secure_boot: Option<bool>,
    /// How many processors the system runs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpus: Option<u32>,
    /// What they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<Said>,
    /// Its memory in bytes, as far as the system may use it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// Its disks.
    #[serde(deserialize_with = "bounded", skip_serializing_if = "Vec::is_empty")]
    pub disks: Vec<Disk>,
    /// Its network cards.
    #[serde(deserialize_with = "bounded", skip_serializing_if = "Vec::is_empty")]
    pub nics: Vec<Nic>,
}

/// By which kind of firmware a system was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BootedBy {
    /// A PC BIOS.
    Bios,
    /// UEFI.
    Uefi,
}

/// A disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// The system's name for it: `sda`, `nvme0n1`.
    pub name: Said,
    /// Its size in bytes.
    #[serde(default)]
    pub size: u64,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Said>,
    /// Its serial number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<Said>,
    /// Whether it turns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotational: Option<bool>,
}

/// A network card's port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nic {
    /// The system's name for it: `eth0`.
    pub name: Said,
    /// Its hardware address.
    pub mac: Mac,
    /// Whether it has a link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<bool>,
    /// The system's driver for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<Said>,
}

/// A short text without control characters, nor those that turn the direction of a line or hide in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said(String);

impl Said {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads a text as it is, but for what must reach no terminal, which becomes spaces; firmware pads with those.
impl FromStr for Said {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let text: String = text.chars().map(|c| if is_unsafe(c) { ' ' } else { c }).collect();
        let text = text.trim();
        match text.chars().count() {
            0..=SAID_LIMIT => Ok(Said(text.to_owned())),
            length => Err(Invalid(format!("a text has {length} characters; at most {SAID_LIMIT} are taken"))),
        }
    }
}

crate::serde_as_text!(Said);

/// Control characters; and of Unicode's formats, those that are invisible or turn a line's direction.
fn is_unsafe(c: char) -> bool {
    let format = matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}');
    c.is_control() || format || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

fn bounded<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let parts = Vec::<T>::deserialize(deserializer)?;
    match parts.len() {
        0..=PARTS_LIMIT => Ok(parts),
        count => Err(D::Error::custom(format_args!("a list has {count} parts; at most {PARTS_LIMIT} are taken"))),
    }
}

impl Inventory {
    /// What it is in a line: `QEMU Standard PC, 2 processors, 476 MiB, 1 disk (vda 64 MiB), 1 network card`.
    pub fn summary(&self) -> String {
        let made = [&self.vendor, &self.product].into_iter().flatten().map(Said::as_str).collect::<Vec<_>>().join(" ");
        let parts = [
            (!made.is_empty()).then_some(made),
            self.cpus.map(|n| count(n as usize, "processor")),
            self.memory.map(|bytes| ByteSize(bytes).to_string()),
            Some(self.disks_in_words()),
            Some(count(self.nics.len(), "network card")),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    fn disks_in_words(&self) -> String {
        let named: Vec<_> = self.disks.iter().map(|disk| format!("{} {}", disk.name, ByteSize(disk.size))).collect();
        match named.is_empty() {
            true => "no disk".to_owned(),
            false => format!("{} ({})", count(named.len(), "disk"), named.join(", ")),
        }
    }
}

fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_move_a_cursor_becomes_a_space_and_padding_goes() {
        let said = |text: &str| text.parse::<Said>().unwrap().to_string();
        assert_eq!(said("  QEMU\u{1b}[2J\r\nHARDDISK   "), "QEMU [2J  HARDDISK");
        assert_eq!(said("A\u{202e}B\u{9b}C\u{feff}"), "A B C");
        assert_eq!(said("Größe 1″"), "Größe 1″");
    }

    #[test]
    fn a_text_that_is_too_long_is_refused() {
        assert!("x".repeat(SAID_LIMIT).parse::<Said>().is_ok());
        let error = "x".repeat(SAID_LIMIT + 1).parse::<Said>().unwrap_err();
        assert_eq!(error.to_string(), "a text has 129 characters; at most 128 are taken");
    }

    #[test]
    fn a_machine_in_a_line() {
        let said = |text: &str| text.parse::<Said>().ok();
        let disk = |name: &str, size| Disk {
            name: said(name).unwrap(),
            size,
            model: None,
            serial: None,
            rotational: Some(false),
        };
        assert_eq!(Inventory::default().summary(), "no disk, 0 network cards");
        let machine = Inventory {
            vendor: said("QEMU"),
            product: said("Standard PC"),
            cpus: Some(2),
            memory: Some(512 << 20),
            disks: vec![disk("vda", 64 << 20), disk("vdb", 1 << 30)],
            ..Inventory::default()
        };
        assert_eq!(
            machine.summary(),
            "QEMU Standard PC, 2 processors, 512 MiB, 2 disks (vda 64 MiB, vdb 1 GiB), 0 network cards"
        );
    }
}
