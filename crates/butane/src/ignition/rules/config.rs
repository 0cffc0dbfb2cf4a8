//! The config as a whole, and its section `ignition`: version, references to other configs, authorities, proxies.

use super::{Check, has_text, items, resources, text_or_empty};
use crate::{ignition::version::Version, text::url::Url, tree::Node};
use std::collections::HashSet;

/// No file, directory or link stands where a systemd unit or drop-in is written.
pub(in crate::ignition) fn config(check: &mut Check<'_>) {
    let units = check.node.get("systemd").map_or(&[][..], |systemd| items(systemd, "units"));
    let written: HashSet<String> = units.iter().flat_map(paths_of_unit).collect();
    let Some(storage) = check.node.get("storage").filter(|_| !written.is_empty()) else { return };
    for list in ["files", "directories", "links"] {
        for (index, node) in items(storage, list).iter().enumerate() {
            if written.contains(text_or_empty(node, "path")) {
                let way = ["storage".into(), list.into(), index.into(), "path".into()];
                check.error_at(&way, "path conflicts with systemd unit or dropin");
            }
        }
    }
}

/// The files that a unit is written to: its own, and one for each drop-in.
fn paths_of_unit(unit: &Node) -> Vec<String> {
    let name = text_or_empty(unit, "name");
    let own = has_text(unit, "contents").then(|| format!("/etc/systemd/system/{name}"));
    let dropins = items(unit, "dropins").iter().filter(|dropin| has_text(dropin, "contents"));
    let dropins = dropins.map(|dropin| format!("/etc/systemd/system/{name}.d/{}", text_or_empty(dropin, "name")));
    own.into_iter().chain(dropins).collect()
}

/// The version is the one that the config is checked as.
pub(in crate::ignition) fn ignition(check: &mut Check<'_>) {
    match Version::parse(check.text("version").unwrap_or("")) {
        Ok(version) if version == check.version => {}
        Ok(_) => check.error("version", "unsupported config version"),
        Err(error) => check.error("version", error.to_string()),
    }
}

/// Each config to merge has a source.
pub(in crate::ignition) fn references(check: &mut Check<'_>) {
    if check.version >= Version::V3_1 {
        resources::require_sources(check, "merge");
    }
}

/// Each certificate authority has a source.
pub(in crate::ignition) fn tls(check: &mut Check<'_>) {
    if check.version >= Version::V3_1 {
        resources::require_sources(check, "certificateAuthorities");
    }
}

/// Proxies speak HTTP, and the one for HTTPS rather not in the clear.
pub(in crate::ignition) fn proxy(check: &mut Check<'_>) {
    for (field, clear) in [("httpProxy", true), ("httpsProxy", false)] {
        let Some(proxy) = check.text(field) else { continue };
        match Url::parse(proxy).map(|url| url.scheme).as_deref() {
            None => check.error(field, "unable to parse url"),
            Some("https") => {}
            Some("http") if clear => {}
            Some("http") => check.warn(field, "insecure plaintext HTTP proxy specified for HTTPS resources"),
            Some(_) => check.error(field, "proxies must be http(s)"),
        }
    }
}
