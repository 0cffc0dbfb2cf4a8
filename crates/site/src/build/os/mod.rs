//! `os = "NAME/CHANNEL/VERSION"` in a profile: which system is meant, and what it consists of. A system is an `os` block of the
//! catalog (crates/catalog), of the site, or of both: then what the site says comes first.

mod files;
mod layers;
mod version;
mod words;

use super::profiles::{check_name, line};
use crate::{
    Asset, ConfigKind, Place, System, TextFile,
    config::KINDS,
    fields::Fields,
    nearest::{nearest, suggestion},
    source::{At, Span},
    world::World,
};
use firstlight_model::Arch;
use layers::Layers;
use std::{cell::RefCell, collections::BTreeMap};
use words::Words;

/// The systems that profiles have named so far, with the assets that they are made of.
#[derive(Default)]
pub(super) struct Systems {
    systems: RefCell<BTreeMap<String, System>>,
    assets: RefCell<BTreeMap<String, Asset>>,
}

/// What a profile gets of the system that it names.
pub(super) struct Chosen {
    /// One of the site's systems.
    pub(super) name: String,
    pub(super) title: String,
    pub(super) arch: Arch,
    pub(super) boots: Boots,
    /// The kinds of config that it reads, besides texts.
    reads: Vec<ConfigKind>,
    span: Span,
}

/// What it boots.
pub(super) enum Boots {
    Linux { kernel: String, initrds: Vec<String>, args: String },
    Script(TextFile),
}

/// The parts of what a profile says.
struct Named {
    whole: String,
    os: String,
    channel: String,
    version: Option<String>,
    span: Span,
}

/// A system while it is put together.
struct Making<'w, 'a> {
    world: &'w World<'a>,
    named: Named,
    layers: Layers<'w, 'a>,
    words: Words<'w, 'a>,
    arch: Arch,
    place: Place,
}

impl Systems {
    /// The systems, and the site's assets with theirs: one that the site declares itself stays.
    pub(super) fn finish(self, assets: &mut BTreeMap<String, Asset>) -> BTreeMap<String, System> {
        for (name, asset) in self.assets.into_inner() {
            assets.entry(name).or_insert(asset);
        }
        self.systems.into_inner()
    }

    /// The system that a profile names, and what it boots. What is wrong is complained about.
    pub(super) fn choose(&self, fields: &Fields<'_, '_>) -> Option<Chosen> {
        let at = fields.text("os")?;
        let named = named(fields.world, &at)?;
        let layers = Layers::of(fields.world, &named.os)?;
        let arch = arch(fields, &layers, &named)?;
        let layers = layers.narrowed(&named.channel, &arch.to_string());
        let words = Words::new(fields.world, &layers, &named.channel, &arch.to_string());
        let place = fields.world.problems.place(at.span);
        let making = Making { world: fields.world, named, layers, words, arch, place };
        making.make(self)
    }
}

/// The system, channel and version of `os`, of which the first two exist.
fn named(world: &World<'_>, at: &At<String>) -> Option<Named> {
    let mut parts = at.value.splitn(3, '/');
    let os = parts.next().unwrap_or_default();
    let Some(layers) = Layers::of(world, os) else {
        if !world.is_broken("os", os) {
            let help = suggestion(os, layers::names(world));
            let help =
                help.or_else(|| Some(format!("declare it: `os \"{os}\" {{ … }}`; docs/catalog.md has the others")));
            world.problems.error(at.span, format!("there is no os `{os}`")).label("undefined").help(help);
        }
        return None;
    };
    let channel = channel(world, &layers, os, parts.next(), at.span)?;
    let version = parts.next().map(str::to_owned);
    if let Some(version) = version.as_ref().filter(|version| !firstlight_catalog::listing::is_version(version)) {
        let note = world.problems.error(at.span, format!("`{version}` is not a version"));
        note.help(format!("for example: os = \"{os}/{channel}/1.2.3\"; or leave it out, for the newest"));
        return None;
    }
    let pinned = version.as_ref().map(|version| format!("/{version}")).unwrap_or_default();
    let whole = format!("{os}/{channel}{pinned}");
    Some(Named { whole, os: os.to_owned(), channel, version, span: at.span })
}

fn channel(world: &World<'_>, layers: &Layers<'_, '_>, os: &str, wanted: Option<&str>, at: Span) -> Option<String> {
    let channels = layers.labels("channel");
    let wanted = match wanted.map(|channel| At::new(channel.to_owned(), at)).or_else(|| layers.text("default")) {
        Some(wanted) => wanted,
        None => {
            let note = world.problems.error(at, format!("the os `{os}` has no default channel"));
            note.help(format!("say which, for example: os = \"{os}/{}\"", channels.first().map_or("stable", |c| c)));
            return None;
        }
    };
    if channels.contains(&wanted.value) {
        return Some(wanted.value);
    }
    let help = nearest(&wanted.value, channels.iter().map(String::as_str));
    let all = channels.join(", ");
    let help = help.map_or(format!("it has: {all}"), |near| format!("did you mean `{near}`? It has: {all}"));
    world.problems.error(wanted.span, format!("the os `{os}` has no channel `{}`", wanted.value)).help(help);
    None
}

