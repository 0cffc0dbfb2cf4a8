//! The layout of what is served over HTTP, in one place: made here, and taken apart by the server's routes. GRUB has
//! its part of it by TFTP as well, under the same names.
//!
//! | path | what |
//! |---|---|
//! | `/boot.ipxe?mac=…` | the boot script for a machine, in iPXE's language |
//! | `/boot.grub?mac=…` | the same in GRUB's |
//! | `/grub/grub.cfg` | what leads GRUB to it |
//! | `/b/TOKEN/NAME` | an asset of the attempt that the token belongs to |
//! | `/c/TOKEN/NAME` | a config rendered for it |
//! | `/r/TOKEN` | its report that it is up |
//! | `/r/TOKEN/inventory` | what it is made of |
//! | `/r/TOKEN/parked` | whether it still only waits |
//! | `/loader/FILE` | a network boot program, and what it fetches from beside itself |
//! | `/asset/NAME` | any asset, by name |

use crate::{Ask, Choice, Client};
use std::{fmt, net::Ipv4Addr};

/// What ties a script, the fetches that follow from it and the report at the end to one attempt to boot.
/// 128 random bits in hex, made by the server when it serves a script. It names the attempt; it is not a secret that
/// protects anything but the attempt's own record.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Token(String);

impl Token {
    /// A token of these random bits.
    pub fn new(bits: u128) -> Self {
        Token(format!("{bits:032x}"))
    }

    /// What `explain` shows in place of a real one.
    pub fn placeholder() -> Self {
        Token("TOKEN".to_owned())
    }

    /// In place of one where there is no attempt: what it would be in is not defined then.
    pub(crate) fn of_no_attempt() -> Self {
        Token(String::new())
    }

    /// True for one that belongs to an attempt, or shows how one would look.
    pub(crate) fn is_of_attempt(&self) -> bool {
        !self.0.is_empty()
    }

    /// Reads a token from a URL: 32 hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        let valid = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
        valid.then(|| Token(text.to_ascii_lowercase()))
    }

    /// The text that stands in URLs.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Makes the URLs that a machine on one network is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Urls {
    /// The server's address as that network sees it.
    pub address: Ipv4Addr,
    /// The HTTP port.
    pub port: u16,
}

impl Urls {
    /// `http://10.20.0.1:8080`, without the port where it is 80: some firmware refuses a URL that names it.
    pub fn base(&self) -> String {
        match self.port {
            80 => format!("http://{}", self.address),
            port => format!("http://{}:{port}", self.address),
        }
    }

    /// Where a machine gets its script.
    pub fn script(&self, ask: &Ask, choice: Option<&Choice>) -> String {
        format!("{}/boot.ipxe?{}", self.base(), query(ask, choice))
    }

    /// The same, for a link within a script of ours: the answer is then always a script.
    pub fn script_again(&self, ask: &Ask, choice: Option<&Choice>) -> String {
        format!("{}&again=1", self.script(ask, choice))
    }

    /// Where a machine gets its script, with iPXE settings in place of values: iPXE fills them in before it asks.
    pub fn script_by_ipxe(&self) -> String {
        format!(
            "{}/boot.ipxe?mac=${{net0/mac}}&uuid=${{uuid}}&serial=${{serial:uristring}}&firmware=${{platform}}-${{buildarch}}&again=1",
            self.base()
        )
    }

    /// An asset of an attempt.
    pub fn asset(&self, token: &Token, name: &str) -> String {
        format!("{}/b/{}/{}", self.base(), token.as_str(), escape(name))
    }

    /// A config of an attempt.
    pub fn config(&self, token: &Token, name: &str) -> String {
        format!("{}/c/{}/{}", self.base(), token.as_str(), escape(name))
    }

    /// What the configs of an attempt are below of, with a slash at its end: cloud-init's seed.
    pub fn configs(&self, token: &Token) -> String {
        format!("{}/c/{}/", self.base(), token.as_str())
    }

    /// Where the machine reports that it is up.
    pub fn report(&self, token: &Token) -> String {
        format!("{}/r/{}", self.base(), token.as_str())
    }

    /// Where the machine tells what it is made of.
    pub fn inventory(&self, token: &Token) -> String {
        format!("{}/inventory", self.report(token))
    }

    /// Where a machine that waits asks whether it still should.
    pub fn parked(&self, token: &Token) -> String {
        format!("{}/parked", self.report(token))
    }

    /// A network boot program, or a file beside it: `snponly.efi`, `uboot/boot.scr.uimg`.
    pub fn loader(&self, file: &str) -> String {
        let parts: Vec<String> = file.split('/').map(escape).collect();
        format!("{}/loader/{}", self.base(), parts.join("/"))
    }
}

/// Where GRUB gets its script: a file on the server that it was itself loaded from, by TFTP or by HTTP.
pub(crate) fn grub_script(ask: &Ask, choice: Option<&Choice>) -> String {
    format!("/boot.grub?{}", query(ask, choice))
}

/// The same with GRUB's variables in place of values: GRUB fills them in.
pub(crate) const SCRIPT_BY_GRUB: &str =
    "/boot.grub?mac=$net_default_mac&uuid=$uuid&serial=$serial&firmware=$grub_platform-$grub_cpu";

/// An asset of an attempt, as a file on that server.
pub(crate) fn grub_asset(token: &Token, name: &str) -> String {
    format!("/b/{}/{}", token.as_str(), escape(name))
}

/// What a machine has said of itself, and what was chosen for it.
fn query(ask: &Ask, choice: Option<&Choice>) -> String {
    let mut query = format!("mac={}", ask.mac);
    if let Some(uuid) = ask.uuid {
        query.push_str(&format!("&uuid={uuid}"));
    }
    if let Some(serial) = ask.serial.as_deref() {
        query.push_str(&format!("&serial={}", escape(serial)));
    }
    if let Client::Ipxe(Some(firmware)) | Client::Grub(Some(firmware)) = ask.client
        && let Some(name) = firmware.ipxe_name()
    {
        query.push_str(&format!("&firmware={name}"));
    }
    match choice {
        Some(Choice::Profile(name)) => query.push_str(&format!("&profile={}", escape(name))),
        Some(Choice::Class(name)) => query.push_str(&format!("&class={}", escape(name))),
        None => {}
    }
    query
}

/// Percent-encodes all but RFC 3986's unreserved characters.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => escaped.push(byte as char),
            other => escaped.push_str(&format!("%{other:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_80_is_left_out() {
        let address = Ipv4Addr::new(10, 20, 0, 1);
        assert_eq!(Urls { address, port: 80 }.loader("ipxe.efi"), "http://10.20.0.1/loader/ipxe.efi");
        assert_eq!(Urls { address, port: 8080 }.loader("a/b c"), "http://10.20.0.1:8080/loader/a/b%20c");
    }

    #[test]
    fn a_token_is_32_hex_digits_and_is_never_printed() {
        let token = Token::new(10);
        assert_eq!(Token::parse(token.as_str()), Some(token.clone()));
        assert_eq!(Token::parse("../../etc/passwd"), None);
        assert!(!format!("{token:?}").contains(token.as_str()));
    }
}
