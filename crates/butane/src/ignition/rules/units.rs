//! systemd's units and drop-ins.

use super::{Check, has_text, is_true, text_or_empty};
use crate::{
    text::{path, quote::quoted, unit as file},
    tree::Node,
};
use std::collections::HashMap;

const KINDS: [&str; 12] = [
    ".service",
    ".socket",
    ".device",
    ".mount",
    ".automount",
    ".swap",
    ".target",
    ".path",
    ".timer",
    ".snapshot",
    ".slice",
    ".scope",
];

/// An instance that is enabled has a template that can be, if the config has that.
pub(in crate::ignition) fn systemd(check: &mut Check<'_>) {
    let units = check.items("units");
    let by_name: HashMap<&str, &Node> = units.iter().map(|unit| (text_or_empty(unit, "name"), unit)).collect();
    for (index, unit) in units.iter().enumerate().filter(|(_, unit)| is_true(unit, "enabled")) {
        let name = text_or_empty(unit, "name");
        let Some(template) = template_of(name) else { continue };
        let Some(contents) = by_name.get(template.as_str()).map(|unit| text_or_empty(unit, "contents")) else {
            continue;
        };
        // What cannot be read is the template's own mistake, and said there.
        if !contents.is_empty() && file::sections(contents).is_ok_and(|sections| !sections.contains(&"Install")) {
            let (template, name) = (quoted(&template), quoted(name));
            let message = format!("template unit {template} for {name} doesn't have Install section");
            check.warn_at(&["units".into(), index.into(), "contents".into()], message);
        }
    }
}

/// The template of an instance of a service.
fn template_of(name: &str) -> Option<String> {
    let stem = name.strip_suffix(".service")?;
    let (at, _) = stem.match_indices('@').find(|(at, _)| *at > 0)?;
    (at + 1 < stem.len()).then(|| format!("{}@.service", &stem[..at]))
}

/// A unit has one of systemd's names and contents that can be read; to enable it does something.
pub(in crate::ignition) fn unit(check: &mut Check<'_>) {
    let name = check.text("name").unwrap_or("");
    if !KINDS.contains(&path::extension(name)) {
        check.error("name", "invalid systemd unit extension");
    }
    let enabled = check.is_true("enabled") && has_text(check.node, "contents");
    match file::sections(check.text("contents").unwrap_or("")) {
        Err(error) => check.error("contents", format!("invalid unit content: {error}")),
        Ok(sections) if enabled && !sections.contains(&"Install") => {
            let name = quoted(name);
            let message = format!("unit {name} is enabled, but has no install section so enable does nothing");
            check.warn("contents", message);
        }
        Ok(_) => {}
    }
}

/// A drop-in has contents that can be read, and a name that systemd looks for.
pub(in crate::ignition) fn dropin(check: &mut Check<'_>) {
    if let Err(error) = file::sections(check.text("contents").unwrap_or("")) {
        check.error("contents", format!("invalid unit content: {error}"));
    }
    if path::extension(check.text("name").unwrap_or("")) != ".conf" {
        check.error("name", "invalid systemd drop-in extension");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_has_a_template() {
        assert_eq!(template_of("a@b.service").as_deref(), Some("a@.service"));
        assert_eq!(template_of("@a@b.service").as_deref(), Some("@a@.service"));
        assert_eq!(template_of("a@.service"), None);
        assert_eq!(template_of("a@b.timer"), None);
    }
}
