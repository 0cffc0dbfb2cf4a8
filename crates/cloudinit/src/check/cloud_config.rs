//! `#cloud-config`.

use super::{
    Findings,
    keys::{KEYS, OTHERS},
    shape::check as check_shape,
};
use crate::Kind;
use firstlight_butane::tree::{Node, Value};
use firstlight_model::nearest::nearest;

pub(super) fn check(root: &Node, findings: &mut Findings) {
    let Value::Map(entries) = &root.value else {
        let message = "a cloud-config is a map of keys, like `packages: [vim]`";
        return findings.error(root.origin.at, message).help(None);
    };
    for (key, value) in entries {
        match KEYS.iter().find(|field| field.name == key.name) {
            Some(field) => check_shape(value, &key.name, field.shape, findings),
            None if OTHERS.contains(&&*key.name) => {}
            None => {
                let message = format!("cloud-init has no module that knows `{}`", key.name);
                let known = KEYS.iter().map(|field| field.name).chain(OTHERS.iter().copied());
                let meant = nearest(&key.name, known).map(|name| format!("did you mean `{name}`?"));
                findings.warning(key.at.or(value.origin.at), message).help(meant);
            }
        }
    }
}

/// A list of parts, each a text or a map with one.
pub(super) fn check_archive(root: &Node, findings: &mut Findings) {
    let Value::List(parts) = &root.value else {
        let message = "a cloud-config-archive is a list of parts, each with `content`";
        return findings.error(root.origin.at, message).help(None);
    };
    for part in parts {
        let (text, typed) = match &part.value {
            Value::Map(_) => (part.get("content").and_then(Node::as_str), part.get("type").is_some()),
            _ => (part.as_str(), false),
        };
        let of_no_kind = text.is_some_and(|text| !typed && Kind::of(text).is_none());
        if text.is_none() {
            findings.error(part.origin.at, "this part has no `content`").help(None);
        } else if of_no_kind {
            let message = "this part has no `type`, and its first line says none";
            findings.warning(part.origin.at, message).help(None);
        }
    }
}
