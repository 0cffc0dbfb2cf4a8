//! Software RAID.

use super::Check;
use crate::{ignition::version::Version, text::path};

/// A known level, and devices for it.
pub(in crate::ignition) fn raid(check: &mut Check<'_>) {
    check.require("level", known_level(check));
    let devices = check.items("devices");
    if devices.is_empty() {
        check.error("devices", "raid devices required");
    }
    for (index, device) in devices.iter().enumerate() {
        if let Err(message) = path::check(device.as_str().unwrap_or("")) {
            check.error_at(&["devices".into(), index.into()], message);
        }
    }
}

fn known_level(check: &Check<'_>) -> Result<(), &'static str> {
    match check.text("level").unwrap_or("") {
        "linear" | "raid0" | "0" | "stripe" if check.int("spares").is_some_and(|spares| spares != 0) => {
            Err("spares unsupported for linear and raid0 arrays")
        }
        "linear" | "raid0" | "0" | "stripe" | "raid1" | "1" | "mirror" | "raid4" | "4" | "raid5" | "5" | "raid6"
        | "6" | "raid10" | "10" => Ok(()),
        "" if check.version >= Version::V3_3 => Err("raid level is required"),
        _ => Err("unrecognized raid level"),
    }
}
