//! Events as people read them.

use crate::{Event, Protocol, Role, What};
use firstlight_model::ByteSize;
use firstlight_plan::Order;

impl Event {
    /// One line for a timeline, without the time, the machine and the [step](Event::step).
    pub fn summary(&self) -> String {
        self.what.summary()
    }

    /// The step of a boot that the event belongs to, in a word: `DHCP`, `TFTP`, `script`, `kernel`.
    pub fn step(&self) -> &'static str {
        self.what.step()
    }
}

impl What {
    fn summary(&self) -> String {
        let with =
            |boot: &Option<String>| boot.as_ref().map(|boot| format!(", boot {}", short(boot))).unwrap_or_default();
        match self {
            What::ServerStarted { generation } => format!("server started with generation {generation}"),
            What::SiteReloaded { generation, changes } => match changes.len() {
                0 => format!("generation {generation} of the site is served; nothing is different"),
                n => format!("generation {generation} of the site is served; different: {n}"),
            },
            What::ReloadRefused { generation, reason } => {
                format!("the site was not reloaded, generation {generation} is served on: {reason}")
            }
            What::DhcpOffered { address, client, boot, .. } => format!("{client} was offered {address}{}", with(boot)),
            What::DhcpProxied { client, boot: None, port, .. } => {
                format!("{client} asked on port {port}, and there is no loader for it")
            }
            What::DhcpProxied { client, boot, port, .. } => {
                format!("{client} was answered on port {port}{}", with(boot))
            }
            What::DhcpAcked { address, client, boot } => format!("{client} has {address}{}", with(boot)),
            What::DhcpNaked { address: Some(address), reason } => format!("{address} was refused: {reason}"),
            What::DhcpNaked { address: None, reason } => format!("an address was refused: {reason}"),
            What::DhcpDeclined { address } => format!("{address} is used by somebody else; set aside"),
            What::DhcpReleased { address } => format!("{address} was given back"),
            What::ConnectionsRefused { count, last, why } => {
                format!("{count} HTTP connections were refused, the last of {last}: {why}")
            }
            What::PoolExhausted { network, size } => format!("network {network} has none of its {size} addresses left"),
            What::Sent { protocol, name, bytes, ms, resent, .. } => {
                let again = if *resent > 0 { format!(", {resent} blocks sent again") } else { String::new() };
                format!("{name} by {}: {} in {ms} ms{}{again}", protocol.word(), ByteSize(*bytes), speed(*bytes, *ms))
            }
            What::SendFailed { protocol, name, reason } => format!("{name} by {} failed: {reason}", protocol.word()),
            What::Waits { assets, failures } if failures.is_empty() => {
                format!("waits for {}, which is being fetched", assets.join(", "))
            }
            What::Waits { failures, .. } => format!("waits: {}", failures.join("; ")),
            What::FetchBegan { name, from } => format!("{name} is fetched from {from}"),
            What::Fetched { name, from, bytes, ms, verified } => {
                let (size, speed) = (ByteSize(*bytes), speed(*bytes, *ms));
                format!("{name} is here: {size} in {ms} ms{speed} from {from}, verified by {verified}")
            }
            What::FetchFailed { name, reason } => format!("{name} cannot be fetched: {reason}"),
            What::Script { boots, .. } => format!("boots {boots}"),
            What::Parked { reason } => reason.clone(),
            What::Reported { message: Some(message), .. } => format!("reported up: {message}"),
            What::Reported { .. } => "reported up".to_owned(),
            What::Stage { from, to, cause, .. } if from == to => cause.clone(),
            What::Stage { from, to, cause, .. } => format!("{from} → {to}: {cause}"),
            What::Ordered { order, refused } => ordered(order, refused.as_deref()),
            What::Progress { message, .. } => message.clone(),
            What::Inventory { inventory, .. } => inventory.summary(),
            What::ReportedFailure { reason, .. } => format!("reported that it failed: {reason}"),
            What::TokenRefused { from, name, why: None } => format!("{from} showed an unknown token for {name}"),
            What::TokenRefused { from, name, why: Some(why) } => format!("{from} was refused {name}: {why}"),
        }
    }

