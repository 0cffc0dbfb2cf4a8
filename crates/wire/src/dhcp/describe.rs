//! Options in words: what a firmware asked and what it was told, as a person reads it in a timeline.
//!
//! Values come from the network: texts are shown escaped, and what does not read as its option should is shown as hex.

use super::{Code, MessageType, Options, SubOptions, ipxe, pxe};
use firstlight_model::{Firmware, Ipv4Net, Mac, Uuid, format_duration};
use std::{net::Ipv4Addr, time::Duration};

/// Bytes of a value that are shown; what is longer says how long it is.
const SHOWN: usize = 256;

/// How an option's value reads.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Addresses,
    Seconds,
    Number,
    MessageType,
    Codes,
    Architectures,
    Interface,
    Uuid,
    ClientId,
    UserClasses,
    Domains,
    Routes,
    Inside(fn(u8) -> Option<&'static str>),
    Hex,
}

fn kind(code: Code) -> Kind {
    match code {
        Code::SUBNET_MASK | Code::ROUTER | Code::TIME_SERVER | Code::DNS | Code::LOG_SERVER => Kind::Addresses,
        Code::BROADCAST | Code::NTP | Code::REQUESTED_ADDRESS | Code::SERVER_ID => Kind::Addresses,
        Code::TFTP_SERVER_ADDRESS | Code::NETBIOS_NAME_SERVERS => Kind::Addresses,
        Code::HOST_NAME | Code::DOMAIN | Code::ROOT_PATH | Code::EXTENSIONS_PATH | Code::MESSAGE => Kind::Text,
        Code::VENDOR_CLASS | Code::TFTP_SERVER_NAME | Code::BOOT_FILE | Code::CAPTIVE_PORTAL | Code::WPAD => Kind::Text,
        Code::PXELINUX_CONFIG | Code::PXELINUX_PREFIX => Kind::Text,
        Code::LEASE_TIME | Code::RENEWAL_TIME | Code::REBINDING_TIME => Kind::Seconds,
        Code::MTU | Code::MAX_SIZE | Code::BOOT_FILE_SIZE | Code::DEFAULT_TTL => Kind::Number,
        Code::MESSAGE_TYPE => Kind::MessageType,
        Code::PARAMETERS => Kind::Codes,
        Code::CLIENT_ARCH => Kind::Architectures,
        Code::CLIENT_NDI => Kind::Interface,
        Code::CLIENT_UUID => Kind::Uuid,
        Code::CLIENT_ID => Kind::ClientId,
        Code::USER_CLASS => Kind::UserClasses,
        Code::DOMAIN_SEARCH => Kind::Domains,
        Code::CLASSLESS_ROUTES => Kind::Routes,
        Code::VENDOR => Kind::Inside(pxe_name),
        Code::IPXE => Kind::Inside(ipxe_name),
        Code::RELAY_AGENT => Kind::Inside(relay_name),
        _ => Kind::Hex,
    }
}

impl Options {
    /// Each option with its value in words, in order.
    pub fn described(&self) -> impl Iterator<Item = (Code, String)> {
        self.iter().map(|(code, value)| (code, self.value_in_words(code, value)))
    }

    fn value_in_words(&self, code: Code, value: &[u8]) -> String {
        let words = match kind(code) {
            Kind::Text => text(value),
            Kind::Addresses => whole(value.len(), 4).then(|| list(self.addresses(code))),
            Kind::Seconds => self.u32(code).map(seconds),
            Kind::Number => number(value),
            Kind::MessageType => value.first().and_then(|kind| MessageType::from_number(*kind)).map(|k| k.to_string()),
            Kind::Codes => Some(list(self.requested())),
            Kind::Architectures => whole(value.len(), 2).then(|| list(self.architectures().map(architecture))),
            Kind::Interface => interface(value),
            Kind::Uuid => Uuid::from_option_97(value).map(|uuid| uuid.to_string()),
            Kind::ClientId => client_id(value),
            Kind::UserClasses => Some(list(self.user_classes().into_iter().map(text_or_hex))),
            Kind::Domains => domains(value),
            Kind::Routes => routes(value),
            Kind::Inside(name) => Some(inside(SubOptions::new(value), name)).filter(|words| !words.is_empty()),
            Kind::Hex => None,
        };
        words.unwrap_or_else(|| hex(value))
    }
}

