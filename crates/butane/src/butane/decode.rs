//! YAML into the shape that the tables of `super::schema` describe, with yaml.v3's coercions: numbers and truth values go
//! into texts as they are written, `420.0` is a whole number, `yes` a truth value where one is wanted.
//!
//! Every node keeps the user's path and place. What lies behind an alias or a merge key has the place of the alias, or of
//! the mapping it was merged into: that is what stands in the user's file at that path.
//!
//! Not recursive in what the user wrote: only keys that the tables know are followed.

use super::{
    dialect::Dialect,
    schema::{Field, Holds, Type},
};
use crate::{
    report::{Entry, Report, Severity},
    tree::{self, Key, Origin, Path, Position, Value},
    yaml::{Document, Id, Kind, scalar},
};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

/// Decodes a document. Without errors, the report has a warning for each unused key.
///
/// # Errors
/// What cannot be decoded, all of it.
pub(super) fn decode(
    document: &Document,
    of: &'static Type,
    dialect: &Dialect,
) -> Result<(tree::Node, Report), Report> {
    let mut decoder = Decoder::new(document, *dialect);
    let origin = |id| Origin { path: Path::ROOT, at: Some(document.node(id).at) };
    let decoded = document.root().and_then(|id| decoder.object(id, of, &Place { origin: origin(id), direct: true }));
    if !decoder.errors.is_empty() {
        return Err(decoder.errors);
    }
    let empty = || tree::Node::new(Value::Map(Vec::new()), document.root().map(origin).unwrap_or_default());
    Ok((decoded.unwrap_or_else(empty), decoder.unused))
}

/// Where a node is decoded.
#[derive(Clone)]
struct Place {
    origin: Origin,
    /// Whether the node stands there itself, and not behind an alias or a merge key.
    direct: bool,
}

struct Decoder<'a> {
    document: &'a Document,
    dialect: Dialect,
    errors: Report,
    unused: Report,
    /// Aliases that are being followed.
    following: BTreeSet<Id>,
    /// How many nodes were decoded, and how many of them behind an alias.
    decoded: u64,
    aliased: u64,
    stopped: bool,
}

/// A mapping's entries by key, with the place of what the key holds. A merged entry knows that it was merged.
type Entries = BTreeMap<String, (Id, Place)>;

impl<'a> Decoder<'a> {
    fn new(document: &'a Document, dialect: Dialect) -> Self {
        Self {
            document,
            dialect,
            errors: Report::default(),
            unused: Report::default(),
            following: BTreeSet::new(),
            decoded: 0,
            aliased: 0,
            stopped: false,
        }
    }

    /// Decodes what a field holds; none for `null` and after an error.
    fn value(&mut self, id: Id, holds: Holds, place: &Place) -> Option<tree::Node> {
        self.count()?;
        let Kind::Alias { name, target } = &self.document.node(id).kind else {
            return self.unaliased(id, holds, place);
        };
        if !self.following.insert(*target) {
            self.fail(&place.origin, format!("anchor '{name}' value contains itself"));
            self.stopped = true;
            return None;
        }
        if place.direct && matches!(holds, Holds::Object(_)) {
            self.hidden(&place.origin);
        }
        let decoded = self.unaliased(*target, holds, &Place { direct: false, ..place.clone() });
        self.following.remove(target);
        decoded
    }

    fn unaliased(&mut self, id: Id, holds: Holds, place: &Place) -> Option<tree::Node> {
        if self.is_null(id) {
            if place.direct && matches!(holds, Holds::Object(_)) {
                self.hidden(&place.origin);
            }
            return None;
        }
        match holds {
            Holds::Object(of) => self.object(id, of, place),
            Holds::Objects(of) => self.list(id, Holds::Object(of), place),
            Holds::Texts => self.list(id, Holds::Text, place),
            Holds::Text | Holds::Number | Holds::Truth => self.scalar(id, holds, place),
        }
    }

    fn object(&mut self, id: Id, of: &'static Type, place: &Place) -> Option<tree::Node> {
        if self.is_null(id) {
            return None;
        }
        let mut entries = Entries::new();
        self.collect(id, of, place, &mut entries)?;
        let fields: Vec<&Field> = of.fields(&self.dialect).collect();
        if place.direct {
            self.complain_of_unused(id, &fields, &place.origin);
        }
        let mut decoded = Vec::with_capacity(entries.len());
        for field in fields {
            if let Some((id, place)) = entries.remove(field.yaml)
                && let Some(value) = self.value(id, field.holds, &place)
            {
                decoded.push((Key { name: field.yaml.into(), at: None }, value));
            }
        }
        Some(tree::Node::new(Value::Map(decoded), place.origin.clone()))
    }

