//! Events as people read them.

use crate::{Event, Protocol, Role, What};
use firstlight_model::ByteSize;

impl Event {
    /// One line for a timeline, without the time and the machine.
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
        let with = |boot: &Option<String>| boot.as_ref().map(|boot| format!(", boot {boot}")).unwrap_or_default();
        match self {
            What::ServerStarted { generation } => format!("server started with generation {generation}"),
            What::DhcpOffered { address, client, boot, .. } => format!("{client} was offered {address}{}", with(boot)),
            What::DhcpAcked { address, client, boot } => format!("{client} has {address}{}", with(boot)),
            What::DhcpNaked { address: Some(address), reason } => format!("{address} was refused: {reason}"),
            What::DhcpNaked { address: None, reason } => format!("an address was refused: {reason}"),
            What::DhcpDeclined { address } => format!("{address} is used by somebody else; set aside"),
            What::DhcpReleased { address } => format!("{address} was given back"),
            What::PoolExhausted { network, size } => format!("network {network} has none of its {size} addresses left"),
            What::Sent { protocol, role, name, bytes, ms, resent } => {
                let again = if *resent > 0 { format!(", {resent} blocks sent again") } else { String::new() };
                format!("{} {name} by {}: {} in {ms} ms{again}", role.word(), protocol.word(), ByteSize(*bytes))
            }
            What::SendFailed { protocol, name, reason } => format!("{name} by {} failed: {reason}", protocol.word()),
            What::Script { boots, profile: Some(profile), .. } => format!("script: {boots} ({profile})"),
            What::Script { boots, .. } => format!("script: {boots}"),
            What::Parked { reason } => format!("parked: {reason}"),
            What::Reported { message: Some(message), .. } => format!("reported up: {message}"),
            What::Reported { .. } => "reported up".to_owned(),
            What::TokenRefused { from, name } => format!("{from} showed an unknown token for {name}"),
        }
    }

    fn step(&self) -> &'static str {
        match self {
            What::ServerStarted { .. } => "server",
            What::DhcpOffered { .. }
            | What::DhcpAcked { .. }
            | What::DhcpNaked { .. }
            | What::DhcpDeclined { .. }
            | What::DhcpReleased { .. }
            | What::PoolExhausted { .. } => "DHCP",
            What::Sent { role, .. } => role.word(),
            What::SendFailed { protocol, .. } => protocol.word(),
            What::Script { .. } => "script",
            What::Parked { .. } => "parked",
            What::Reported { .. } => "up",
            What::TokenRefused { .. } => "refused",
        }
    }
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
