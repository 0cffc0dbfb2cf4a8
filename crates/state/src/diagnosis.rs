//! What a boot that came to a halt most likely waits for. Pure: from its events and the time.
//!
//! Each cause is one that a server can tell from what it saw and did not see. What only the machine's screen shows
//! is said to be there.

use crate::{Event, Protocol, Role, What};
use firstlight_model::Timestamp;
use serde::Serialize;
use std::time::Duration;

/// What DHCP calls a client that does not boot through us.
const OS: &str = "OS";

/// Why a boot does not go on, as far as it can be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// What was seen, and what was not.
    pub seen: String,
    /// What that usually means, and what to do.
    pub likely: String,
}

/// Looks at the events of one boot. `None` while it goes on, and where it came to its end. A boot is taken to have
/// halted when nothing came for as long as its step may take, or at once where `over`: another boot followed it.
pub fn diagnose(boot: &[Event], now: Timestamp, over: bool) -> Option<Diagnosis> {
    let facts = Facts::of(boot);
    if facts.ended {
        return None;
    }
    let (patience, seen, likely) = facts.halt()?;
    let quiet = now.since(boot.last()?.at);
    (over || quiet >= patience).then_some(Diagnosis { seen, likely })
}

/// What a boot's events come to.
#[derive(Default)]
struct Facts<'a> {
    /// It reported, fetched its config, or was parked.
    ended: bool,
    firmware: Speaker<'a>,
    ipxe: Speaker<'a>,
    refused_address: Option<&'a str>,
    loaders: usize,
    loader: &'a str,
    failed: Option<(Protocol, &'a str, &'a str)>,
    script: Option<&'a str>,
    kernel: bool,
    initrd: bool,
    refused_token: bool,
    /// What it was told to wait for, and what of that could not be fetched.
    waits: Option<(&'a [String], &'a [String])>,
}

/// What one stage of a boot did with DHCP.
#[derive(Default)]
struct Speaker<'a> {
    client: &'a str,
    offers: usize,
    proxied: usize,
    bound: bool,
    boot: Option<&'a str>,
}

impl<'a> Facts<'a> {
    fn of(boot: &'a [Event]) -> Self {
        let mut facts = Facts::default();
        boot.iter().for_each(|event| facts.take(&event.what));
        facts
    }

    fn take(&mut self, what: &'a What) {
        match what {
            What::DhcpOffered { client, boot, .. } => {
                self.speaker(client, boot).into_iter().for_each(|s| s.offers += 1)
            }
            What::DhcpProxied { client, boot, .. } => {
                self.speaker(client, boot).into_iter().for_each(|s| s.proxied += 1)
            }
            What::DhcpAcked { client, boot, .. } => self.speaker(client, boot).into_iter().for_each(|s| s.bound = true),
            What::DhcpNaked { reason, .. } => self.refused_address = Some(reason),
            What::Sent { role: Role::Loader, name, .. } => {
                (self.loaders, self.loader, self.failed) = (self.loaders + 1, name, None);
            }
            What::Sent { role, .. } => self.sent(*role),
            What::SendFailed { protocol, name, reason } => self.failed = Some((*protocol, name, reason)),
            What::Script { boots, .. } => {
                (self.script, self.failed, self.waits) = (Some(boots.as_str()), None, None);
            }
            What::Waits { assets, failures } => self.waits = Some((assets, failures)),
            What::Reported { .. } | What::Parked { .. } => self.ended = true,
            What::TokenRefused { .. } => self.refused_token = true,
            _ => {}
        }
    }

