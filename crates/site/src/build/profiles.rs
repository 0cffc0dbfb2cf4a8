//! `profile` blocks: what to boot.

use super::{
    LEAVE_BY, configs, disk, machines,
    os::{Boots, Chosen, Systems},
};
use crate::{
    Boot, Class, Config, Install, LeaveBy, Linux, Profile, ReportedBy, TextFile,
    fields::Fields,
    functions::{nearby, reason},
    source::{At, Span},
    world::World,
};
use std::{collections::BTreeMap, time::Duration};

/// The words of `reported_by`.
const REPORTED_BY: &[(&str, ReportedBy)] = &[("installer", ReportedBy::Installer), ("system", ReportedBy::System)];

/// The profiles, and what those boot that name an operating system.
pub(super) fn read(world: &World<'_>, systems: &Systems) -> (BTreeMap<String, Profile>, BTreeMap<String, Chosen>) {
    let (mut profiles, mut by_os) = (BTreeMap::new(), BTreeMap::new());
    for fields in world.blocks("profile").map(|block| Fields::new(world, block)) {
        let chosen = fields.is_written("os").then(|| systems.choose(&fields));
        profiles.extend(profile(&fields, &chosen).map(|profile| (profile.name.clone(), profile)));
        by_os.extend(chosen.flatten().map(|chosen| (fields.label().value, chosen)));
    }
    (profiles, by_os)
}

/// `os` is what the profile has got of the system that it names, where it names one.
fn profile(fields: &Fields<'_, '_>, os: &Option<Option<Chosen>>) -> Option<Profile> {
    let name = fields.label();
    check_name(fields, &name);
    let chosen = os.as_ref().and_then(Option::as_ref);
    let usual = || chosen.map_or_else(|| name.value.clone(), |os| os.title.clone());
    let title = fields.text("title").map(|at| at.value).unwrap_or_else(usual);
    let menu = fields.flag("menu").unwrap_or(fields.inner("install").is_none());
    let (arch, vars) = (fields.parsed_list("arch"), fields.vars());
    let mut arch: Vec<_> = arch.unwrap_or_default().into_iter().map(|at| at.value).collect();
    if let (Some(os), true) = (chosen, arch.is_empty()) {
        arch.push(os.arch);
    }
    let (boot, configs, install) = (boot(fields, chosen), configs::read(fields), install(fields));
    let (place, os) = (fields.place(), chosen.map(|os| os.name.clone()));
    let profile = Profile { name: name.value, place, title, menu, os, boot: boot?, configs, install, arch, vars };
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
        reported_by: inner.word("reported_by", REPORTED_BY).map_or(ReportedBy::Installer, |at| at.value),
    })
}

/// An install on a menu is not what was meant.
fn check_install(fields: &Fields<'_, '_>, profile: &Profile) {
    if profile.install.is_none() {
        return;
    }
    if let (Some(written), Some(true)) = (fields.written("menu"), fields.flag("menu")) {
        let note = fields.error(written.span, "a profile that installs is never on the menu");
        note.label("it would write to the disk of whoever chooses it")
            .next("remove `menu`; `firstlight machines arm NAME` begins an install");
    }
}

/// An install of which nothing says where it reports that it is done. What a class or a machine adds may say it.
pub(super) fn warn_unreported<'c>(
    world: &World<'_>,
    profiles: &BTreeMap<String, Profile>,
    mut added: impl Iterator<Item = &'c Config>,
) {
    if added.any(|config| config.reports()) {
        return;
    }
    let boots = |profile: &&Profile| !matches!(profile.boot, Boot::Disk(_) | Boot::Menu);
    for profile in profiles.values().filter(|profile| profile.install.is_some() && !profile.reports()).filter(boots) {
        let Some(block) = world.find("profile", &profile.name) else { continue };
        let message =
            format!("nothing in the profile `{}` says where to report that the install is done", profile.name);
        let note = world.problems.warning(block.header, message);
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
fn boot(fields: &Fields<'_, '_>, os: Option<&Chosen>) -> Option<Boot> {
    let ways: Vec<&str> = ["os", "kernel", "script", "boot"].into_iter().filter(|way| fields.is_written(way)).collect();
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
                    "add `os = \"flatcar/stable\"`, `kernel = \"an-asset\"`, `script = \"file.ipxe\"`, `boot = \"disk\"` or `boot = \"menu\"`",
                );
            }
        }
        return None;
    };
    only_with(fields, way, &["os", "kernel"], &["initrd", "args"]);
    only_with(fields, way, &["os", "kernel", "script"], &["config"]);
    only_with(fields, way, &["boot"], &["leave_by"]);
    match way {
        "os" => of_system(fields, os?),
        "kernel" => linux(fields).map(Boot::Linux),
        "script" => text_file(fields, &fields.text("script")?).map(Boot::Script),
        _ => {
            let disk = fields.word("boot", &[("disk", true), ("menu", false)])?.value;
            let leave_by = fields.word("leave_by", LEAVE_BY).map_or(LeaveBy::Exit, |at| at.value);
            Some(if disk { Boot::Disk(leave_by) } else { Boot::Menu })
        }
    }
}

