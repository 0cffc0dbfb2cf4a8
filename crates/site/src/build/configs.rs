//! The attribute `config` of profiles, classes and machines: one file, a list of them, or a map from the name in the URL
//! to the file. Each may be written long: `{ file = "x", kind = "ignition", template = false }`.

use super::profiles::{check_name, text_file};
use crate::{
    Config, ConfigKind,
    config::{KINDS, is_for_cloud_init_to_render},
    fields::Fields,
    nearest::{nearest, suggestion},
    source::At,
};
use serde_json::{Map, Value};

/// What the long form may hold.
const KEYS: [&str; 4] = ["file", "name", "kind", "template"];
const WANTED: &str = "a file's name, a list of them, or a map of them";

/// The kinds of the configs that a block names, each where it is named. What is wrong is complained about by [`read`].
pub(super) fn kinds(fields: &Fields<'_, '_>) -> Vec<At<ConfigKind>> {
    let parts = entries(fields).into_iter().filter_map(|(name, value)| part(fields, name, value));
    parts.map(|part| At::new(part.value.kind, part.span)).collect()
}

pub(super) fn read(fields: &Fields<'_, '_>) -> Vec<Config> {
    let parts: Vec<_> = entries(fields).into_iter().filter_map(|(name, value)| part(fields, name, value)).collect();
    check_replaced(fields, &parts);
    parts.into_iter().map(|part| part.value).collect()
}

/// Each config as written, with its name in the URL where a map gives it one.
fn entries(fields: &Fields<'_, '_>) -> Vec<(Option<String>, At<Value>)> {
    match fields.value("config") {
        Some(At { value: Value::Object(map), span }) if !map.contains_key("file") => {
            map.into_iter().map(|(name, value)| (Some(name), At::new(value, span))).collect()
        }
        Some(_) => fields.items("config").unwrap_or_default().into_iter().map(|value| (None, value)).collect(),
        None => Vec::new(),
    }
}

fn part(fields: &Fields<'_, '_>, name: Option<String>, at: At<Value>) -> Option<At<Config>> {
    let span = at.span;
    let long = match at.value {
        Value::String(file) => Map::from_iter([("file".to_owned(), Value::String(file))]),
        Value::Object(map) => map,
        other => return fields.wrong_type(&At::new(other, span), "config", WANTED),
    };
    known_keys(fields, &At::new(&long, span))?;
    let name = name.or(text(fields, &long, "name", span)?);
    if let Some(name) = &name {
        check_name(fields, &At::new(name.clone(), span));
    }
    let Some(file) = text(fields, &long, "file", span)? else {
        let note = fields.error(span, "this config names no file");
        note.next("for example: config = { file = \"worker.bu\" }");
        return None;
    };
    let kind = kind(fields, &long, span)?;
    let template = template(fields, &long, span)?;
    let file = text_file(fields, &At::new(file, span))?;
    let kind = kind.unwrap_or_else(|| ConfigKind::of(name.as_deref(), &file.file, &file.text));
    let template = template.unwrap_or_else(|| !is_for_cloud_init_to_render(&file.text));
    let config = Config { name, kind, template, file };
    if config.name.is_none() {
        check_name(fields, &At::new(config.served_as(), span));
    }
    Some(At::new(config, span))
}

fn known_keys(fields: &Fields<'_, '_>, long: &At<&Map<String, Value>>) -> Option<()> {
    let Some(unknown) = long.value.keys().find(|key| !KEYS.contains(&key.as_str())) else { return Some(()) };
    let note = fields.error(long.span, format!("a config has no `{unknown}`"));
    note.label("unknown key").help(suggestion(unknown, KEYS));
    None
}

type Span = crate::source::Span;

/// `None` where it is wrong, `Some(None)` where it is not set.
fn text(fields: &Fields<'_, '_>, long: &Map<String, Value>, key: &str, span: Span) -> Option<Option<String>> {
    match long.get(key) {
        None | Some(Value::Null) => Some(None),
        Some(Value::String(text)) => Some(Some(text.clone())),
        Some(other) => fields.wrong_type(&At::new(other.clone(), span), key, "a string"),
    }
}

fn kind(fields: &Fields<'_, '_>, long: &Map<String, Value>, span: Span) -> Option<Option<ConfigKind>> {
    let Some(word) = text(fields, long, "kind", span)? else { return Some(None) };
    if let Some((_, kind)) = KINDS.iter().find(|(known, _)| *known == word) {
        return Some(Some(*kind));
    }
    let all = KINDS.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
    let help = match nearest(&word, KINDS.iter().map(|(word, _)| *word)) {
        Some(meant) => format!("did you mean \"{meant}\"? It is one of {all}"),
        None => format!("one of {all}"),
    };
    fields.error(span, format!("`{word}` is no kind of config")).help(help);
    None
}

fn template(fields: &Fields<'_, '_>, long: &Map<String, Value>, span: Span) -> Option<Option<bool>> {
    match long.get("template") {
        None | Some(Value::Null) => Some(None),
        Some(Value::Bool(yes)) => Some(Some(*yes)),
        Some(other) => fields.wrong_type(&At::new(other.clone(), span), "template", "true or false"),
    }
}

/// Within one block, nothing says which of two should hold where they do not compose.
fn check_replaced(fields: &Fields<'_, '_>, parts: &[At<Config>]) {
    for (at, part) in parts.iter().enumerate() {
        let same = |other: &&At<Config>| other.value.served_as() == part.value.served_as();
        if part.value.kind.composes() && parts.iter().take(at).filter(same).all(|other| other.value.kind.composes()) {
            continue;
        }
        if parts.iter().take(at).any(|other| same(&other)) {
            let note = fields.error(part.span, format!("a second config is served as `{}`", part.value.served_as()));
            note.next("name them: config = { \"a.yaml\" = \"one/file.yaml\", \"b.yaml\" = \"other/file.yaml\" }");
        }
    }
}