    /// The stage that speaks: the firmware or iPXE. A system's own DHCP tells nothing of the boot.
    fn speaker(&mut self, client: &'a str, boot: &'a Option<String>) -> Option<&mut Speaker<'a>> {
        let speaker = match client {
            OS => return None,
            client if client.starts_with("iPXE") => &mut self.ipxe,
            _ => &mut self.firmware,
        };
        (speaker.client, speaker.boot) = (client, boot.as_deref());
        Some(speaker)
    }

    fn sent(&mut self, role: Role) {
        self.failed = None;
        match role {
            Role::Kernel => self.kernel = true,
            Role::Initrd => self.initrd = true,
            Role::Config => self.ended = true,
            Role::Loader | Role::Autoexec | Role::Asset => {}
        }
    }

    /// Where it halted: how long that may take, what was seen, what it means. From the furthest step back.
    fn halt(&self) -> Option<(Duration, String, String)> {
        self.waiting().or_else(|| self.after_script()).or_else(|| self.in_ipxe()).or_else(|| self.in_firmware())
    }

    /// It asks again by itself, for as long as it waits.
    fn waiting(&self) -> Option<(Duration, String, String)> {
        match self.waits? {
            (assets, []) => halt(
                300,
                format!("it waits for {}, which is being fetched", assets.join(", ")),
                "its source is slow: `firstlight assets pull` fetches before machines ask",
            ),
            (_, failures) => halt(
                0,
                format!("it waits: {}", failures.join("; ")),
                "its sources cannot be reached from this server, or no longer have it; it is tried again by itself",
            ),
        }
    }

    fn after_script(&self) -> Option<(Duration, String, String)> {
        let boots = self.script?;
        if self.refused_token {
            return halt(0, "a report was refused", "the token it showed was not its attempt's own: see the refusal");
        }
        if let Some((protocol, name, reason)) = self.failed {
            return halt(20, format!("{name} broke off: {reason}"), broken_transfer(protocol, reason));
        }
        match (boots, self.kernel) {
            ("menu", false) => halt(300, "it is at the menu", "nobody chose, and the menu's default did not start"),
            (boots, false) if !boots.starts_with("profile ") => None,
            (_, false) => halt(
                60,
                "it has its script and fetched no kernel",
                "iPXE says why on the screen; often its memory is too small, or the script waits for a key",
            ),
            (_, true) => {
                let fetched = if self.initrd { "kernel and initrd" } else { "the kernel" };
                halt(
                    600,
                    format!("it fetched {fetched} whole and never reported"),
                    "the kernel stopped (see its console: wrong architecture, too little memory, no driver for its \
                     network card in the initrd), or what it boots does not report",
                )
            }
        }
    }

    fn in_ipxe(&self) -> Option<(Duration, String, String)> {
        let ipxe = &self.ipxe;
        if ipxe.bound || ipxe.proxied > 0 && ipxe.offers == 0 {
            return halt(
                30,
                "iPXE knows where its script is and never asked for it",
                "the HTTP port is closed on the way (firewall), or the server's address cannot be reached from there: \
                 run `firstlight doctor`",
            );
        }
        (ipxe.offers > 0).then(|| not_taken(ipxe))
    }

    fn in_firmware(&self) -> Option<(Duration, String, String)> {
        let firmware = &self.firmware;
        if self.loaders > 0 {
            return halt(
                60,
                format!("it fetched {} {} and the loader never spoke", self.loader, times(self.loaders)),
                "Secure Boot refuses a loader that is not signed (set `secure_boot`), it is for another architecture, \
                 or it finds no network card",
            );
        }
        if let Some((protocol, name, reason)) = self.failed {
            return halt(20, format!("{name} was not sent: {reason}"), broken_transfer(protocol, reason));
        }
        match (firmware.boot, firmware.bound, firmware.proxied, firmware.offers) {
            (None, true, ..) | (None, _, 1.., _) => halt(
                0,
                format!("{} asked what to boot, and there is no loader for it", firmware.client),
                "add a `loader` for this firmware, or install the package with it: `firstlight check` names it",
            ),
            (Some(boot), true, ..) => halt(
                30,
                format!("{} has its address and never asked for {boot}", firmware.client),
                "the way back is closed (a firewall before UDP port 69 or the HTTP port), or the firmware does not \
                 take this reply: run `firstlight doctor`",
            ),
            (_, false, proxied @ 1.., _) => halt(
                30,
                format!("{} asked DHCP {} and never for a file", firmware.client, times(proxied)),
                format!(
                    "it had no address from the other DHCP server, or its firmware ({}) ignored our ProxyDHCP reply",
                    firmware.client
                ),
            ),
            (_, false, 0, 1..) => Some(not_taken(firmware)),
            (_, false, 0, 0) => {
                let reason = self.refused_address?;
                halt(
                    60,
                    format!("its address was refused: {reason}"),
                    "it asks anew by itself, or keeps to another server",
                )
            }
        }
    }
}

