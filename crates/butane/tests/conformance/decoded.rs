//! Contents in records and in configs, decoded.

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::read::GzDecoder;
use serde_json::Value;
use std::io::Read;

/// JSON with the content of each data URL in its place; `null` for nothing.
pub(crate) fn decoded(json: &str) -> Value {
    if json.is_empty() {
        return Value::Null;
    }
    let mut value = serde_json::from_str(json).unwrap();
    decode(&mut value);
    value
}

fn decode(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(decode),
        Value::Object(fields) => {
            let gzip = fields.get("compression").and_then(Value::as_str) == Some("gzip");
            if let Some(data) = fields.get("source").and_then(Value::as_str).and_then(|source| data(source, gzip)) {
                // Shorter or longer by some bytes, a compressor may choose otherwise, and mean the same.
                fields
                    .insert("source".to_owned(), Value::String(format!("decoded: {}", String::from_utf8_lossy(&data))));
            }
            fields.values_mut().for_each(decode);
        }
        _ => {}
    }
}

/// What a data URL holds.
pub(crate) fn data(url: &str, gzip: bool) -> Option<Vec<u8>> {
    let bytes = match url.strip_prefix("data:")?.split_once(',')? {
        (";base64", text) => STANDARD.decode(text).ok()?,
        (_, text) => unescaped(text),
    };
    if !gzip {
        return Some(bytes);
    }
    let mut content = Vec::new();
    match GzDecoder::new(&bytes[..]).read_to_end(&mut content) {
        Ok(_) => Some(content),
        Err(_) => Some(bytes),
    }
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    bytes
}
