//! `secret` blocks: where each comes from, and who may have it. They are read here, once.

use super::machines::Draft;
use crate::{
    Kept, Secret, SecretSource, SecretText,
    fields::Fields,
    functions::{nearby, reason},
    nearest::suggestion,
    secret::{
        SecretValue,
        age::{Identity, decrypt},
        pick,
    },
    source::At,
    world::World,
};
use std::{cell::OnceCell, collections::BTreeMap};
use zeroize::Zeroizing;

/// The ways to name a source.
const SOURCES: [&str; 4] = ["file", "age", "env", "folder"];
/// The variable that names the file of the key, where the site does not.
const IDENTITY: &str = "FIRSTLIGHT_AGE_IDENTITY";
/// How the name of a file in a folder ends that age has encrypted.
const AGE: &str = ".age";

pub(super) fn read(
    world: &World<'_>,
    machines: &[Draft],
    age_identity: Option<&At<String>>,
) -> BTreeMap<String, Secret> {
    let keeper = Keeper { machines, age_identity, identity: OnceCell::new() };
    let secrets = world.blocks("secret").filter_map(|block| keeper.secret(&Fields::new(world, block)));
    secrets.map(|secret| (secret.name.clone(), secret)).collect()
}

/// What secrets are read with.
struct Keeper<'d> {
    machines: &'d [Draft],
    age_identity: Option<&'d At<String>>,
    identity: OnceCell<Option<Identity>>,
}