fn whole(length: usize, size: usize) -> bool {
    length > 0 && length % size == 0
}

fn list(items: impl Iterator<Item = impl ToString>) -> String {
    items.map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

/// A text without the NULs at its end; `None` where it is none.
fn text(value: &[u8]) -> Option<String> {
    let end = value.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let text = std::str::from_utf8(value.get(..end)?).ok()?;
    let shown: String = text.chars().take(SHOWN).collect();
    Some(shown.escape_debug().to_string())
}

fn text_or_hex(value: &[u8]) -> String {
    text(value).unwrap_or_else(|| hex(value))
}

fn hex(value: &[u8]) -> String {
    let digits: String = value.iter().take(SHOWN / 2).map(|byte| format!("{byte:02x}")).collect();
    match value.len() {
        0 => "empty".to_owned(),
        length if length > SHOWN / 2 => format!("{digits}… ({length} bytes)"),
        _ => digits,
    }
}

fn seconds(seconds: u32) -> String {
    match seconds {
        u32::MAX => "for ever".to_owned(),
        seconds => format_duration(Duration::from_secs(u64::from(seconds))),
    }
}

fn number(value: &[u8]) -> Option<String> {
    let fits = (1..=4).contains(&value.len());
    fits.then(|| value.iter().fold(0u32, |sum, byte| sum << 8 | u32::from(*byte)).to_string())
}

fn architecture(number: u16) -> String {
    format!("{} ({number})", Firmware::from_option(number))
}

/// RFC 4578 section 2.2: type 1 is UNDI, with its version.
fn interface(value: &[u8]) -> Option<String> {
    match value {
        [1, major, minor] => Some(format!("UNDI {major}.{minor}")),
        _ => None,
    }
}

/// RFC 2132 section 9.14: a hardware address behind its type, or anything.
fn client_id(value: &[u8]) -> Option<String> {
    match value {
        [1, mac @ ..] => Some(Mac(mac.try_into().ok()?).to_string()),
        _ => None,
    }
}

fn domains(value: &[u8]) -> Option<String> {
    let (mut names, mut name, mut rest) = (Vec::new(), Vec::new(), value);
    while let [length, more @ ..] = rest {
        // Compressed names (RFC 3397) are shown as they are.
        let (label, after) = more.split_at_checked(usize::from(*length))?;
        match length {
            0 => names.push(std::mem::take(&mut name).join(".")),
            1..=63 => name.push(text(label)?),
            _ => return None,
        }
        rest = after;
    }
    (!names.is_empty() && name.is_empty()).then(|| names.join(", "))
}

fn routes(value: &[u8]) -> Option<String> {
    let (mut routes, mut rest) = (Vec::new(), value);
    while let [prefix, more @ ..] = rest {
        let (significant, more) = more.split_at_checked(usize::from(prefix.div_ceil(8)))?;
        let (router, after) = more.split_first_chunk::<4>()?;
        let mut base = [0; 4];
        base.get_mut(..significant.len())?.copy_from_slice(significant);
        let network = Ipv4Net::containing(base.into(), *prefix)?;
        routes.push(format!("{network} via {}", Ipv4Addr::from(*router)));
        rest = after;
    }
    (!routes.is_empty()).then(|| routes.join(", "))
}

fn inside(options: SubOptions<'_>, name: fn(u8) -> Option<&'static str>) -> String {
    let named = |(code, value): (u8, &[u8])| match name(code) {
        Some(name) => format!("{name} {}", hex(value)),
        None => format!("{code} {}", hex(value)),
    };
    options.map(named).collect::<Vec<_>>().join(", ")
}

fn pxe_name(code: u8) -> Option<&'static str> {
    match code {
        pxe::DISCOVERY_CONTROL => Some("discovery control"),
        pxe::BOOT_SERVERS => Some("boot servers"),
        pxe::BOOT_MENU => Some("boot menu"),
        pxe::MENU_PROMPT => Some("menu prompt"),
        pxe::BOOT_ITEM => Some("boot item"),
        _ => None,
    }
}

