//! Rules about units, drop-ins and quadlets.

use super::{
    super::sugar::{quadlets::template_of, text},
    Check,
};
use crate::tree::Node;

pub(in crate::butane) fn unit(check: &mut Check<'_>, unit: &Node) {
    if unit.get("contents_local").is_some() && unit.get("contents").is_some() {
        check.error(unit, "contents_local", "only one of the following can be set: contents, contents_local");
    }
}

pub(in crate::butane) fn quadlet(check: &mut Check<'_>, quadlet: &Node) {
    const EXTENSIONS: [&str; 8] =
        [".container", ".volume", ".network", ".kube", ".image", ".build", ".pod", ".artifact"];
    let name = text(quadlet, "name").unwrap_or_default();
    if !EXTENSIONS.iter().any(|extension| name.ends_with(extension)) {
        let message = "unsupported file extension for quadlet: must be one of .container, .volume, .network, .kube, \
                       .image, .build, .pod, or .artifact";
        return check.error(quadlet, "name", message);
    }
    if template_of(name).is_none() {
        return unit(check, quadlet);
    }
    for field in ["contents", "contents_local"] {
        if quadlet.get(field).is_some() {
            check.error(quadlet, field, "template instances cannot have contents or contents_local");
        }
    }
}