impl Keeper<'_> {
    fn secret(&self, fields: &Fields<'_, '_>) -> Option<Secret> {
        let name = fields.label();
        let plain = name.value.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
        if !plain || name.value.starts_with(|c: char| !c.is_ascii_alphabetic() && c != '_') {
            let note = fields.error(name.span, format!("`{}` cannot be the name of a secret", name.value));
            note.next("use letters, digits, `_` and `-`, and a letter first: templates write secrets.NAME");
        }
        let classes = fields.texts("classes").unwrap_or_default();
        let classes = classes.into_iter().filter(|name| fields.world.known("class", name)).map(|at| at.value).collect();
        let who = machine_names(fields, self.machines);
        let key = fields.text("key").map(|at| at.value);
        let source = source(fields)?;
        let value = self.value(fields, &source, key.as_deref())?;
        Some(Secret {
            name: name.value,
            place: fields.place(),
            source: source.value,
            key,
            classes,
            machines: who,
            value,
        })
    }

    fn value(&self, fields: &Fields<'_, '_>, source: &At<SecretSource>, key: Option<&str>) -> Option<SecretValue> {
        let (world, named) = (fields.world, |name: &str| source.clone().with(name.to_owned()));
        match &source.value {
            SecretSource::File(name) => self.content(fields, &named(name), false, key).map(SecretValue::One),
            SecretSource::Age(name) => self.content(fields, &named(name), true, key).map(SecretValue::One),
            SecretSource::Env(name) => match world.outside.env(name) {
                Some(text) => {
                    picked(fields, source, &format!("the variable `{name}`"), &text, key).map(SecretValue::One)
                }
                None => {
                    let note = fields.error(source.span, format!("the environment variable `{name}` is not set"));
                    note.next("set it where the server is started");
                    None
                }
            },
            SecretSource::Folder(folder) => self.each(fields, &named(folder), key),
        }
    }

    /// Each machine's own.
    fn each(&self, fields: &Fields<'_, '_>, folder: &At<String>, key: Option<&str>) -> Option<SecretValue> {
        let world = fields.world;
        let mut texts = BTreeMap::new();
        for machine in self.machines {
            let plain = format!("{}/{}", folder.value, machine.name.value);
            let names = [(plain.clone(), false), (format!("{plain}{AGE}"), true)];
            let there = names.into_iter().find(|(name, _)| world.outside.is_file(&world.root.join(name)));
            let Some((name, encrypted)) = there else { continue };
            let text = self.content(fields, &folder.clone().with(name), encrypted, key)?;
            texts.insert(machine.name.value.to_string(), text);
        }
        if texts.is_empty() {
            let message = format!("the folder `{}` holds a file for no declared machine", folder.value);
            world.problems.warning(folder.span, message).next("name each file as its machine");
        }
        Some(SecretValue::Each(texts))
    }

    /// The secret in a file.
    fn content(
        &self,
        fields: &Fields<'_, '_>,
        file: &At<String>,
        encrypted: bool,
        key: Option<&str>,
    ) -> Option<SecretText> {
        let (world, name) = (fields.world, &file.value);
        let kept = kept(fields, file)?;
        if kept.open_to_all && !encrypted {
            let note = world.problems.warning(file.span, format!("everybody on this computer can read `{name}`"));
            note.next("chmod o-rwx it; the user that the server runs as has to be able to read it");
        }
        let bytes = match encrypted {
            false => Zeroizing::new(kept.bytes),
            true => match decrypt(&kept.bytes, self.identity(fields, file)?) {
                Ok(content) => content,
                Err(why) => {
                    let note = fields.error(file.span, format!("the secret in `{name}` cannot be decrypted: {why}"));
                    note.next("encrypt it for the key of `age_identity`: age -r $(age-keygen -y IDENTITY) -o FILE");
                    return None;
                }
            },
        };
        let Ok(text) = std::str::from_utf8(&bytes) else {
            let note = fields.error(file.span, format!("the secret in `{name}` is not UTF-8 text"));
            note.next("encode it, with `base64` for example, and decode it where it is used");
            return None;
        };
        picked(fields, file, &format!("`{name}`"), text, key)
    }

    /// The key that secrets are encrypted for. What is wrong with it is said once.
    fn identity(&self, fields: &Fields<'_, '_>, wanted: &At<String>) -> Option<&Identity> {
        self.identity.get_or_init(|| self.read_identity(fields, wanted)).as_ref()
    }

    fn read_identity(&self, fields: &Fields<'_, '_>, wanted: &At<String>) -> Option<Identity> {
        let by_variable = || fields.world.outside.env(IDENTITY).map(|name| wanted.clone().with(name));
        let Some(file) = self.age_identity.cloned().or_else(by_variable) else {
            let note = fields.error(wanted.span, "there is no key to decrypt this with");
            note.next(&format!(
                "set `age_identity` in the `site` block, or the variable {IDENTITY}, to the file of age-keygen"
            ));
            return None;
        };
        let kept = kept(fields, &file)?;
        if kept.open_to_all {
            let message = format!("everybody on this computer can read `{}`", file.value);
            fields.world.problems.warning(file.span, message).next("chmod o-rwx it");
        }
        let identity = Identity::parse(&kept.bytes);
        if let Err(why) = &identity {
            let note = fields.error(file.span, format!("the key in `{}` cannot be used: {why}", file.value));
            note.next("name a file as `age-keygen -o FILE` makes it");
        }
        identity.ok()
    }
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
        let message = format!("the secret `{}` needs one of file, age, env and folder", fields.label().value);
        let note = fields.error(fields.block.header, message);
        note.next("for example: file = \"secrets/join\"");
        return None;
    };
    let at = fields.text(way)?;
    let source = match way {
        "file" => SecretSource::File(at.value.clone()),
        "age" => SecretSource::Age(at.value.clone()),
        "env" => SecretSource::Env(at.value.clone()),
        _ => SecretSource::Folder(at.value.clone()),
    };
    Some(at.with(source))
}

/// The content of a secret's file.
fn kept(fields: &Fields<'_, '_>, file: &At<String>) -> Option<Kept> {
    let (world, name) = (fields.world, &file.value);
    match world.outside.kept(&world.root.join(name)) {
        Ok(kept) => Some(kept),
        Err(error) => {
            let note = fields.error(file.span, format!("the secret in `{name}` cannot be read: {}", reason(&error)));
            note.help(nearby(world, name));
            None
        }
    }
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
