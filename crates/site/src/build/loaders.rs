//! `loader` blocks: network boot programs that the site brings along.

use super::profiles::check_name;
use crate::{
    Loader, Over, Then,
    fields::Fields,
    source::{At, Span},
    world::World,
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};

pub(super) const OVER: &[(&str, Over)] = &[("tftp", Over::Tftp), ("http", Over::Http)];
pub(super) const THEN: &[(&str, Then)] = &[("ipxe", Then::Ipxe), ("grub", Then::Grub), ("nothing", Then::Nothing)];

pub(super) fn read(world: &World<'_>) -> BTreeMap<String, Loader> {
    let mut owners: HashMap<(u16, bool), (Span, String)> = HashMap::new();
    let mut loaders = BTreeMap::new();
    for block in world.blocks("loader") {
        let fields = Fields::new(world, block);
        let (arch, secure) = (arch(&fields), fields.flag("secure_boot").unwrap_or(false));
        for number in &arch {
            let name = fields.label().value;
            if let Some((first, owner)) = owners.insert((number.value, secure), (number.span, name)) {
                let message = format!("firmware of type {} has the loader `{owner}` already", number.value);
                let note = fields.error(number.span, message);
                note.related(first, "first used here").next("a type of firmware has one loader: remove one of them");
            }
        }
        if let Some(loader) = loader(&fields, &arch, secure) {
            loaders.insert(loader.name.clone(), loader);
        }
    }
    loaders
}

fn loader(fields: &Fields<'_, '_>, arch: &[At<u16>], secure_boot: bool) -> Option<Loader> {
    let name = fields.label();
    check_name(fields, &name);
    fields.require("arch", "7");
    fields.require("path", "\"loaders/boot.efi\"");
    let (over, then) = (fields.word("over", OVER), fields.word("then", THEN));
    Some(Loader {
        name: name.value,
        place: fields.place(),
        arch: arch.iter().map(|at| at.value).collect(),
        beside: beside(fields),
        over: over.map(|at| at.value),
        then: then.map_or(Then::Ipxe, |at| at.value),
        secure_boot,
        path: file(fields, &fields.text("path")?)?.1,
    })
}

/// The numbers of option 93.
fn arch(fields: &Fields<'_, '_>) -> Vec<At<u16>> {
    let number = |at: &At<Value>| at.value.as_u64().or_else(|| at.value.as_str()?.trim().parse().ok());
    let read = |at: At<Value>| match number(&at).and_then(|number| u16::try_from(number).ok()) {
        Some(number) => Some(At::new(number, at.span)),
        None => {
            let note = fields.error(at.span, "`arch` of a loader is a number of DHCP option 93, from 0 to 65535");
            note.next("7 is UEFI on x86-64, 11 UEFI on arm64, 22 U-Boot on arm64: IANA's list has them all");
            None
        }
    };
    fields.items("arch").unwrap_or_default().into_iter().filter_map(read).collect()
}

/// One file or a list of files under their own names, or a map from the name that is asked for to the file.
fn beside(fields: &Fields<'_, '_>) -> BTreeMap<String, PathBuf> {
    if let Some(At { value: Value::Object(map), span }) = fields.value("beside") {
        let one = |(name, path): (String, Value)| {
            check_name(fields, &At::new(name.clone(), span));
            let path = path.as_str().map(|path| fields.world.root.join(path));
            path.map(|path| (name, path)).or_else(|| wrong(fields, span))
        };
        return map.into_iter().filter_map(one).collect();
    }
    let files = fields.texts("beside").unwrap_or_default();
    files.iter().filter_map(|path| file(fields, path)).collect()
}

fn wrong<T>(fields: &Fields<'_, '_>, span: Span) -> Option<T> {
    let note = fields.error(span, "`beside` maps a name to something that is no file's name");
    note.next("for example: beside = { \"grubx64.efi\" = \"loaders/grubnetx64.efi\" }");
    None
}

/// A file and the name that it is served under, which is its own.
fn file(fields: &Fields<'_, '_>, path: &At<String>) -> Option<(String, PathBuf)> {
    let name = Path::new(&path.value).file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    check_name(fields, &At::new(name.clone(), path.span));
    (!name.is_empty()).then(|| (name, fields.world.root.join(&path.value)))
}
