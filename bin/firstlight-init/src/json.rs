//! JSON (RFC 8259), as much as is needed to write one object: nothing is read.

use std::fmt::{Display, Write as _};

/// An object that is being written. What is not known is left out.
#[derive(Debug, Default)]
pub(crate) struct Object {
    members: String,
}

impl Object {
    /// A text, where there is one.
    pub(crate) fn text(self, key: &str, text: Option<String>) -> Self {
        self.member(key, text.as_deref().map(quoted))
    }

    /// A number, a truth, or a value that is JSON already.
    pub(crate) fn value(self, key: &str, value: Option<impl Display>) -> Self {
        self.member(key, value)
    }

    /// A list of objects.
    pub(crate) fn list(self, key: &str, objects: impl IntoIterator<Item = Object>) -> Self {
        let objects = objects.into_iter().map(Object::end).collect::<Vec<_>>().join(",");
        self.member(key, Some(format_args!("[{objects}]")))
    }

    /// The whole of it.
    pub(crate) fn end(self) -> String {
        format!("{{{}}}", self.members)
    }

    fn member(mut self, key: &str, value: Option<impl Display>) -> Self {
        if let Some(value) = value {
            let comma = if self.members.is_empty() { "" } else { "," };
            let _ = write!(self.members, "{comma}{}:{value}", quoted(key));
        }
        self
    }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_holds_what_is_known() {
        let disk = Object::default().text("name", Some("a\"\\\u{1b}\u{9b}é".into())).value("size", Some(7));
        let object = Object::default().text("vendor", None).list("disks", [disk, Object::default()]);
        let text = object.value("secure_boot", Some(true)).end();
        assert_eq!(text, r#"{"disks":[{"name":"a\"\\\u001b\u009bé","size":7},{}],"secure_boot":true}"#);
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["disks"][0]["name"], "a\"\\\u{1b}\u{9b}é");
    }
}
