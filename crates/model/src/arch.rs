//! What a boot client is: its processor, and by which path its firmware boots from the network.

use crate::Invalid;
use std::{fmt, str::FromStr};

/// A processor architecture, by Debian's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Arch {
    /// 32-bit x86.
    I386,
    /// x86-64.
    Amd64,
    /// 64-bit Arm.
    Arm64,
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Arch::I386 => "i386",
            Arch::Amd64 => "amd64",
            Arch::Arm64 => "arm64",
        })
    }
}

impl FromStr for Arch {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            "i386" | "x86" => Ok(Arch::I386),
            "amd64" | "x86_64" | "x86-64" => Ok(Arch::Amd64),
            "arm64" | "aarch64" => Ok(Arch::Arm64),
            _ => Err(Invalid(format!("`{text}` is not an architecture known here; expected i386, amd64 or arm64"))),
        }
    }
}

crate::serde_as_text!(Arch);

/// What a firmware says of itself in DHCP option 93 (RFC 4578 section 2.1; IANA "Processor Architecture Types").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Firmware {
    /// Type 0: a PC BIOS with a PXE ROM.
    Bios,
    /// Type 6: UEFI on 32-bit x86, PXE.
    UefiI386,
    /// Types 7 and 9: UEFI on x86-64, PXE.
    UefiAmd64,
    /// Type 11: UEFI on 64-bit Arm, PXE.
    UefiArm64,
    /// Type 16: UEFI on x86-64, HTTP boot.
    UefiAmd64Http,
    /// Type 19: UEFI on 64-bit Arm, HTTP boot.
    UefiArm64Http,
    /// Any other type.
    Other(u16),
}

impl Firmware {
    /// Reads the number that option 93 carries.
    pub fn from_option(number: u16) -> Self {
        match number {
            0 => Firmware::Bios,
            6 => Firmware::UefiI386,
            7 | 9 => Firmware::UefiAmd64,
            11 => Firmware::UefiArm64,
            16 => Firmware::UefiAmd64Http,
            19 => Firmware::UefiArm64Http,
            other => Firmware::Other(other),
        }
    }

    /// iPXE's own words for what it runs on, `${platform}-${buildarch}`: `pcbios-i386`, `efi-x86_64`.
    /// `None` where it has none.
    pub fn ipxe_name(self) -> Option<&'static str> {
        match self {
            Firmware::Bios => Some("pcbios-i386"),
            Firmware::UefiI386 => Some("efi-i386"),
            Firmware::UefiAmd64 | Firmware::UefiAmd64Http => Some("efi-x86_64"),
            Firmware::UefiArm64 | Firmware::UefiArm64Http => Some("efi-arm64"),
            Firmware::Other(_) => None,
        }
    }

    /// Reads iPXE's words. Which build of iPXE runs on a BIOS says nothing of the processor.
    pub fn from_ipxe_name(name: &str) -> Option<Self> {
        match name.split_once('-')? {
            ("pcbios", _) => Some(Firmware::Bios),
            ("efi", "i386") => Some(Firmware::UefiI386),
            ("efi", "x86_64") => Some(Firmware::UefiAmd64),
            ("efi", "arm64") => Some(Firmware::UefiArm64),
            _ => None,
        }
    }

    /// True where the firmware itself fetches over HTTP and wants a full URL (UEFI 2.5 section 23.7), by IANA's list.
    pub fn is_http(self) -> bool {
        match self {
            Firmware::UefiAmd64Http | Firmware::UefiArm64Http => true,
            Firmware::Other(number) => {
                matches!(number, 15 | 17 | 18 | 20 | 23 | 24 | 26 | 28 | 30 | 38 | 40)
            }
            _ => false,
        }
    }

    /// True for UEFI firmware, as far as the number tells.
    pub fn is_uefi(self) -> bool {
        match self {
            Firmware::Bios => false,
            Firmware::Other(number) => !matches!(number, 1 | 3..=5 | 12..=14 | 20..=24 | 31 | 32),
            _ => true,
        }
    }

    /// The processor behind it; `None` where the number says nothing known here.
    /// A BIOS client is taken for x86-64: the number 0 does not tell.
    pub fn arch(self) -> Option<Arch> {
        match self {
            Firmware::UefiI386 => Some(Arch::I386),
            Firmware::Bios | Firmware::UefiAmd64 | Firmware::UefiAmd64Http => Some(Arch::Amd64),
            // 22 and 24: U-Boot on 64-bit Arm, by TFTP and by HTTP.
            Firmware::UefiArm64 | Firmware::UefiArm64Http | Firmware::Other(22 | 24) => Some(Arch::Arm64),
            Firmware::Other(_) => None,
        }
    }
}

impl fmt::Display for Firmware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Firmware::Bios => f.write_str("BIOS"),
            Firmware::UefiI386 => f.write_str("UEFI i386"),
            Firmware::UefiAmd64 => f.write_str("UEFI amd64"),
            Firmware::UefiArm64 => f.write_str("UEFI arm64"),
            Firmware::UefiAmd64Http => f.write_str("UEFI amd64 HTTP"),
            Firmware::UefiArm64Http => f.write_str("UEFI arm64 HTTP"),
            Firmware::Other(number) => write!(f, "firmware type {number}"),
        }
    }
}
