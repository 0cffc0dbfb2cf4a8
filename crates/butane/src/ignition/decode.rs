//! From JSON to a config: fields are found by the schema, and what does not fit its type is complained about.
//!
//! Names are matched as Go's decoder matches them: in any case, but one that is not written exactly is also an unused
//! key. A name that stands twice is decoded twice, the second time onto the first. Of all these the last that is written
//! exactly counts for places and for what is unused; what lies in another has the place of what that lies in. `null` is
//! the same as nothing, but has a place, and is worth a warning where a mapping should be.

use super::{
    schema::{Field, Form, Kind, Type},
    version::Version,
};
use crate::{
    report::Report,
    tree::{Key, Node, Origin, Path, Value},
};
use std::collections::HashSet;

/// A config as its schema has it, and what there is to say about the JSON that it was read from.
#[derive(Debug, Default)]
pub struct Decoded {
    /// The fields of the schema, in its order.
    pub config: Node,
    /// Values of wrong types; if there is any, the config is of no use.
    pub mistakes: Report,
    /// Unused keys and the like.
    pub warnings: Report,
}

/// Reads a mapping of this type from the JSON that [`json::read`](super::json::read) gave.
pub fn decode(json: &Node, kind: &'static Type, version: Version) -> Decoded {
    let mut decoder = Decoder { version, mistakes: Report::default(), warnings: Report::default() };
    let origin = Origin { path: Path::ROOT, at: json.origin.at };
    let config = decoder.mapping(json, kind, Place { origin, exact: true }, None).unwrap_or_default();
    Decoded { config, mistakes: decoder.mistakes, warnings: decoder.warnings }
}

struct Decoder {
    version: Version,
    mistakes: Report,
    warnings: Report,
}

/// Where a value stands, and whether all names on the way to it are written exactly.
#[derive(Clone)]
struct Place {
    origin: Origin,
    exact: bool,
}

impl Place {
    fn within(&self, path: Path, json: &Node, exact: bool) -> Self {
        let exact = self.exact && exact;
        Self { origin: Origin { path, at: if exact { json.origin.at } else { self.origin.at } }, exact }
    }
}

impl Decoder {
    /// The field's value; `before` is what an earlier one of the same name gave.
    fn field(&mut self, json: &Node, field: &Field, place: Place, before: Option<Node>) -> Option<Node> {
        match (&json.value, field.kind) {
            (Value::Null, Kind::Mapping(_)) if field.form == Form::Plain => {
                self.warn_of_null(&place);
                before
            }
            (Value::Null, Kind::Bool | Kind::Int | Kind::Text)
                if matches!(field.form, Form::Plain | Form::Required) =>
            {
                before.or_else(|| Some(Node::new(Value::Null, place.origin)))
            }
            (Value::Null, _) => Some(Node::new(Value::Null, place.origin)),
            (_, Kind::Mapping(kind)) => self.mapping(json, kind, place, before),
            (_, Kind::Mappings(kind, _)) => {
                self.list(json, place, before, |decoder, item, place, before| decoder.item(item, kind, place, before))
            }
            (_, Kind::Texts(_)) => self.list(json, place, before, |decoder, item, place, before| match item.value {
                Value::Null => before.or(Some(Node::new(Value::Str(String::new()), place.origin))),
                _ => decoder.scalar(item, Kind::Text, &place),
            }),
            (_, kind) => self.scalar(json, kind, &place),
        }
    }

    fn scalar(&mut self, json: &Node, kind: Kind, place: &Place) -> Option<Node> {
        let fits = match kind {
            Kind::Bool => matches!(json.value, Value::Bool(_)),
            Kind::Int => matches!(json.value, Value::Int(_)),
            _ => matches!(json.value, Value::Str(_)),
        };
        if !fits {
            self.expected(wanted(kind), json, place);
        }
        fits.then(|| Node::new(json.value.clone(), place.origin.clone()))
    }

    fn list(
        &mut self,
        json: &Node,
        place: Place,
        before: Option<Node>,
        item: impl Fn(&mut Self, &Node, Place, Option<Node>) -> Option<Node>,
    ) -> Option<Node> {
        let Value::List(items) = &json.value else {
            self.expected("a list", json, &place);
            return None;
        };
        let mut before = match before.map(|node| node.value) {
            Some(Value::List(items)) => items.into_iter(),
            _ => Vec::new().into_iter(),
        };
        let decode = |(index, json): (usize, &Node)| {
            let within = place.within(place.origin.path.index(index), json, true);
            item(self, json, within, before.next())
        };
        let items = items.iter().enumerate().filter_map(decode).collect();
        Some(Node::new(Value::List(items), place.origin))
    }

    /// A mapping in a list, which `null` leaves empty.
    fn item(&mut self, json: &Node, kind: &'static Type, place: Place, before: Option<Node>) -> Option<Node> {
        if json.is_null() {
            self.warn_of_null(&place);
            return Some(before.unwrap_or_else(|| Node::new(Value::Map(Vec::new()), place.origin)));
        }
        self.mapping(json, kind, place, before)
    }