fn halt(patience: u64, seen: impl Into<String>, likely: impl Into<String>) -> Option<(Duration, String, String)> {
    Some((Duration::from_secs(patience), seen.into(), likely.into()))
}

fn not_taken(speaker: &Speaker<'_>) -> (Duration, String, String) {
    (
        Duration::from_secs(30),
        format!("{} was offered an address {} and never took it", speaker.client, times(speaker.offers)),
        "another DHCP server's offer was taken instead (`firstlight doctor` finds it), or ours do not reach it: a switch \
         port that is still blocked by spanning tree, a VLAN, a relay that does not bring answers back"
            .to_owned(),
    )
}

fn broken_transfer(protocol: Protocol, reason: &str) -> &'static str {
    match protocol {
        _ if reason.contains("no such file") => {
            "this name is not served: another DHCP server told it, or a file is missing (`firstlight check`)"
        }
        _ if reason.contains("changed since") => "reload the site, so that the file is verified again",
        Protocol::Tftp => {
            "packets are lost on the way: a firewall that lets in port 69 but not the ports of the transfer, or an MTU \
             that is smaller somewhere between (`firstlight doctor`)"
        }
        Protocol::Http => "the machine or a firewall closed the connection: its screen says why",
    }
}

fn times(count: usize) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        count => format!("{count} times"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Hex;

    fn offered(client: &str, boot: Option<&str>) -> What {
        let boot = boot.map(str::to_owned);
        let (asked, sent) = Default::default();
        What::DhcpOffered { address: [10, 20, 0, 11].into(), client: client.to_owned(), boot, uuid: None, asked, sent }
    }

    fn acked(client: &str, boot: Option<&str>) -> What {
        let boot = boot.map(str::to_owned);
        What::DhcpAcked { address: [10, 20, 0, 11].into(), client: client.to_owned(), boot }
    }

    fn sent(role: Role) -> What {
        let name = "snponly.efi".to_owned();
        What::Sent { protocol: Protocol::Tftp, role, name, bytes: 1, ms: 1, resent: 0 }
    }

    fn script() -> What {
        What::Script {
            attempt: String::new(),
            asked: String::new(),
            from: None,
            boots: "profile small".to_owned(),
            profile: None,
            reasons: Vec::new(),
            text: String::new(),
        }
    }

    fn after(seconds: u64, whats: &[What]) -> Option<String> {
        let event = |what: &What| Event { at: Timestamp(1000), mac: None, machine: None, what: what.clone() };
        let boot: Vec<Event> = whats.iter().map(event).collect();
        diagnose(&boot, Timestamp(1000 + seconds * 1000), false).map(|diagnosis| diagnosis.seen)
    }

    #[test]
    fn each_halt_is_told_from_what_was_seen_last() {
        let uefi = |boot| [offered("UEFI amd64", boot), acked("UEFI amd64", boot)];
        let [offer, ack] = uefi(Some("snponly.efi"));
        let twice = after(40, &[offer.clone(), offer.clone()]);
        assert_eq!(twice.as_deref(), Some("UEFI amd64 was offered an address twice and never took it"));
        let no_tftp = after(40, &[offer.clone(), ack.clone()]);
        assert_eq!(no_tftp.as_deref(), Some("UEFI amd64 has its address and never asked for snponly.efi"));
        let no_loader = after(0, &uefi(None));
        assert_eq!(no_loader.as_deref(), Some("UEFI amd64 asked what to boot, and there is no loader for it"));
        let refused = after(90, &[ack.clone(), sent(Role::Loader), sent(Role::Loader)]);
        assert_eq!(refused.as_deref(), Some("it fetched snponly.efi twice and the loader never spoke"));
        let no_http = after(40, &[ack.clone(), sent(Role::Loader), acked("iPXE (UEFI amd64)", Some("http://x"))]);
        assert_eq!(no_http.as_deref(), Some("iPXE knows where its script is and never asked for it"));
        let no_kernel = after(90, &[ack.clone(), script()]);
        assert_eq!(no_kernel.as_deref(), Some("it has its script and fetched no kernel"));
        let no_report = after(700, &[ack, script(), sent(Role::Kernel), sent(Role::Initrd)]);
        assert_eq!(no_report.as_deref(), Some("it fetched kernel and initrd whole and never reported"));
    }

    #[test]
    fn a_proxy_reply_that_is_ignored_names_the_firmware() {
        let (asked, sent) = Default::default();
        let boot = Some("undionly.kpxe".to_owned());
        let proxied = What::DhcpProxied { client: "BIOS".to_owned(), boot, uuid: None, port: 67, asked, sent };
        let told = after(40, &[proxied.clone(), proxied.clone(), proxied]);
        assert_eq!(told.as_deref(), Some("BIOS asked DHCP 3 times and never for a file"));
        let (client, asked, sent) = ("UEFI arm64".to_owned(), Hex::default(), Hex::default());
        let silent = What::DhcpProxied { client, boot: None, uuid: None, port: 67, asked, sent };
        assert_eq!(
            after(1, &[silent]).as_deref(),
            Some("UEFI arm64 asked what to boot, and there is no loader for it")
        );
    }

    #[test]
    fn what_is_waited_for_counts_until_there_is_a_script() {
        let waits = |failures: &[&str]| What::Waits {
            assets: vec!["linux".to_owned()],
            failures: failures.iter().map(|why| (*why).to_owned()).collect(),
        };
        let ack = acked("iPXE (BIOS)", Some("http://x"));
        assert_eq!(after(20, &[ack.clone(), waits(&[])]), None);
        assert_eq!(after(400, &[ack.clone(), waits(&[])]).unwrap(), "it waits for linux, which is being fetched");
        let failed = after(1, &[ack.clone(), waits(&["linux cannot be fetched: no route"])]);
        assert_eq!(failed.as_deref(), Some("it waits: linux cannot be fetched: no route"));
        assert_eq!(after(20, &[ack, waits(&["x"]), script()]), None);
    }

    #[test]
    fn a_boot_that_goes_on_or_has_ended_is_left_alone() {
        let reported = What::Reported { attempt: String::new(), message: None };
        assert_eq!(after(5, &[acked("BIOS", Some("undionly.kpxe"))]), None);
        assert_eq!(after(9999, &[script(), sent(Role::Kernel), reported]), None);
        assert_eq!(after(9999, &[script(), What::Parked { reason: String::new() }]), None);
        assert_eq!(after(9999, &[acked("OS", None)]), None);
    }

    #[test]
    fn what_broke_off_counts_until_it_was_fetched_after_all() {
        let reason = "no such file".to_owned();
        let failed = What::SendFailed { protocol: Protocol::Tftp, name: "bootx64.efi".to_owned(), reason };
        let ack = acked("UEFI amd64", Some("snponly.efi"));
        let told = after(30, &[ack.clone(), failed.clone()]);
        assert_eq!(told.as_deref(), Some("bootx64.efi was not sent: no such file"));
        assert_eq!(after(30, &[ack, failed, sent(Role::Loader)]), None);
    }
}