fn only_with(fields: &Fields<'_, '_>, way: &str, needed: &[&str], names: &[&str]) {
    for (name, written) in names.iter().filter_map(|name| Some((name, fields.written(name)?))) {
        if !needed.contains(&way) {
            let note = fields.error(written.key, format!("`{name}` has no effect in a profile with `{way}`"));
            note.help(format!("it goes with `{}`; remove it here", needed.join("` or `")));
        }
    }
}

fn linux(fields: &Fields<'_, '_>) -> Option<Linux> {
    let kernel = fields.reference("kernel", "asset").map(|at| at.value);
    let initrds = fields.texts("initrd").unwrap_or_default();
    let initrds = initrds.into_iter().filter(|name| fields.world.known("asset", name)).map(|at| at.value).collect();
    let (args, at) = args(fields);
    Some(Linux { kernel: kernel?, initrds, args, args_place: fields.world.problems.place(at) })
}

/// What the system boots; initrds and arguments of the profile come behind its own.
fn of_system(fields: &Fields<'_, '_>, os: &Chosen) -> Option<Boot> {
    let (kernel, initrds, args) = match &os.boots {
        Boots::Linux { kernel, initrds, args } => (kernel.clone(), initrds.clone(), args),
        Boots::Script(script) => {
            for written in ["initrd", "args"].into_iter().filter_map(|name| fields.written(name)) {
                let note = fields
                    .error(written.key, format!("`{}` boots a script of its own, which takes none of these", os.name));
                note.next("remove it here");
            }
            return Some(Boot::Script(script.clone()));
        }
    };
    let own = fields.texts("initrd").unwrap_or_default();
    let own = own.into_iter().filter(|name| fields.world.known("asset", name)).map(|at| at.value);
    let initrds = initrds.into_iter().chain(own).collect();
    let (more, at) = self::args(fields);
    let args = [args.as_str(), &more].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    Some(Boot::Linux(Linux { kernel, initrds, args, args_place: fields.world.problems.place(at) }))
}

/// Configs that nothing in the system reads that they are for.
pub(super) fn check_configs(
    world: &World<'_>,
    chosen: &BTreeMap<String, Chosen>,
    classes: &BTreeMap<String, Class>,
    machines: &[machines::Draft],
    default: Option<&str>,
) {
    let check = |kind: &str, name: &str, profile: Option<&str>| {
        let Some(os) = profile.and_then(|profile| chosen.get(profile)) else { return };
        let Some(fields) = world.find(kind, name).map(|block| Fields::new(world, block)) else { return };
        configs::kinds(&fields).into_iter().for_each(|at| os.check_config(world, at.value, at.span));
    };
    chosen.keys().for_each(|profile| check("profile", profile, Some(profile)));
    for class in classes.values() {
        check("class", &class.name, class.profile.as_deref().or(default));
    }
    for machine in machines {
        let os = machine.profile_of(classes).or(default).and_then(|profile| chosen.get(profile));
        let (Some(os), Some(at)) = (os, machine.configs_at) else { continue };
        machine.configs.iter().for_each(|config| os.check_config(world, config.kind, at));
    }
}

/// The kernel's command line, joined from its parts. It is one line.
fn args(fields: &Fields<'_, '_>) -> (String, Span) {
    let parts = fields.texts("args").unwrap_or_default();
    let line = line(fields.world, &parts);
    (line, fields.written("args").map_or(fields.block.header, |written| written.span))
}

/// A kernel's command line from its parts.
pub(super) fn line(world: &World<'_>, parts: &[At<String>]) -> String {
    for part in parts {
        if part.value.trim_end().contains(['\n', '\r', '\0']) {
            let note = world.problems.error(part.span, "the kernel's arguments hold a line break");
            note.label("a command line is one line").next("write them as a list: args = [\"quiet\", \"…\"]");
        }
    }
    parts.iter().map(|part| part.value.trim()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Reads a text file of the site.
pub(super) fn text_file(fields: &Fields<'_, '_>, name: &At<String>) -> Option<TextFile> {
    let world = fields.world;
    match world.text(&name.value) {
        Ok(text) => Some(TextFile { file: name.value.clone(), place: world.problems.place(name.span), text }),
        Err(error) => {
            let note = fields.error(name.span, format!("`{}` cannot be read: {}", name.value, reason(&error)));
            note.label("missing or not readable").help(nearby(world, &name.value));
            None
        }
    }
}