    /// Collects a mapping's entries, then those of the mappings that it merges, which never replace another.
    fn collect(&mut self, id: Id, of: &Type, place: &Place, entries: &mut Entries) -> Option<()> {
        let Kind::Mapping(pairs) = &self.document.node(id).kind else {
            self.mismatch(id, &place.origin, &format!("{} is a mapping", of.name));
            return None;
        };
        self.refuse_duplicates(pairs, &place.origin)?;
        let mut merged = Vec::new();
        for &(key, value) in pairs {
            let node = self.document.resolve(key);
            match &node.kind {
                _ if self.document.node(key).is_merge() => merged.push(value),
                Kind::Scalar { text, .. } if !self.is_null(key) && !entries.contains_key(text) => {
                    let at = if place.direct { Some(self.document.node(value).at) } else { place.origin.at };
                    let name: Cow<'static, str> =
                        of.field(text).map_or_else(|| text.clone().into(), |field| field.yaml.into());
                    let origin = Origin { path: place.origin.path.key(name), at };
                    entries.insert(text.clone(), (value, Place { origin, direct: place.direct }));
                }
                _ => {}
            }
        }
        // Of several `<<`, which are duplicates, only the last would count; there is one at most.
        merged.into_iter().try_for_each(|id| self.merge(id, of, place, entries))
    }

    /// Collects what `<<` names: a mapping, or a list of mappings of which an earlier one goes before a later one.
    fn merge(&mut self, id: Id, of: &Type, place: &Place, entries: &mut Entries) -> Option<()> {
        let place = Place { direct: false, ..place.clone() };
        if let Kind::Sequence(items) = &self.document.node(id).kind {
            return items.iter().try_for_each(|item| self.merge_one(*item, of, &place, entries));
        }
        self.merge_one(id, of, &place, entries)
    }

    fn merge_one(&mut self, id: Id, of: &Type, place: &Place, entries: &mut Entries) -> Option<()> {
        self.count()?;
        let target = match self.document.node(id).kind {
            Kind::Alias { target, .. } => target,
            _ => id,
        };
        let is_mapping = matches!(self.document.node(target).kind, Kind::Mapping(_));
        if !is_mapping || !self.following.insert(target) {
            self.fail(&place.origin, "map merge requires map or sequence of maps as the value");
            self.stopped = true;
            return None;
        }
        let collected = self.collect(target, of, place, entries);
        self.following.remove(&target);
        collected
    }

    fn list(&mut self, id: Id, holds: Holds, place: &Place) -> Option<tree::Node> {
        let Kind::Sequence(items) = &self.document.node(id).kind else {
            self.mismatch(id, &place.origin, "a list is needed here");
            return None;
        };
        let mut decoded = Vec::with_capacity(items.len());
        for &item in items {
            // Items that are `null` are as good as absent, and so not counted in paths.
            if self.is_null(item) {
                continue;
            }
            let at = if place.direct { Some(self.document.node(item).at) } else { place.origin.at };
            let origin = Origin { path: place.origin.path.index(decoded.len()), at };
            decoded.extend(self.value(item, holds, &Place { origin, direct: place.direct }));
        }
        Some(tree::Node::new(Value::List(decoded), place.origin.clone()))
    }

    fn scalar(&mut self, id: Id, holds: Holds, place: &Place) -> Option<tree::Node> {
        let node = self.document.node(id);
        let Kind::Scalar { text, .. } = &node.kind else {
            self.mismatch(id, &place.origin, wanted(holds));
            return None;
        };
        let read =
            if node.is_quoted() { Ok(scalar::Scalar::Text(text)) } else { scalar::read(node.tag.as_deref(), text) };
        let value = match read {
            Ok(read) => coerce(&read, text, holds),
            Err(message) => {
                self.fail(&place.origin, message);
                return None;
            }
        };
        if value.is_none() {
            self.mismatch(id, &place.origin, wanted(holds));
        }
        Some(tree::Node::new(value?, place.origin.clone()))
    }

    fn refuse_duplicates(&mut self, pairs: &[(Id, Id)], origin: &Origin) -> Option<()> {
        let mut first: BTreeMap<&str, Position> = BTreeMap::new();
        let mut fine = Some(());
        for (key, _) in pairs {
            let node = self.document.node(*key);
            let Kind::Scalar { text, .. } = &node.kind else { continue };
            if let Some(before) = first.get(text.as_str()) {
                let message = format!("mapping key {text:?} already defined at line {}", before.line);
                let origin = Origin { path: origin.path.key(text.clone()), at: Some(node.at) };
                self.errors.error(&origin, message);
                fine = None;
            } else {
                first.insert(text, node.at);
            }
        }
        fine
    }

