//! `profile` blocks: what to boot.

use super::{LEAVE_BY, disk};
use crate::{
    Boot, Install, LeaveBy, Linux, Profile, TextFile,
    fields::Fields,
    functions::{nearby, reason},
    source::{At, Span},
    world::World,
};
use serde_json::Value;
use std::{collections::BTreeMap, path::Path, time::Duration};

pub(super) fn read(world: &World<'_>) -> BTreeMap<String, Profile> {
    let profiles = world.blocks("profile").filter_map(|block| profile(&Fields::new(world, block)));
    profiles.map(|profile| (profile.name.clone(), profile)).collect()
}

fn profile(fields: &Fields<'_, '_>) -> Option<Profile> {
    let name = fields.label();
    check_name(fields, &name);
    let title = fields.text("title").map(|at| at.value).unwrap_or_else(|| name.value.clone());
    let menu = fields.flag("menu").unwrap_or(fields.inner("install").is_none());
    let (arch, vars) = (fields.parsed_list("arch"), fields.vars());
    let arch = arch.unwrap_or_default().into_iter().map(|at| at.value).collect();
    let (boot, install) = (boot(fields), install(fields));
    let profile = Profile { name: name.value, place: fields.place(), title, menu, boot: boot?, install, arch, vars };
    check_install(fields, &profile);
    Some(profile)
}

fn install(fields: &Fields<'_, '_>) -> Option<Install> {
    let inner = fields.inner("install")?;
    if let Some(boot) = fields.written("boot") {
        let note = fields.error(inner.block.header, "`install` has no effect in a profile with `boot`");
        note.related(boot.key, "set here").next("an installer is a `kernel` or a `script`; remove one of the two");
    }
    let disk = disk::read(&inner)?;
    Some(Install {
        place: inner.place(),
        disk,
        wipe: inner.flag("wipe").unwrap_or(false),
        attempts: inner.number("attempts", 1..=20).unwrap_or(3),
        timeout: inner.duration("timeout").map_or(Duration::from_secs(3600), |at| at.value),
    })
}

/// An install that cannot end, and one on a menu, are not what was meant.
fn check_install(fields: &Fields<'_, '_>, profile: &Profile) {
    if profile.install.is_none() {
        return;
    }
    if let (Some(written), Some(true)) = (fields.written("menu"), fields.flag("menu")) {
        let note = fields.error(written.span, "a profile that installs is never on the menu");
        note.label("it would write to the disk of whoever chooses it")
            .next("remove `menu`; `firstlight machines arm NAME` begins an install");
    }
    if !profile.reports() && !matches!(profile.boot, Boot::Disk(_) | Boot::Menu) {
        let message =
            format!("nothing in the profile `{}` says where to report that the install is done", profile.name);
        let note = fields.world.problems.warning(fields.block.header, message);
        note.label("each machine would be held after its last attempt")
            .next("have the installer send a POST request to `{{ report_url }}` at its end");
    }
}

/// Names of profiles and assets become parts of URLs.
pub(super) fn check_name(fields: &Fields<'_, '_>, name: &At<String>) {
    if name.value.is_empty() || name.value.starts_with('.') || !name.value.chars().all(in_url) {
        let note = fields.error(name.span, format!("`{}` cannot be part of a URL", name.value));
        note.next("use letters, digits, `.`, `_` and `-`, and no `.` first");
    }
}

fn in_url(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._-".contains(c)
}

/// Exactly one of the ways to boot.
fn boot(fields: &Fields<'_, '_>) -> Option<Boot> {
    let ways: Vec<&str> = ["kernel", "script", "boot"].into_iter().filter(|way| fields.is_written(way)).collect();
    let (&[way], _) = (&ways[..], ()) else {
        let name = fields.label().value;
        match (ways.first().and_then(|w| fields.written(w)), ways.get(1).and_then(|w| fields.written(w))) {
            (Some(first), Some(second)) => {
                let note = fields.error(second.key, format!("a profile has one of {}, not more", ways.join(", ")));
                note.related(first.key, "the first is set here").next("remove all but one of them");
            }
            _ => {
                let note = fields.error(fields.block.header, format!("the profile `{name}` boots nothing"));
                note.label("required").next(
                    "add `kernel = \"an-asset\"`, `script = \"file.ipxe\"`, `boot = \"disk\"` or `boot = \"menu\"`",
                );
            }
        }
        return None;
    };
    only_with(fields, way, "kernel", &["initrd", "args", "config"]);
    only_with(fields, way, "boot", &["leave_by"]);
    match way {
        "kernel" => linux(fields).map(Boot::Linux),
        "script" => text_file(fields, &fields.text("script")?).map(Boot::Script),
        _ => {
            let disk = fields.word("boot", &[("disk", true), ("menu", false)])?.value;
            let leave_by = fields.word("leave_by", LEAVE_BY).map_or(LeaveBy::Exit, |at| at.value);
            Some(if disk { Boot::Disk(leave_by) } else { Boot::Menu })
        }
    }
}