    fn step(&self) -> &'static str {
        match self {
            What::ServerStarted { .. } | What::SiteReloaded { .. } | What::ReloadRefused { .. } => "server",
            What::DhcpOffered { .. }
            | What::DhcpProxied { .. }
            | What::DhcpAcked { .. }
            | What::DhcpNaked { .. }
            | What::DhcpDeclined { .. }
            | What::DhcpReleased { .. }
            | What::PoolExhausted { .. } => "DHCP",
            What::Sent { role, .. } => role.word(),
            What::SendFailed { protocol, .. } => protocol.word(),
            What::ConnectionsRefused { .. } => "HTTP",
            What::Waits { .. } => "waits",
            What::FetchBegan { .. } | What::Fetched { .. } | What::FetchFailed { .. } => "fetch",
            What::Script { .. } => "script",
            What::Parked { .. } => "parked",
            What::Reported { .. } => "up",
            What::Stage { .. } => "stage",
            What::Ordered { .. } => "order",
            What::Progress { .. } => "progress",
            What::Inventory { .. } => "made of",
            What::ReportedFailure { .. } => "failed",
            What::TokenRefused { .. } => "refused",
        }
    }
}

/// How fast a transfer was; nothing for one too short to tell.
fn speed(bytes: u64, ms: u64) -> String {
    match bytes / ms.max(1) {
        _ if ms < 10 || bytes < 1 << 20 => String::new(),
        kb_s if kb_s < 10_000 => format!(" ({:.1} MB/s)", kb_s as f64 / 1000.0),
        kb_s => format!(" ({} MB/s)", kb_s / 1000),
    }
}

fn ordered(order: &Order, refused: Option<&str>) -> String {
    let what = match order {
        Order::Hold { reason } => format!("hold: {reason}"),
        Order::BootOnce { profile } => format!("boot-once {profile}"),
        Order::Approve | Order::Arm | Order::Retire => order.name().to_owned(),
    };
    refused.map_or(what.clone(), |why| format!("{what}, refused: {why}"))
}

/// A URL without what every one of them has: the server before its path, and what the machine said of itself after it.
fn short(boot: &str) -> &str {
    let Some((_, rest)) = boot.split_once("://") else { return boot };
    let path = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or(rest);
    path.split_once('?').map_or(path, |(path, _)| path)
}

impl Protocol {
    fn word(self) -> &'static str {
        match self {
            Protocol::Tftp => "TFTP",
            Protocol::Http => "HTTP",
        }
    }
}

impl Role {
    fn word(self) -> &'static str {
        match self {
            Role::Loader => "loader",
            Role::Autoexec => "autoexec",
            Role::Kernel => "kernel",
            Role::Initrd => "initrd",
            Role::Config => "config",
            Role::Asset => "asset",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Hex;
    use firstlight_model::Timestamp;

    fn line(what: What) -> String {
        let event = Event { at: Timestamp(0), mac: None, machine: None, what };
        format!("{} | {}", event.step(), event.summary())
    }

    #[test]
    fn a_boot_url_is_shortened_to_its_path() {
        let offered = |boot: &str| What::DhcpOffered {
            address: [10, 20, 0, 11].into(),
            client: "iPXE (BIOS)".to_owned(),
            boot: Some(boot.to_owned()),
            uuid: None,
            asked: Hex::default(),
            sent: Hex::default(),
        };
        let url = "http://10.20.0.1:8080/boot.ipxe?mac=52:54:00:20:00:01&firmware=pcbios-i386";
        assert_eq!(line(offered(url)), "DHCP | iPXE (BIOS) was offered 10.20.0.11, boot /boot.ipxe");
        assert_eq!(line(offered("snponly.efi")), "DHCP | iPXE (BIOS) was offered 10.20.0.11, boot snponly.efi");
        assert_eq!(short("http://server"), "server");
    }

    #[test]
    fn no_line_says_its_step_twice() {
        let sent = What::Sent {
            protocol: Protocol::Tftp,
            role: Role::Loader,
            name: "snponly.efi".to_owned(),
            bytes: 1024,
            ms: 46,
            resent: 2,
        };
        assert_eq!(line(sent), "loader | snponly.efi by TFTP: 1 KiB in 46 ms, 2 blocks sent again");
        assert_eq!([speed(1 << 20, 46), speed(4096, 46), speed(8 << 20, 1000)], [" (22 MB/s)", "", " (8.4 MB/s)"]);
        let script = What::Script {
            attempt: String::new(),
            asked: String::new(),
            from: None,
            boots: "profile small".to_owned(),
            leads: crate::Leads::System,
            profile: Some("small".to_owned()),
            reasons: Vec::new(),
            text: String::new(),
        };
        assert_eq!(line(script), "script | boots profile small");
        assert_eq!(line(What::Parked { reason: "nobody knows it".to_owned() }), "parked | nobody knows it");
    }
}
