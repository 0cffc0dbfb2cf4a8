//! What a boot that came to a halt most likely waits for. Pure: from its events and the time.
//!
//! Each cause is one that a server can tell from what it saw and did not see. What only the machine's screen shows
//! is said to be there.

use crate::{Event, Leads, Protocol, Role, What};
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
    /// It reported, fetched its config, was parked or sent to its disk: whatever follows, it is no halt of this boot.
    ended: bool,
    firmware: Speaker<'a>,
    ipxe: Speaker<'a>,
    refused_address: Option<&'a str>,
    loaders: usize,
    loader: &'a str,
    /// It fetched what leads it to its script: the loader runs.
    loader_spoke: bool,
    failed: Option<(Protocol, &'a str, &'a str)>,
    script: Option<Leads>,
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
            What::Script { leads, .. } => self.script(*leads),
            What::Waits { assets, failures } => self.waits = Some((assets, failures)),
            What::Parked { .. } => self.ended = true,
            // Its system speaks: a kernel that stopped, or one without a network, does not.
            What::Reported { .. } | What::ReportedFailure { .. } | What::Progress { .. } | What::Inventory { .. } => {
                self.ended = true
            }
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

    fn script(&mut self, leads: Leads) {
        (self.script, self.failed, self.waits) = (Some(leads), None, None);
        self.ended |= leads == Leads::Disk;
    }

    fn sent(&mut self, role: Role) {
        self.failed = None;
        match role {
            Role::Kernel => self.kernel = true,
            Role::Initrd => self.initrd = true,
            Role::Config => self.ended = true,
            Role::Autoexec => self.loader_spoke = true,
            Role::Loader | Role::Asset => {}
        }
    }

    /// Where it halted: how long that may take, what was seen, what it means. The furthest step decides: a machine that
    /// has its script does not wait for it.
    fn halt(&self) -> Option<(Duration, String, String)> {
        match self.script {
            _ if self.waits.is_some() => self.waiting(),
            Some(leads) => self.after_script(leads),
            None => self.in_ipxe().or_else(|| self.in_firmware()),
        }
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

    fn after_script(&self, leads: Leads) -> Option<(Duration, String, String)> {
        if self.refused_token {
            return halt(0, "a report was refused", "the token it showed was not its attempt's own: see the refusal");
        }
        if let Some((protocol, name, reason)) = self.failed {
            return halt(20, format!("{name} broke off: {reason}"), broken_transfer(protocol, reason));
        }
        match (leads, self.kernel) {
            // Somebody may have chosen the disk, or a shell.
            (Leads::Elsewhere | Leads::Disk, _) | (Leads::Silent, true) => None,
            (Leads::System | Leads::Silent, false) => halt(
                60,
                "it has its script and fetched no kernel",
                "iPXE says why on the screen; often its memory is too small, or the script waits for a key",
            ),
            (Leads::System, true) => {
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
        let asks = ipxe.bound || ipxe.proxied > 0;
        if let (true, Some((protocol, name, reason))) = (asks, self.failed) {
            return halt(20, format!("{name} was not sent: {reason}"), broken_transfer(protocol, reason));
        }
        if asks && self.refused_token {
            return halt(0, "its script was refused", "it asked in another machine's name: see the refusal");
        }
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
        if self.loader_spoke {
            // GRUB asks again and again; that it still waits is not recorded each time.
            return None;
        }
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
        _ if reason.contains("cannot be rendered") => {
            "correct the site (`firstlight check`) and reload it; it asks again"
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
mod tests;
