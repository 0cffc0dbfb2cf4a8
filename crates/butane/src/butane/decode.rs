//! YAML into the shape that the tables of `super::schema` describe, with yaml.v3's coercions: numbers and truth values go
//! into texts as they are written, `420.0` is a whole number, `yes` a truth value where one is wanted.
//!
//! Every node keeps the user's path and place. What lies behind an alias or a merge key has the place of the alias, or of
//! the mapping it was merged into: that is what stands in the user's file at that path.
//!
//! Not recursive in what the user wrote: only keys that the tables know are followed.

mod aliases;
mod coerce;
mod entries;

use super::{
    dialect::Dialect,
    schema::{Field, Holds, Type},
};
use crate::{
    report::{Entry, Report, Severity},
    tree::{self, Key, Origin, Path, Value},
    yaml::{Document, Id, Kind, scalar},
};
use aliases::Counts;
use coerce::{coerce, found, wanted};
use entries::Entries;
use std::collections::BTreeSet;

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
    counts: Counts,
    stopped: bool,
}

impl<'a> Decoder<'a> {
    fn new(document: &'a Document, dialect: Dialect) -> Self {
        Self {
            document,
            dialect,
            errors: Report::default(),
            unused: Report::default(),
            following: BTreeSet::new(),
            counts: Counts::default(),
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
            return self.stop(&place.origin, format!("anchor '{name}' value contains itself"));
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
        self.count_text(text.len())?;
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

    /// An error after which there is no sense in going on.
    fn stop<T>(&mut self, origin: &Origin, message: String) -> Option<T> {
        self.fail(origin, message);
        self.stopped = true;
        None
    }

    fn mismatch(&mut self, id: Id, origin: &Origin, wanted: &str) {
        if let Kind::Mapping(pairs) = &self.document.node(id).kind
            && self.refuse_duplicates(pairs, origin).is_none()
        {
            return;
        }
        let found = found(self.document, id);
        self.fail(origin, format!("{wanted}, and this is {found}"));
    }

    fn fail(&mut self, origin: &Origin, message: impl Into<String>) {
        self.errors.entries.push(Entry::at(Severity::Error, origin, message));
    }
}