fn only_with(fields: &Fields<'_, '_>, way: &str, needed: &str, names: &[&str]) {
    for (name, written) in names.iter().filter_map(|name| Some((name, fields.written(name)?))) {
        if way != needed {
            let note = fields.error(written.key, format!("`{name}` has no effect in a profile with `{way}`"));
            note.help(format!("it goes with `{needed}`; remove it here"));
        }
    }
}

fn linux(fields: &Fields<'_, '_>) -> Option<Linux> {
    let kernel = fields.reference("kernel", "asset").map(|at| at.value);
    let initrds = fields.texts("initrd").unwrap_or_default();
    let initrds = initrds.into_iter().filter(|name| fields.world.known("asset", name)).map(|at| at.value).collect();
    let (args, at) = args(fields);
    let (args_place, configs) = (fields.world.problems.place(at), configs(fields));
    Some(Linux { kernel: kernel?, initrds, args, args_place, configs })
}

/// The kernel's command line, joined from its parts. It is one line.
fn args(fields: &Fields<'_, '_>) -> (String, Span) {
    let parts = fields.texts("args").unwrap_or_default();
    for part in &parts {
        if part.value.trim_end().contains(['\n', '\r', '\0']) {
            let note = fields.error(part.span, "the kernel's arguments hold a line break");
            note.label("a command line is one line").next("write them as a list: args = [\"quiet\", \"…\"]");
        }
    }
    let line = parts.iter().map(|part| part.value.trim()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    (line, fields.written("args").map_or(fields.block.header, |written| written.span))
}

/// One file, a list of files served under their own names, or a map from name to file.
fn configs(fields: &Fields<'_, '_>) -> BTreeMap<String, TextFile> {
    let named: Vec<(Option<String>, At<Value>)> = match fields.value("config") {
        Some(At { value: Value::Object(map), span }) => {
            map.into_iter().map(|(name, file)| (Some(name), At::new(file, span))).collect()
        }
        Some(_) => fields.items("config").unwrap_or_default().into_iter().map(|file| (None, file)).collect(),
        None => Vec::new(),
    };
    let mut configs = BTreeMap::new();
    for (name, file) in named {
        let span = file.span;
        let Value::String(file) = file.value else {
            let _: Option<()> = fields.wrong_type(&file, "config", "a file's name, a list of them, or a map of them");
            continue;
        };
        let base = Path::new(&file).file_name().and_then(|base| base.to_str()).unwrap_or_default();
        let name = At::new(name.unwrap_or_else(|| base.to_owned()), span);
        check_name(fields, &name);
        let Some(text) = text_file(fields, &At::new(file, span)) else { continue };
        if configs.insert(name.value.clone(), text).is_some() {
            let note = fields.error(span, format!("a second config is served as `{}`", name.value));
            note.next("name them: config = { \"a.yaml\" = \"one/file.yaml\", \"b.yaml\" = \"other/file.yaml\" }");
        }
    }
    configs
}

/// Reads a text file of the site.
fn text_file(fields: &Fields<'_, '_>, name: &At<String>) -> Option<TextFile> {
    let world = fields.world;
    match world.outside.read(&world.root.join(&name.value)) {
        Ok(text) => Some(TextFile { file: name.value.clone(), place: world.problems.place(name.span), text }),
        Err(error) => {
            let note = fields.error(name.span, format!("`{}` cannot be read: {}", name.value, reason(&error)));
            note.label("missing or not readable").help(nearby(world, &name.value));
            None
        }
    }
}
