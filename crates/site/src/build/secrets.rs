//! `secret` blocks: where each comes from, and who may have it. They are read here, once.

use super::machines::Draft;
use crate::{
    Secret, SecretSource, SecretText,
    fields::Fields,
    functions::{nearby, reason},
    nearest::suggestion,
    secret::{SecretValue, pick},
    source::At,
    world::World,
};
use std::collections::BTreeMap;

/// The ways to name a source.
const SOURCES: [&str; 3] = ["file", "env", "folder"];

pub(super) fn read(world: &World<'_>, machines: &[Draft]) -> BTreeMap<String, Secret> {
    let secrets = world.blocks("secret").filter_map(|block| secret(&Fields::new(world, block), machines));
    secrets.map(|secret| (secret.name.clone(), secret)).collect()
}

fn secret(fields: &Fields<'_, '_>, machines: &[Draft]) -> Option<Secret> {
    let name = fields.label();
    let plain = name.value.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    if !plain || name.value.starts_with(|c: char| !c.is_ascii_alphabetic() && c != '_') {
        let note = fields.error(name.span, format!("`{}` cannot be the name of a secret", name.value));
        note.next("use letters, digits, `_` and `-`, and a letter first: templates write secrets.NAME");
    }
    let classes = fields.texts("classes").unwrap_or_default();
    let classes = classes.into_iter().filter(|name| fields.world.known("class", name)).map(|at| at.value).collect();
    let who = machine_names(fields, machines);
    let key = fields.text("key").map(|at| at.value);
    let source = source(fields)?;
    let value = value(fields, &source, key.as_deref(), machines)?;
    Some(Secret { name: name.value, place: fields.place(), source: source.value, key, classes, machines: who, value })
}

/// The machines that may have it; one of many by `for_each` goes by the name that it has then.
fn machine_names(fields: &Fields<'_, '_>, machines: &[Draft]) -> Vec<String> {
    let declared = || machines.iter().map(|machine| machine.name.value.as_str());
    let names = fields.texts("machines").unwrap_or_default();
    for name in names.iter().filter(|name| !declared().any(|known| known == name.value)) {
        let note = fields.error(name.span, format!("there is no machine `{}`", name.value));
        note.label("undefined").help(suggestion(&name.value, declared()));
    }
    names.into_iter().map(|at| at.value).collect()
}

fn source(fields: &Fields<'_, '_>) -> Option<At<SecretSource>> {
    let written: Vec<&str> = SOURCES.into_iter().filter(|way| fields.is_written(way)).collect();
    let &[way] = &written[..] else {
        let message = format!("the secret `{}` needs one of file, env and folder", fields.label().value);
        let note = fields.error(fields.block.header, message);
        note.next("for example: file = \"secrets/join\"");
        return None;
    };
    let at = fields.text(way)?;
    let source = match way {
        "file" => SecretSource::File(at.value.clone()),
        "env" => SecretSource::Env(at.value.clone()),
        _ => SecretSource::Folder(at.value.clone()),
    };
    Some(at.with(source))
}

fn value(
    fields: &Fields<'_, '_>,
    source: &At<SecretSource>,
    key: Option<&str>,
    machines: &[Draft],
) -> Option<SecretValue> {
    let world = fields.world;
    match &source.value {
        SecretSource::File(name) => content(fields, &source.clone().with(name.clone()), key).map(SecretValue::One),
        SecretSource::Env(name) => match world.outside.env(name) {
            Some(text) => picked(fields, source, &format!("the variable `{name}`"), &text, key).map(SecretValue::One),
            None => {
                let note = fields.error(source.span, format!("the environment variable `{name}` is not set"));
                note.next("set it where the server is started");
                None
            }
        },
        SecretSource::Folder(folder) => {
            let mut texts = BTreeMap::new();
            for machine in machines {
                let file = format!("{folder}/{}", machine.name.value);
                if !world.outside.is_file(&world.root.join(&file)) {
                    continue;
                }
                texts.insert(machine.name.value.to_string(), content(fields, &source.clone().with(file), key)?);
            }
            if texts.is_empty() {
                let message = format!("the folder `{folder}` holds a file for no declared machine");
                let note = world.problems.warning(source.span, message);
                note.next("name each file as its machine");
            }
            Some(SecretValue::Each(texts))
        }
    }
}

/// The secret in a file.
fn content(fields: &Fields<'_, '_>, file: &At<String>, key: Option<&str>) -> Option<SecretText> {
    let (world, name) = (fields.world, &file.value);
    let kept = match world.outside.kept(&world.root.join(name)) {
        Ok(kept) => kept,
        Err(error) => {
            let note = fields.error(file.span, format!("the secret in `{name}` cannot be read: {}", reason(&error)));
            note.help(nearby(world, name));
            return None;
        }
    };
    if kept.open_to_all {
        let note = world.problems.warning(file.span, format!("everybody on this computer can read `{name}`"));
        note.next("chmod o-rwx it; the user that the server runs as has to be able to read it");
    }
    let Ok(text) = std::str::from_utf8(&kept.bytes) else {
        let note = fields.error(file.span, format!("the secret in `{name}` is not UTF-8 text"));
        note.next("encode it, with `base64` for example, and decode it where it is used");
        return None;
    };
    picked(fields, file, &format!("`{name}`"), text, key)
}

fn picked<T>(fields: &Fields<'_, '_>, at: &At<T>, what: &str, text: &str, key: Option<&str>) -> Option<SecretText> {
    match pick(text, key) {
        Ok(text) => Some(SecretText::new(text)),
        Err(why) => {
            fields.error(at.span, format!("the secret in {what} cannot be used: {why}"));
            None
        }
    }
}