    fn mapping(&mut self, json: &Node, kind: &'static Type, place: Place, before: Option<Node>) -> Option<Node> {
        let Value::Map(entries) = &json.value else {
            self.expected("an object", json, &place);
            return None;
        };
        if place.exact {
            self.warn_of_unused(entries, kind, &place);
        }
        let mut before = match before.map(|node| node.value) {
            Some(Value::Map(entries)) => entries,
            _ => Vec::new(),
        };
        let mut fields = Vec::new();
        for field in kind.fields(self.version) {
            let mut node = take(&mut before, field.name);
            let written = entries.iter().rposition(|(key, _)| key.name == field.name);
            let named = entries.iter().enumerate().filter(|(_, (key, _))| key.name.eq_ignore_ascii_case(field.name));
            for (index, (_, json)) in named {
                let within = place.within(place.origin.path.key(field.name), json, written == Some(index));
                node = self.field(json, field, within, node);
            }
            fields.extend(node.map(|node| (Key::new(field.name), node)));
        }
        Some(Node::new(Value::Map(fields), place.origin))
    }

    fn warn_of_unused(&mut self, entries: &[(Key, Node)], kind: &'static Type, place: &Place) {
        let known: HashSet<&str> = kind.fields(self.version).map(|field| field.name).collect();
        let mut said = HashSet::new();
        for (key, _) in entries.iter().filter(|(key, _)| !known.contains(&*key.name)) {
            if said.insert(&*key.name) {
                let origin = Origin { path: place.origin.path.key(key.name.clone()), at: key.at };
                self.warnings.warn(&origin, format!("unused key {}", key.name));
            }
        }
    }

    /// The reference compares two trees here, and they differ; its words are known to its users.
    fn warn_of_null(&mut self, place: &Place) {
        if place.exact {
            let message = format!(
                "context tree does not match content tree at {}. Line and column reporting may be inconsistent. \
                 Unused keys may not be reported",
                place.origin.path
            );
            self.warnings.warn(&place.origin, message);
        }
    }

    fn expected(&mut self, wanted: &str, json: &Node, place: &Place) {
        self.mistakes.error(&place.origin, format!("expected {wanted}, found {}", json.value.kind()));
    }
}

fn take(entries: &mut Vec<(Key, Node)>, name: &str) -> Option<Node> {
    let at = entries.iter().position(|(key, _)| key.name == name)?;
    Some(entries.swap_remove(at).1)
}

fn wanted(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "true or false",
        Kind::Int => "a whole number",
        _ => "a string",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ignition::{json, schema::CONFIG, to_json};

    /// What is decoded, written again, and the warnings.
    fn decoded(text: &str) -> (String, String) {
        let decoded = decode(&json::read(text.as_bytes()).unwrap(), &CONFIG, Version::V3_3);
        assert_eq!(decoded.mistakes, Report::default());
        (to_json(&decoded.config, Version::V3_3, false), decoded.warnings.to_string())
    }

    #[test]
    fn what_stands_twice_is_laid_onto_the_first() {
        let text = r#"{"storage":{"bogus":1,"files":[{"path":"/a","mode":1},{"path":"/b"}]},
            "ignition":{"version":"3.3.0"},
            "storage":{"files":[{"path":"/c"}],"other":1}}"#;
        let (config, warnings) = decoded(text);
        assert_eq!(config, r#"{"ignition":{"version":"3.3.0"},"storage":{"files":[{"path":"/c","mode":1}]}}"#);
        assert_eq!(warnings, "warning at $.storage.other, line 3 col 48: unused key other\n");
    }

    #[test]
    fn a_name_in_another_case_is_used_and_unused() {
        let (config, warnings) = decoded(r#"{"ignition":{"version":"3.3.0"},"Passwd":{"users":[{"name":"a","x":1}]}}"#);
        assert_eq!(config, r#"{"ignition":{"version":"3.3.0"},"passwd":{"users":[{"name":"a"}]}}"#);
        assert_eq!(warnings, "warning at $.Passwd, line 1 col 33: unused key Passwd\n");
    }

    #[test]
    fn every_value_of_a_wrong_type_is_named() {
        let text = r#"{"ignition":[],"storage":{"files":{},"disks":[{"device":1,"wipeTable":"yes"},null]}}"#;
        let decoded = decode(&json::read(text.as_bytes()).unwrap(), &CONFIG, Version::V3_3);
        assert_eq!(
            decoded.mistakes.to_string(),
            "error at $.ignition, line 1 col 14: expected an object, found a list\n\
             error at $.storage.disks.0.device, line 1 col 57: expected a string, found a whole number\n\
             error at $.storage.disks.0.wipeTable, line 1 col 71: expected true or false, found a string\n\
             error at $.storage.files, line 1 col 36: expected a list, found an object\n"
        );
    }
}
