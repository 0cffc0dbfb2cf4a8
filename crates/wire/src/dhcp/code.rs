//! The names of option codes (IANA "BOOTP Vendor Extensions and DHCP Options").

use std::fmt;

/// An option's code. The codes that are used by name are constants; any other number is as good a code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(pub u8);

macro_rules! codes {
    ($($constant:ident = $number:literal, $name:literal;)*) => {
        impl Code {
            $(#[doc = concat!("Option ", $number, ": ", $name, ".")]
            pub const $constant: Code = Code($number);)*

            /// What people call the option; `None` for a code that has no name here.
            pub fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($number => Some($name),)*
                    _ => None,
                }
            }
        }
    };
}

codes! {
    PAD = 0, "pad";
    SUBNET_MASK = 1, "subnet mask";
    TIME_OFFSET = 2, "time offset";
    ROUTER = 3, "routers";
    TIME_SERVER = 4, "time servers";
    DNS = 6, "DNS servers";
    LOG_SERVER = 7, "log servers";
    HOST_NAME = 12, "host name";
    BOOT_FILE_SIZE = 13, "boot file size";
    DOMAIN = 15, "domain name";
    ROOT_PATH = 17, "root path";
    EXTENSIONS_PATH = 18, "extensions path";
    DEFAULT_TTL = 23, "default IP time to live";
    MTU = 26, "interface MTU";
    BROADCAST = 28, "broadcast address";
    ROUTER_DISCOVERY = 31, "router discovery";
    STATIC_ROUTES = 33, "static routes";
    NTP = 42, "NTP servers";
    VENDOR = 43, "vendor-specific information";
    NETBIOS_NAME_SERVERS = 44, "NetBIOS name servers";
    NETBIOS_NODE_TYPE = 46, "NetBIOS node type";
    NETBIOS_SCOPE = 47, "NetBIOS scope";
    REQUESTED_ADDRESS = 50, "requested address";
    LEASE_TIME = 51, "lease time";
    OVERLOAD = 52, "option overload";
    MESSAGE_TYPE = 53, "message type";
    SERVER_ID = 54, "server identifier";
    PARAMETERS = 55, "parameter request list";
    MESSAGE = 56, "message";
    MAX_SIZE = 57, "maximum message size";
    RENEWAL_TIME = 58, "renewal time";
    REBINDING_TIME = 59, "rebinding time";
    VENDOR_CLASS = 60, "vendor class";
    CLIENT_ID = 61, "client identifier";
    TFTP_SERVER_NAME = 66, "TFTP server name";
    BOOT_FILE = 67, "boot file name";
    USER_CLASS = 77, "user class";
    RAPID_COMMIT = 80, "rapid commit";
    CLIENT_FQDN = 81, "client FQDN";
    RELAY_AGENT = 82, "relay agent information";
    CLIENT_ARCH = 93, "client architecture";
    CLIENT_NDI = 94, "client network interface";
    CLIENT_UUID = 97, "client UUID";
    IPV6_ONLY = 108, "IPv6-only preferred";
    CAPTIVE_PORTAL = 114, "captive portal";
    AUTO_CONFIGURE = 116, "auto-configure";
    SUBNET_SELECTION = 118, "subnet selection";
    DOMAIN_SEARCH = 119, "domain search list";
    CLASSLESS_ROUTES = 121, "classless static routes";
    VIVC = 124, "vendor-identifying vendor class";
    VIVSO = 125, "vendor-identifying vendor options";
    TFTP_SERVER_ADDRESS = 150, "TFTP server addresses";
    IPXE = 175, "iPXE options";
    PXELINUX_CONFIG = 209, "PXELINUX config file";
    PXELINUX_PREFIX = 210, "PXELINUX path prefix";
    PXELINUX_REBOOT = 211, "PXELINUX reboot time";
    WPAD = 252, "web proxy auto-discovery";
    END = 255, "end";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} ({})", self.0),
            None => write!(f, "option {}", self.0),
        }
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Sub-options of option 43 when the vendor class is `PXEClient` (PXE 2.1 specification, table 2-1).
pub mod pxe {
    /// How the client finds its boot server: a bit set, 1 byte.
    pub const DISCOVERY_CONTROL: u8 = 6;
    /// In [`DISCOVERY_CONTROL`]: take the boot file of this very message, ask no boot server and show no menu.
    pub const USE_BOOT_FILE: u8 = 0b1000;
    /// Boot servers by type.
    pub const BOOT_SERVERS: u8 = 8;
    /// The menu's entries.
    pub const BOOT_MENU: u8 = 9;
    /// The menu's prompt and timeout.
    pub const MENU_PROMPT: u8 = 10;
    /// Which menu entry a client asks for on port 4011: type and layer, 2 bytes each.
    pub const BOOT_ITEM: u8 = 71;
}

/// Sub-options of option 175 (iPXE's `src/include/ipxe/dhcp.h`).
pub mod ipxe {
    /// 1 byte, 1: do not wait for a ProxyDHCP offer.
    pub const NO_PXEDHCP: u8 = 176;
    /// The network card's bus type, vendor and device: sent by the client.
    pub const BUS_ID: u8 = 177;
    /// The version of iPXE: sent by the client.
    pub const VERSION: u8 = 235;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_shows_its_name_and_number() {
        assert_eq!(Code::CLIENT_ARCH.to_string(), "client architecture (93)");
        assert_eq!(Code(224).to_string(), "option 224");
    }
}
