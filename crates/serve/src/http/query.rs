//! What a machine says of itself in the query of its script's URL.

use firstlight_boot::{Ask, Choice, Client};
use firstlight_model::{Firmware, Mac};
use serde::Deserialize;

/// The longest serial number that is believed.
const SERIAL_LIMIT: usize = 64;

/// The query of `/boot.ipxe`, as it comes in.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Query {
    mac: Option<String>,
    uuid: Option<String>,
    serial: Option<String>,
    firmware: Option<String>,
    profile: Option<String>,
    class: Option<String>,
    again: Option<String>,
}

impl Query {
    /// Reads a query again that was recorded.
    pub(super) fn parse(text: &str) -> Option<Query> {
        let uri: axum::http::Uri = format!("/?{text}").parse().ok()?;
        axum::extract::Query::try_from_uri(&uri).ok().map(|axum::extract::Query(query)| query)
    }

    /// True where the client has been asked for its serial number, even if it has none.
    pub(super) fn tells_serial(&self) -> bool {
        self.serial.is_some()
    }

    /// True where a script of ours asks, and not the firmware or iPXE itself.
    pub(super) fn is_from_script(&self) -> bool {
        self.again.is_some()
    }

    /// Who asks. Only the hardware address is needed; what else is malformed is taken as not said, since real machines
    /// do have malformed UUIDs.
    pub(super) fn ask(&self) -> Result<Ask, String> {
        let mac = self.mac.as_deref().ok_or("the query has no mac: expected /boot.ipxe?mac=52:54:00:12:34:56")?;
        let mac: Mac = mac.parse().map_err(|error: firstlight_model::Invalid| error.to_string())?;
        let serial = self.serial.as_deref().map(str::trim).filter(|serial| is_serial(serial));
        Ok(Ask {
            mac,
            uuid: self.uuid.as_deref().and_then(|uuid| uuid.parse().ok()),
            serial: serial.map(str::to_owned),
            client: Client::Ipxe(self.firmware.as_deref().and_then(Firmware::from_ipxe_name)),
        })
    }

    /// Who asks, when it is GRUB.
    pub(super) fn ask_by_grub(&self) -> Result<Ask, String> {
        let firmware = self.firmware.as_deref().and_then(Firmware::from_ipxe_name);
        Ok(Ask { client: Client::Grub(firmware), ..self.ask()? })
    }

    /// What was chosen at the menu.
    pub(super) fn choice(&self) -> Option<Choice> {
        let profile = self.profile.clone().map(Choice::Profile);
        profile.or_else(|| self.class.clone().map(Choice::Class))
    }
}

fn is_serial(text: &str) -> bool {
    !text.is_empty() && text.len() <= SERIAL_LIMIT && text.chars().all(|c| c.is_ascii_graphic() || c == ' ')
}