    fn complain_of_unused(&mut self, id: Id, fields: &[&Field], origin: &Origin) {
        let Kind::Mapping(pairs) = &self.document.node(id).kind else { return };
        for (key, _) in pairs {
            let key = self.document.node(*key);
            // A key that is an alias has no name of its own.
            let name = match &key.kind {
                Kind::Scalar { text, .. } => text,
                Kind::Alias { name, .. } => name,
                Kind::Sequence(_) | Kind::Mapping(_) => "",
            };
            if !fields.iter().any(|field| field.yaml == name) {
                let origin = Origin { path: origin.path.key(name.to_owned()), at: Some(key.at) };
                self.unused.warn(&origin, format!("unused key {name}"));
            }
        }
    }

    /// What stands at this path is no mapping, so unused keys in what it stands for are not looked for.
    fn hidden(&mut self, origin: &Origin) {
        let message = format!(
            "context tree does not match content tree at {}. Line and column reporting may be inconsistent. Unused keys \
             may not be reported",
            origin.path
        );
        self.unused.warn(origin, message);
    }

    fn is_null(&self, id: Id) -> bool {
        let node = self.document.node(id);
        match &node.kind {
            Kind::Scalar { text, .. } if !node.is_quoted() => {
                matches!(scalar::read(node.tag.as_deref(), text), Ok(scalar::Scalar::Null))
            }
            _ => false,
        }
    }

    /// Counts a node, and stops where aliases make more of a text than anyone writes by hand ("billion laughs").
    fn count(&mut self) -> Option<()> {
        if self.stopped {
            return None;
        }
        self.decoded += 1;
        self.aliased += u64::from(!self.following.is_empty());
        if self.aliased > 100
            && self.decoded > 1000
            && self.aliased as f64 > self.decoded as f64 * allowed(self.decoded)
        {
            self.fail(&Origin::default(), "document contains excessive aliasing");
            self.stopped = true;
            return None;
        }
        Some(())
    }

    fn mismatch(&mut self, id: Id, origin: &Origin, wanted: &str) {
        let node = self.document.node(id);
        let found = match &node.kind {
            Kind::Sequence(_) => "a list".to_owned(),
            Kind::Mapping(_) => "a mapping".to_owned(),
            Kind::Scalar { text, .. } if node.is_quoted() => format!("a quoted text: {}", excerpt(text)),
            Kind::Scalar { text, .. } => format!("`{}`", excerpt(text)),
            Kind::Alias { name, .. } => format!("*{name}"),
        };
        self.fail(origin, format!("{wanted}, and this is {found}"));
    }

    fn fail(&mut self, origin: &Origin, message: impl Into<String>) {
        self.errors.entries.push(Entry::at(Severity::Error, origin, message));
    }
}

/// How great a share of all nodes may lie behind aliases: nearly all in a small document, a tenth in a huge one.
fn allowed(decoded: u64) -> f64 {
    const LOW: f64 = 400_000.0;
    const HIGH: f64 = 4_000_000.0;
    0.99 - 0.89 * ((decoded as f64 - LOW) / (HIGH - LOW)).clamp(0.0, 1.0)
}

fn wanted(holds: Holds) -> &'static str {
    match holds {
        Holds::Number => "a whole number is needed here",
        Holds::Truth => "true or false is needed here",
        _ => "a text is needed here",
    }
}

/// The beginning of a text, for a message.
fn excerpt(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

/// What a scalar becomes in a field.
fn coerce(read: &scalar::Scalar<'_>, text: &str, holds: Holds) -> Option<Value> {
    use scalar::Scalar;
    match (holds, read) {
        (Holds::Text, Scalar::Binary(bytes)) => Some(Value::Str(String::from_utf8_lossy(bytes).into_owned())),
        (Holds::Text, _) => Some(Value::Str(text.to_owned())),
        (Holds::Number, Scalar::Int(whole)) => Some(Value::Int(*whole)),
        // Cut off towards zero, as Go converts; what is no number at all is refused.
        (Holds::Number, Scalar::Float(number)) if *number <= i64::MAX as f64 => Some(Value::Int(*number as i64)),
        (Holds::Truth, Scalar::Bool(truth)) => Some(Value::Bool(*truth)),
        (Holds::Truth, Scalar::Text(word)) => scalar::truth(word).map(Value::Bool),
        _ => None,
    }
}
