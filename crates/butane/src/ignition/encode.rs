//! From a config to JSON, as the reference writes it: fields in the schema's order, what is empty left out, and what
//! HTML could take for its own escaped.

use super::{
    schema::{CONFIG, Field, Form, Kind, Type},
    version::Version,
};
use crate::tree::{Node, Value};
use std::fmt::Write;

/// The config as JSON, in one line or indented by two spaces, without a line end. Fields that this version does not
/// have are left out.
pub fn to_json(config: &Node, version: Version, pretty: bool) -> String {
    let mut writer = Writer { out: String::new(), version, indent: pretty.then_some(0) };
    writer.mapping(config, &CONFIG);
    writer.out
}

/// Whether a value is one that is not written: an empty list, or a mapping with nothing in it that is.
pub(super) fn is_zero(node: &Node, kind: Kind, form: Form, version: Version) -> bool {
    match (&node.value, kind) {
        (Value::Null, _) => true,
        (Value::Map(_), Kind::Mapping(kind)) if form == Form::Plain => kind
            .fields(version)
            .all(|field| node.get(field.name).is_none_or(|child| is_zero(child, field.kind, field.form, version))),
        (Value::List(items), _) => items.is_empty(),
        (Value::Str(text), _) => text.is_empty() && matches!(form, Form::Plain | Form::Required),
        (Value::Int(number), _) => *number == 0 && form == Form::Plain,
        _ => false,
    }
}

struct Writer {
    out: String,
    version: Version,
    /// How deep we are, if that is to be seen.
    indent: Option<usize>,
}

impl Writer {
    fn mapping(&mut self, node: &Node, kind: &'static Type) {
        let version = self.version;
        let fields = kind.fields(version).filter(|field| is_written(node, field, version));
        self.bracketed('{', '}', fields, |writer, field| {
            writer.string(field.name);
            writer.out.push_str(if writer.indent.is_some() { ": " } else { ":" });
            writer.field(node.get(field.name), field);
        });
    }

    fn field(&mut self, node: Option<&Node>, field: &Field) {
        match (node.filter(|node| !node.is_null()), field.kind) {
            (None, Kind::Text) if field.form == Form::Required => self.out.push_str("\"\""),
            (None, _) => self.out.push_str("null"),
            (Some(node), Kind::Mapping(kind)) => self.mapping(node, kind),
            (Some(node), Kind::Mappings(kind, _)) => {
                self.bracketed('[', ']', node.items(), |writer, item| writer.mapping(item, kind));
            }
            (Some(node), Kind::Texts(_)) => self.bracketed('[', ']', node.items(), Self::scalar),
            (Some(node), _) => self.scalar(node),
        }
    }

    fn scalar(&mut self, node: &Node) {
        let written = match &node.value {
            Value::Bool(value) => write!(self.out, "{value}"),
            Value::Int(value) => write!(self.out, "{value}"),
            Value::Float(value) => write!(self.out, "{value}"),
            Value::Str(text) => return self.string(text),
            _ => write!(self.out, "null"),
        };
        debug_assert!(written.is_ok(), "a string takes everything");
    }

    fn bracketed<T>(
        &mut self,
        open: char,
        close: char,
        items: impl IntoIterator<Item = T>,
        write: impl Fn(&mut Self, T),
    ) {
        self.out.push(open);
        self.indent = self.indent.map(|depth| depth + 1);
        let mut any = false;
        for item in items {
            if any {
                self.out.push(',');
            }
            any = true;
            self.line();
            write(self, item);
        }
        self.indent = self.indent.map(|depth| depth - 1);
        if any {
            self.line();
        }
        self.out.push(close);
    }

    fn line(&mut self) {
        if let Some(depth) = self.indent {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n("  ", depth));
        }
    }

    fn string(&mut self, text: &str) {
        self.out.push('"');
        let mut plain = 0;
        for (at, c) in text.char_indices() {
            let Some(escape) = escape(c) else { continue };
            self.out.push_str(&text[plain..at]);
            self.out.push_str(&escape);
            plain = at + c.len_utf8();
        }
        self.out.push_str(&text[plain..]);
        self.out.push('"');
    }
}

fn is_written(node: &Node, field: &Field, version: Version) -> bool {
    matches!(field.form, Form::Required | Form::Nullable)
        || node.get(field.name).is_some_and(|child| !is_zero(child, field.kind, field.form, version))
}

fn escape(c: char) -> Option<String> {
    match c {
        '"' => Some("\\\"".into()),
        '\\' => Some("\\\\".into()),
        '\n' => Some("\\n".into()),
        '\r' => Some("\\r".into()),
        '\t' => Some("\\t".into()),
        '\0'..' ' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => Some(format!("\\u{:04x}", u32::from(c))),
        _ => None,
    }
}