fn ipxe_name(code: u8) -> Option<&'static str> {
    match code {
        ipxe::NO_PXEDHCP => Some("no ProxyDHCP"),
        ipxe::BUS_ID => Some("bus id"),
        ipxe::VERSION => Some("version"),
        _ => None,
    }
}

/// RFC 3046 section 2, RFC 3527.
fn relay_name(code: u8) -> Option<&'static str> {
    match code {
        1 => Some("circuit id"),
        2 => Some("remote id"),
        5 => Some("link selection"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(code: Code, value: &[u8]) -> String {
        let mut options = Options::new();
        options.put(code, value);
        options.described().map(|(_, words)| words).collect()
    }

    #[test]
    fn what_a_firmware_sends_reads_in_words() {
        assert_eq!(words(Code::CLIENT_ARCH, &[0, 7]), "UEFI amd64 (7)");
        assert_eq!(words(Code::CLIENT_NDI, &[1, 3, 16]), "UNDI 3.16");
        assert_eq!(words(Code::PARAMETERS, &[1, 67, 224]), "subnet mask (1), boot file name (67), option 224");
        assert_eq!(words(Code::CLIENT_ID, &[1, 0x52, 0x54, 0, 0, 0, 1]), "52:54:00:00:00:01");
        assert_eq!(words(Code::USER_CLASS, b"\x04iPXE"), "iPXE");
        assert_eq!(words(Code::IPXE, &[176, 1, 1, 235, 3, 1, 21, 1]), "no ProxyDHCP 01, version 011501");
        assert_eq!(words(Code::MAX_SIZE, &[5, 220]), "1500");
    }

    #[test]
    fn what_we_send_reads_in_words() {
        assert_eq!(words(Code::MESSAGE_TYPE, &[2]), "OFFER");
        assert_eq!(words(Code::LEASE_TIME, &43_200u32.to_be_bytes()), "12h");
        assert_eq!(words(Code::ROUTER, &[10, 20, 0, 1, 10, 20, 0, 2]), "10.20.0.1, 10.20.0.2");
        assert_eq!(words(Code::VENDOR, &[6, 1, 8, 255]), "discovery control 08");
        assert_eq!(words(Code::DOMAIN_SEARCH, b"\x03lab\x07example\0\x03eng\0"), "lab.example, eng");
        assert_eq!(words(Code::CLASSLESS_ROUTES, &[0, 10, 0, 0, 1]), "0.0.0.0/0 via 10.0.0.1");
    }

    #[test]
    fn what_is_not_as_it_should_be_is_shown_as_it_is() {
        assert_eq!(words(Code::ROUTER, &[10, 0, 0]), "0a0000");
        assert_eq!(words(Code::HOST_NAME, b"a\x1b[31m"), "a\\u{1b}[31m");
        assert_eq!(words(Code::HOST_NAME, &[0xff]), "ff");
        assert_eq!(words(Code::CLASSLESS_ROUTES, &[33, 1]), "2101");
        assert_eq!(words(Code::DOMAIN_SEARCH, &[0xc0, 1]), "c001");
        assert!(words(Code::WPAD, &[0xff; 1000]).ends_with("ff… (1000 bytes)"));
    }

    proptest::proptest! {
        #[test]
        fn no_value_is_too_odd_to_be_described(code: u8, value: Vec<u8>) {
            words(Code(code), &value);
        }
    }
}
