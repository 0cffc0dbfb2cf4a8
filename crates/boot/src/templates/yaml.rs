//! Values as YAML 1.2, for the filter `to_yaml`: block style, and quotes wherever a reader might take a text for
//! something else.

use serde_json::Value;
use std::fmt::Write;

/// The value without a line break at its end, so that `indent` does as one wants.
pub(super) fn yaml(value: &Value) -> String {
    let mut text = String::new();
    write(&mut text, value, 0);
    text.trim_end_matches('\n').to_owned()
}

/// Writes what stands on lines of its own, the first of which is indented already.
fn write(text: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (at, (key, value)) in map.iter().enumerate() {
                pad(text, at, indent);
                text.push_str(&scalar(&Value::String(key.clone())));
                text.push(':');
                if is_nested(value) {
                    let _ = write!(text, "\n{:1$}", "", indent + 2);
                } else {
                    text.push(' ');
                }
                write(text, value, indent + 2);
            }
        }
        Value::Array(list) if !list.is_empty() => {
            for (at, value) in list.iter().enumerate() {
                pad(text, at, indent);
                text.push_str("- ");
                write(text, value, indent + 2);
            }
        }
        plain => {
            text.push_str(&scalar(plain));
            text.push('\n');
        }
    }
}

fn pad(text: &mut String, at: usize, indent: usize) {
    if at > 0 {
        let _ = write!(text, "{:indent$}", "");
    }
}

fn is_nested(value: &Value) -> bool {
    match value {
        Value::Object(map) => !map.is_empty(),
        Value::Array(list) => !list.is_empty(),
        _ => false,
    }
}

/// A text of JSON is one of YAML as well, in double quotes.
fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) if is_plain(text) => text.clone(),
        other => other.to_string(),
    }
}

/// True for what no version of YAML takes for a number, a date, a boolean or nothing.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"];
    let first = text.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || "_/".contains(c));
    let rest = text.chars().all(|c| c.is_ascii_alphanumeric() || "_/.@+-".contains(c));
    first && rest && !WORDS.contains(&text.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_written_in_block_style() {
        let value = json!({
            "name": "kitt", "on": true, "port": 22, "none": null, "empty": {}, "also": [],
            "users": [{ "name": "core", "keys": ["ssh-ed25519 AAAA a@b"] }, "x", [1, 2]],
            "deep": { "er": { "text": "two\nlines" } },
        });
        assert_eq!(
            yaml(&value),
            "also: []\ndeep:\n  er:\n    text: \"two\\nlines\"\nempty: {}\nname: kitt\nnone: null\n\"on\": true\nport: 22\n\
             users:\n  - keys:\n      - \"ssh-ed25519 AAAA a@b\"\n    name: core\n  - x\n  - - 1\n    - 2"
        );
    }

    #[test]
    fn what_could_be_taken_for_something_else_is_quoted() {
        for text in ["yes", "No", "0644", "1e3", "", "~", "2026-01-01", "a: b", "#x", "*a", "a #b", ".inf", "-"] {
            assert!(yaml(&json!(text)).starts_with('"'), "{text}");
        }
        assert_eq!(yaml(&json!("/dev/disk/by-id/ata-X_1")), "/dev/disk/by-id/ata-X_1");
    }
}
