//! A config as a person compares it: Ignition in many lines, and what is packed into its URLs unpacked.

use firstlight_butane::text::dataurl;
use firstlight_site::ConfigKind;
use flate2::read::GzDecoder;
use serde_json::{Map, Value};
use std::io::Read;

/// How much of a packed file is unpacked, in bytes: what is compressed may be of any size.
const UNPACKED: u64 = 1 << 20;

/// The text of a config, for people. Any kind but Ignition is one already.
pub fn readable(kind: ConfigKind, text: &str) -> String {
    if kind != ConfigKind::Ignition {
        return text.to_owned();
    }
    let Ok(mut value) = serde_json::from_str::<Value>(text) else { return text.to_owned() };
    unpack(&mut value);
    serde_json::to_string_pretty(&value).map_or_else(|_| text.to_owned(), |text| text + "\n")
}

fn unpack(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if let Some(lines) = content(map) {
                map.insert("source".to_owned(), lines);
            }
            map.values_mut().for_each(unpack);
        }
        Value::Array(list) => list.iter_mut().for_each(unpack),
        // Units are texts of several lines.
        Value::String(text) if text.trim_end().contains('\n') => *value = lines(text),
        _ => {}
    }
}

/// The text that a `source` holds itself, in lines.
fn content(map: &Map<String, Value>) -> Option<Value> {
    let source = map.get("source")?.as_str().filter(|source| source.starts_with("data:"))?;
    let bytes = dataurl::decode(source).ok()?;
    let mut text = String::new();
    match map.get("compression").and_then(Value::as_str) {
        Some("gzip") => GzDecoder::new(&bytes[..]).take(UNPACKED).read_to_string(&mut text).ok()?,
        _ => bytes.as_slice().read_to_string(&mut text).ok()?,
    };
    Some(lines(&text))
}

fn lines(text: &str) -> Value {
    Value::Array(text.split('\n').map(Value::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignition_is_unpacked() {
        let packed = "{\"storage\":{\"files\":[{\"path\":\"/a\",\"contents\":{\"source\":\"data:,one%0Atwo\"}}]}}";
        assert_eq!(
            readable(ConfigKind::Ignition, packed).lines().map(str::trim).collect::<String>(),
            "{\"storage\": {\"files\": [{\"contents\": {\"source\": [\"one\",\"two\"]},\"path\": \"/a\"}]}}"
        );
        assert_eq!(readable(ConfigKind::Ignition, "no JSON"), "no JSON");
        assert_eq!(readable(ConfigKind::Text, packed), packed);
    }
}
