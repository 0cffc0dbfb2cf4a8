//! Functions that convert, encode, or ask the world outside.

use super::{Called, Function, MANY, Wrong, function, kind, text};
use crate::{nearest::suggestion, world::World};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::path::Path;

pub(super) const FUNCTIONS: &[Function] =
    &[
        function("file", "file(\"key.pub\")", 1, 1, file),
        function("env", "env(\"NAME\", \"what it is when not set\")", 1, 2, env),
        function("tostring", "tostring(1)", 1, 1, |_, a| {
            if a[0].is_null() { Ok(Value::Null) } else { Ok(text(a, 0)?.into()) }
        }),
        function("tonumber", "tonumber(\"1\")", 1, 1, |_, a| tonumber(&a[0])),
        function("tobool", "tobool(\"true\")", 1, 1, |_, a| tobool(&a[0])),
        function("tolist", "tolist([1])", 1, 1, |_, a| Ok(super::list(a, 0)?.clone().into())),
        function("jsonencode", "jsonencode({ a = 1 })", 1, 1, |_, a| Ok(a[0].to_string().into())),
        function("jsondecode", "jsondecode(\"[1]\")", 1, 1, |_, a| {
            serde_json::from_str(&text(a, 0)?).map_err(|e| Wrong::argument(0, format!("is not JSON: {e}")))
        }),
        function("base64encode", "base64encode(\"a\")", 1, 1, |_, a| Ok(base64(text(a, 0)?.as_bytes()).into())),
        function("sha256", "sha256(\"a\")", 1, 1, |_, a| {
            Ok(firstlight_model::Sha256(Sha256::digest(text(a, 0)?).into()).to_string().into())
        }),
        function("coalesce", "coalesce(null, \"a\")", 1, MANY, |_, a| {
            let found = a.iter().find(|value| !value.is_null() && *value != "");
            found.cloned().ok_or_else(|| Wrong::call("every argument is null or empty"))
        }),
    ];

fn file(world: &World<'_>, a: &[Value]) -> Called {
    let name = text(a, 0)?;
    let path = world.root.join(&name);
    world.outside.read(&path).map(Value::from).map_err(|error| Wrong {
        argument: Some(0),
        message: format!("`{name}` cannot be read: {}", reason(&error)),
        help: nearby(world, &name),
    })
}

/// Why a file could not be read, without the number of the system's error.
pub(crate) fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        std::io::ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
        std::io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        _ => error.to_string(),
    }
}

/// What else lies in the folder where `name` should be.
pub(crate) fn nearby(world: &World<'_>, name: &str) -> Option<String> {
    let path = world.root.join(name);
    let wanted = Path::new(name).file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    let names = path.parent().map(|folder| world.outside.names(folder)).unwrap_or_default();
    let visible = names.iter().map(|name| &**name).filter(|name| !name.starts_with('.') && *name != wanted);
    let help = suggestion(&wanted, visible);
    help.map(|help| help.replace("known here", "the folder holds"))
}

fn env(world: &World<'_>, a: &[Value]) -> Called {
    let name = text(a, 0)?;
    match (world.outside.env(&name), a.get(1)) {
        (Some(value), _) => Ok(value.into()),
        (None, Some(default)) => Ok(default.clone()),
        (None, None) => Err(Wrong {
            argument: Some(0),
            message: format!("the environment variable `{name}` is not set"),
            help: Some(format!("set it, or give a default: env(\"{name}\", \"…\")")),
        }),
    }
}

fn tonumber(value: &Value) -> Called {
    match value {
        Value::Number(_) | Value::Null => Ok(value.clone()),
        Value::String(text) => {
            let whole = text.parse::<i64>().ok().map(Value::from);
            let number = whole.or_else(|| crate::eval::from_f64(text.parse().ok()?));
            number.ok_or_else(|| Wrong::argument(0, format!("`{text}` is not a number")))
        }
        other => Err(Wrong::argument(0, format!("needs a number or a string, not {}", kind(other)))),
    }
}

fn tobool(value: &Value) -> Called {
    match value {
        Value::Bool(_) | Value::Null => Ok(value.clone()),
        Value::String(text) if text == "true" => Ok(true.into()),
        Value::String(text) if text == "false" => Ok(false.into()),
        other => Err(Wrong::argument(0, format!("needs true or false, not {}", kind(other)))),
    }
}

/// RFC 4648 section 4.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at) & 63) as usize];
            text.push(if at <= three.len() { char::from(letter) } else { '=' });
        }
    }
    text
}
