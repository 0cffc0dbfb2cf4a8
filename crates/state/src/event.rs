//! What happened: the facts that the servers record, in the order of their happening.

use crate::Hex;
use firstlight_model::{Inventory, Mac, Timestamp, Uuid};
use firstlight_plan::{Order, Stage};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr};

/// How much of a script is recorded, in bytes.
pub const SCRIPT_KEPT: usize = 8192;

/// One recorded fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When, by the server's clock.
    pub at: Timestamp,
    /// The machine it is about. `None` for what concerns the server or a network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<Mac>,
    /// The machine's declared name at that time. `None` for one that nobody declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

/// What happened. The tag is the event's name wherever one is printed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum What {
    /// The server began to serve a generation of the site.
    ServerStarted {
        /// The generation of the BootSet.
        generation: u64,
    },
    /// The site was read anew and is served.
    SiteReloaded {
        /// The generation of the BootSet.
        generation: u64,
        /// What is different.
        changes: Vec<String>,
    },
    /// The site was to be read anew, and the old one is served on.
    ReloadRefused {
        /// The generation that is served on.
        generation: u64,
        /// Why.
        reason: String,
    },
    /// A boot client asked for an address and was offered one.
    DhcpOffered {
        /// The address.
        address: Ipv4Addr,
        /// What it said it is: `BIOS`, `UEFI amd64 HTTP`, `iPXE (BIOS)`, `OS`.
        client: String,
        /// The boot file or URL in the offer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        boot: Option<String>,
        /// The system UUID that it sent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        uuid: Option<Uuid>,
        /// The options that it asked with, as `firstlight_wire::dhcp::Options::as_bytes` has them.
        #[serde(default, skip_serializing_if = "Hex::is_empty")]
        asked: Hex,
        /// The options of the offer.
        #[serde(default, skip_serializing_if = "Hex::is_empty")]
        sent: Hex,
    },
    /// A boot client was told what to boot, beside the server that gives it its address (ProxyDHCP, PXE 2.1 section 2).
    DhcpProxied {
        /// What it said it is.
        client: String,
        /// The boot file or URL in the answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        boot: Option<String>,
        /// The system UUID that it sent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        uuid: Option<Uuid>,
        /// The port that it asked on: 67 or 4011.
        port: u16,
        /// The options that it asked with.
        #[serde(default, skip_serializing_if = "Hex::is_empty")]
        asked: Hex,
        /// The options of the answer.
        #[serde(default, skip_serializing_if = "Hex::is_empty")]
        sent: Hex,
    },
    /// A lease was given or renewed, durable before this was sent.
    DhcpAcked {
        /// The address.
        address: Ipv4Addr,
        /// What it said it is.
        client: String,
        /// The boot file or URL in the answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        boot: Option<String>,
    },
    /// A request was refused.
    DhcpNaked {
        /// What it asked for.
        address: Option<Ipv4Addr>,
        /// Why not.
        reason: String,
    },
    /// A client says that somebody else uses the address we gave it.
    DhcpDeclined {
        /// The address, set aside for a while.
        address: Ipv4Addr,
    },
    /// A client gave its address back.
    DhcpReleased {
        /// The address.
        address: Ipv4Addr,
    },
    /// More clients wanted to fetch by HTTP at once than are let in. Recorded at most once a minute.
    ConnectionsRefused {
        /// How many connections were refused since this was recorded last.
        count: u64,
        /// Whose was the last.
        last: IpAddr,
        /// Which limit was reached.
        why: String,
    },
    /// Nothing is left to give in a network's ranges.
    PoolExhausted {
        /// The network's name.
        network: String,
        /// How many addresses its ranges hold.
        size: u64,
    },
    /// A file was sent over TFTP or HTTP, whole.
    Sent {
        /// `tftp` or `http`.
        protocol: Protocol,
        /// What it was for the machine.
        role: Role,
        /// Its name in the request.
        name: String,
        /// Bytes of content sent.
        bytes: u64,
        /// Milliseconds from the first request to the last byte.
        ms: u64,
        /// TFTP blocks sent again.
        #[serde(default, skip_serializing_if = "is_zero")]
        resent: u64,
    },
    /// A transfer that ended before its end, or a name that is not served.
    SendFailed {
        /// `tftp` or `http`.
        protocol: Protocol,
        /// Its name in the request.
        name: String,
        /// Why.
        reason: String,
    },
    /// What the machine is to boot is not here yet: it was told to wait while it is fetched.
    Waits {
        /// The assets that it waits for.
        assets: Vec<String>,
        /// Those that could not be fetched, each with why; they are tried again.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        failures: Vec<String>,
    },
    /// An asset began to be fetched, because it was asked for. Recorded with who asked first.
    FetchBegan {
        /// The asset's name.
        name: String,
        /// The first of the sources.
        from: String,
    },
    /// An asset was fetched, and is what it has to be.
    Fetched {
        /// The asset's name.
        name: String,
        /// Where it came from.
        from: String,
        /// How long it is, in bytes.
        bytes: u64,
        /// Milliseconds from the first request to the last verified byte.
        ms: u64,
        /// How it is known to be right.
        verified: String,
    },
    /// An asset could not be fetched.
    FetchFailed {
        /// The asset's name.
        name: String,
        /// Why.
        reason: String,
    },
    /// A boot script was decided and served: an attempt to boot begins.
    Script {
        /// The attempt: a hash of the token that the script's URLs carry.
        attempt: String,
        /// What it said of itself: the query of its request, from which the attempt is known again after a restart.
        #[serde(default)]
        asked: String,
        /// The address that it was given to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<std::net::IpAddr>,
        /// What it boots: `profile linux`, `menu`, `parked`, `disk`.
        boots: String,
        /// Where it leads: what can be expected of the machine next.
        #[serde(default)]
        leads: Leads,
        /// The profile's name, where it boots one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        profile: Option<String>,
        /// Why, step by step, each with its place in the site.
        reasons: Vec<String>,
        /// The script itself, with `TOKEN` in place of the attempt's token, and at most [`SCRIPT_KEPT`] bytes of it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        text: String,
    },
    /// A machine that nobody declared, or one without a profile, was told to wait.
    Parked {
        /// Why.
        reason: String,
    },
    /// The machine reported that it is up.
    Reported {
        /// The attempt that its token belongs to.
        attempt: String,
        /// What it said of itself, at most 1 KiB.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// The machine came further in its life, or something else about it was decided.
    Stage {
        /// Where it stood.
        from: Stage,
        /// Where it stands now.
        to: Stage,
        /// Why.
        cause: String,
        /// The attempt that it belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attempt: Option<String>,
    },
    /// A person ordered something; what came of it follows as [`What::Stage`].
    Ordered {
        /// The order.
        #[serde(flatten)]
        order: Order,
        /// Why it was refused, where it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refused: Option<String>,
    },
    /// The machine told how far it has come.
    Progress {
        /// The attempt that its token belongs to.
        attempt: String,
        /// What it said, at most 1 KiB.
        message: String,
    },
    /// The machine told what it is made of.
    Inventory {
        /// The attempt that its token belongs to.
        attempt: String,
        /// Its parts.
        inventory: Box<Inventory>,
    },
    /// The machine reported that its boot or install failed.
    ReportedFailure {
        /// The attempt that its token belongs to.
        attempt: String,
        /// What it said, at most 1 KiB.
        reason: String,
    },
    /// A request with a token that is unknown, or used up, or not the requester's; or for another machine's script.
    TokenRefused {
        /// Who tried.
        from: IpAddr,
        /// For what.
        name: String,
        /// Why it was refused; not said for a token that is not known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
}

/// Where a script leads, as far as a server can tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Leads {
    /// A menu or a script of the site's own: what is chosen or done there, a server need not hear of. So too what was
    /// recorded before this was.
    #[default]
    Elsewhere,
    /// To its local disk: the server hears no more of this boot.
    Disk,
    /// To a kernel of ours, which is not told where to report.
    Silent,
    /// To a kernel of ours, and then to a report.
    System,
}

/// Which protocol carried a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// TFTP, RFC 1350.
    Tftp,
    /// HTTP.
    Http,
}

/// What a file was for the machine that fetched it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A network boot program: iPXE, a shim, GRUB.
    Loader,
    /// `autoexec.ipxe` or `grub.cfg`, which lead to the script.
    Autoexec,
    /// A kernel.
    Kernel,
    /// An initrd.
    Initrd,
    /// A rendered config.
    Config,
    /// Another asset.
    Asset,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}