/// The architecture that the profile is for: the one that it names, else the usual one.
fn arch(fields: &Fields<'_, '_>, layers: &Layers<'_, '_>, named: &Named) -> Option<Arch> {
    let offered: Vec<Arch> = layers.labels("arch").iter().filter_map(|label| label.parse().ok()).collect();
    let wanted = fields.parsed_list("arch").unwrap_or_default();
    let all = offered.iter().map(Arch::to_string).collect::<Vec<_>>().join(", ");
    match &wanted[..] {
        [] => {
            let usual = offered.iter().find(|arch| **arch == Arch::Amd64).or(offered.first()).copied();
            if usual.is_none() {
                let header = layers.header().unwrap_or(named.span);
                let note = fields.error(header, format!("the os `{}` says no architecture", named.os));
                note.next("add a block for each: `arch \"amd64\" {}`");
            }
            usual
        }
        [one] if offered.contains(&one.value) => Some(one.value),
        [one] => {
            let note = fields.error(one.span, format!("the os `{}` is not offered for {}", named.os, one.value));
            note.related(named.span, "this os").help(format!("it is offered for {all}"));
            None
        }
        [_, second, ..] => {
            let note = fields.error(second.span, "a profile with `os` is for one architecture");
            note.related(named.span, "its files are those of one").next("make a profile for each");
            None
        }
    }
}

impl Making<'_, '_> {
    fn make(mut self, systems: &Systems) -> Option<Chosen> {
        let version = self.version()?;
        if let Some(version) = &version.version {
            self.words.set_version(version);
        }
        let files = self.files(&version)?;
        for (label, file) in &files {
            self.words.set(label, format!("{{{{ server.url }}}}/asset/{}", file.asset.name));
        }
        let (boots, reads) = (self.boots(&files)?, self.reads());
        let title = self.layers.text("title").map_or_else(|| self.named.os.clone(), |at| at.value);
        let name = self.named.whole.clone();
        self.keep(systems, version, &title, files)?;
        Some(Chosen { name, title, arch: self.arch, boots, reads, span: self.named.span })
    }

    fn boots(&self, files: &[(String, files::File)]) -> Option<Boots> {
        let asset = |label: &str| files.iter().find(|(own, _)| own == label).map(|(_, file)| file.asset.name.clone());
        if self.layers.way(&["script", "kernel"]) == Some("script") {
            let at = self.layers.text("script")?;
            let (text, place) = (self.words.checked(&at)?.text, self.world.problems.place(at.span));
            let file = format!("{}#script", place.file);
            return Some(Boots::Script(TextFile { file, place, text: text.into() }));
        }
        let label = |at: At<String>| match asset(&at.value) {
            Some(asset) => Some(asset),
            None => self.no_file(&at),
        };
        let kernel = match self.layers.text("kernel") {
            Some(at) => label(at)?,
            None => asset("kernel").or_else(|| self.no_file(&At::new("kernel".to_owned(), self.named.span)))?,
        };
        let initrds = match self.layers.first("initrd") {
            Some(_) => self.layers.texts("initrd").into_iter().map(label).collect::<Option<_>>()?,
            None => asset("initrd").into_iter().collect(),
        };
        let parts = self.layers.texts("args");
        let parts = parts.iter().map(|at| Some(At::new(self.words.checked(at)?.text, at.span)));
        Some(Boots::Linux { kernel, initrds, args: line(self.world, &parts.collect::<Option<Vec<_>>>()?) })
    }

    fn no_file<T>(&self, label: &At<String>) -> Option<T> {
        let message = format!("the os `{}` has no file `{}`", self.named.os, label.value);
        let help = suggestion(&label.value, self.layers.labels("file").iter().map(String::as_str));
        let help = help.or_else(|| Some(format!("add a block: `file \"{}\" {{ url = \"https://…\" }}`", label.value)));
        self.world.problems.error(label.span, message).help(help);
        None
    }

    fn reads(&self) -> Vec<ConfigKind> {
        let Some(fields) = self.layers.first("configs") else { return Vec::new() };
        let kind = |at: At<String>| {
            let kind = KINDS.iter().find(|(word, _)| *word == at.value).map(|(_, kind)| *kind);
            if kind.is_none() {
                let help = suggestion(&at.value, KINDS.iter().map(|(word, _)| *word));
                fields.error(at.span, format!("`{}` is no kind of config", at.value)).help(help);
            }
            kind
        };
        fields.texts("configs").unwrap_or_default().into_iter().filter_map(kind).collect()
    }
}

impl Chosen {
    /// Complains about a config that nothing in this system reads.
    pub(super) fn check_config(&self, world: &World<'_>, kind: ConfigKind, at: Span) {
        if kind == ConfigKind::Text || self.reads.contains(&kind) {
            return;
        }
        let note = world.problems.error(at, format!("nothing in `{}` reads a config of the kind `{kind}`", self.name));
        let all = self.reads.iter().map(|kind| format!("\"{kind}\"")).collect::<Vec<_>>().join(", ");
        let help = match &*all {
            "" => "it reads none by itself; a file for a script of yours is of the kind \"text\"".to_owned(),
            all => format!("it reads {all}; where something else reads it, say `kind = \"text\"`"),
        };
        note.related(self.span, "this os").help(help);
    }
}

/// The site's own `os` blocks, also those that no profile names.
pub(super) fn check(world: &World<'_>) {
    for fields in world.blocks("os").map(|block| Fields::new(world, block)) {
        check_name(&fields, &fields.label());
        for inner in &fields.block.blocks {
            let inner = fields.of(inner);
            match inner.block.kind {
                "arch" => drop(inner.parse::<Arch>(inner.label(), "arch")),
                "channel" | "file" => check_name(&inner, &inner.label()),
                _ => {}
            }
        }
    }
}
