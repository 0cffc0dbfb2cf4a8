//! `network-config`: version 2 in full, version 1 in outline.

use super::{
    Findings,
    network_keys::VERSION_2,
    shape::{Shape, check as check_shape},
};
use firstlight_butane::tree::{Node, Value};

pub(super) fn check(root: &Node, findings: &mut Findings) {
    // Some write it as in /etc/cloud/cloud.cfg.d, below `network`; cloud-init takes both.
    let network = root.get("network").unwrap_or(root);
    if !matches!(network.value, Value::Map(_)) {
        let message = "a network-config is a map with `version: 2` and `ethernets`";
        return findings.error(network.origin.at, message).help(None);
    }
    match network.get("version").map(|version| (version.as_int(), version)) {
        Some((Some(2), _)) => check_shape(network, "", Shape::Map(VERSION_2), findings),
        Some((Some(1), _)) => check_version_1(network, findings),
        Some((_, version)) => findings.error(version.origin.at, "`version` has to be 1 or 2").help(None),
        // `config: disabled` leaves the network alone.
        None if network.get("config").and_then(Node::as_str) == Some("disabled") => {}
        None => {
            let message = "`version` is missing, without which cloud-init takes no network-config";
            findings.error(network.origin.at, message).next("add `version: 2`");
        }
    }
}

const TYPES: [&str; 8] = ["physical", "bond", "bridge", "vlan", "nameserver", "route", "loopback", "infiniband"];

fn check_version_1(network: &Node, findings: &mut Findings) {
    let Some(Value::List(devices)) = network.get("config").map(|config| &config.value) else {
        let message = "`config` has to be a list of devices in version 1";
        return findings.error(network.origin_of("config").at, message).help(None);
    };
    for device in devices {
        match device.get("type").and_then(Node::as_str) {
            Some(kind) if TYPES.contains(&kind) => {}
            Some(kind) => {
                let help = firstlight_model::nearest::suggestion(kind, TYPES);
                findings.error(device.origin.at, format!("there is no device of the type `{kind}`")).help(help);
            }
            None => findings.error(device.origin.at, "this device has no `type`").help(None),
        }
    }
}
