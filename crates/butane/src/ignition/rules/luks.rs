//! Encrypted devices: LUKS, and what unlocks them (a key file, Clevis, IBM's crypto cards).

use super::{Check, has_text, is_true, items, resources, text_or_empty};
use crate::{
    ignition::{json, version::Version},
    text::{path, url::Url},
    tree::Node,
};

/// A device, a label and a name that fit, and one way to unlock it.
pub(in crate::ignition) fn luks(check: &mut Check<'_>) {
    if check.text("name").is_some_and(|name| name.contains('/')) {
        check.error("name", "device names cannot contain slashes");
    }
    // The header has 48 bytes for it, the last one zero.
    if check.text("label").is_some_and(|label| label.len() > 47) {
        check.error("label", "luks device labels cannot be longer than 47 characters");
    }
    match check.text("device").unwrap_or("") {
        "" => check.error("device", "disk device is required"),
        device => check.require("device", path::check(device)),
    }
    keys(check);
}

fn keys(check: &mut Check<'_>) {
    let clevis = check.node.get("clevis");
    let custom = clevis.is_some_and(|clevis| has_custom(clevis, check.version));
    let ready_made = clevis.is_some_and(has_ready_made);
    if custom && ready_made {
        check.error("clevis", "cannot use custom clevis config with tpm2, tang, or threshold");
    }
    let key_file = check.node.get("keyFile").map_or("", |file| text_or_empty(file, "source"));
    if !key_file.is_empty() && resources::source(key_file, check.version).is_err() {
        check.error("keys", "invalid key-file source");
    }
    if check.node.get("cex").is_some_and(|cex| is_true(cex, "enabled")) {
        if custom || ready_made {
            check.error("cex", "cannot use cex with clevis");
        }
        if !key_file.is_empty() {
            check.error("cex", "cannot use key file with cex");
        }
    }
}

/// Whether Clevis has a config of the user's own. In 3.2.0 it is enough that the mapping is there.
fn has_custom(clevis: &Node, version: Version) -> bool {
    let custom = clevis.get("custom").filter(|custom| !custom.is_null());
    custom.is_some_and(|custom| version <= Version::V3_2 || has_text(custom, "pin"))
}

/// Whether Clevis has servers, a TPM or a threshold.
fn has_ready_made(clevis: &Node) -> bool {
    let threshold = clevis.get("threshold").and_then(Node::as_int).unwrap_or(0);
    !items(clevis, "tang").is_empty() || is_true(clevis, "tpm2") || threshold != 0
}

/// A Clevis config of the user's own names its pin and says something.
pub(in crate::ignition) fn custom(check: &mut Check<'_>) {
    let pin = check.text("pin").unwrap_or("");
    let asked = !pin.is_empty()
        || check.has_text("config")
        || (check.version >= Version::V3_3 && check.is_true("needsNetwork"));
    if !asked {
        return;
    }
    match pin {
        "" if check.version >= Version::V3_3 => check.error("pin", "missing required custom clevis pin"),
        "tpm2" | "tang" | "sss" => {}
        _ if check.version >= Version::V3_6 => {}
        _ => check.error("pin", "unsupported clevis pin"),
    }
    if !check.has_text("config") {
        check.error("config", "missing required custom clevis config");
    }
}

/// A Tang server has a URL and a thumbprint; what it is said to advertise is JSON.
pub(in crate::ignition) fn tang(check: &mut Check<'_>) {
    match Url::parse(check.text("url").unwrap_or("")).map(|url| url.scheme).as_deref() {
        None => check.error("url", "unable to parse url"),
        Some("http" | "https") => {}
        Some(_) => check.error("url", "invalid url scheme"),
    }
    if !check.has_text("thumbprint") {
        check.error("thumbprint", "thumbprint is required");
    }
    let advertisement = check.text("advertisement").unwrap_or("");
    if !advertisement.is_empty() && json::read(advertisement.as_bytes()).is_err() {
        check.error("advertisement", "advertisement is not valid JSON");
    }
}
