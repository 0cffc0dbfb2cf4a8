//! What a config must fulfil beyond its shape: a rule for each kind of mapping, named in the [schema](super::schema).
//! Each file here is about one part of a config.
//!
//! Messages and their order are the reference's. A rule sees one mapping and all that lies in it, and complains about
//! fields by their way from there; where that is for the user, [`Check`] knows.

pub(super) mod config;
pub(super) mod disks;
pub(super) mod files;
pub(super) mod filesystems;
pub(super) mod luks;
pub(super) mod raid;
pub(super) mod resources;
pub(super) mod units;

use super::{
    schema::{self, Kind, Type},
    version::Version,
};
use crate::{
    report::Report,
    tree::{Node, Origin, Path, Segment},
};

/// What a kind of mapping must fulfil.
pub type Rule = fn(&mut Check<'_>);

/// Says where something would be that a config lacks: the way to it in the output, and the place of what it would lie
/// in. In JSON that place and that way are the answer; what was translated has a place elsewhere.
pub type Missing<'a> = dyn Fn(&Path, &Origin) -> Origin + 'a;

/// All that is wrong with a config of this version, and what is doubtful. Items that stand twice in a list are found by
/// [`duplicates`](super::duplicates()).
pub fn validate(config: &Node, version: Version, missing: &Missing<'_>) -> Report {
    let mut walk = Walk { version, missing, way: Vec::new(), report: Report::default() };
    walk.mapping(config, &schema::CONFIG);
    walk.report
}

/// Nothing beyond the shape.
pub(super) fn nothing(_: &mut Check<'_>) {}

struct Walk<'m> {
    version: Version,
    missing: &'m Missing<'m>,
    /// The way to where we are, in the output.
    way: Vec<Segment>,
    report: Report,
}

impl Walk<'_> {
    fn mapping(&mut self, node: &Node, kind: &'static Type) {
        let version = self.version;
        (kind.rule)(&mut Check { node, version, missing: self.missing, way: &self.way, report: &mut self.report });
        for field in kind.fields(version) {
            let Some(child) = node.get(field.name) else { continue };
            self.way.push(Segment::Key(field.name.into()));
            match field.kind {
                Kind::Mapping(kind) => self.mapping(child, kind),
                Kind::Mappings(kind, _) => self.list(child, kind),
                _ => {}
            }
            self.way.pop();
        }
    }

    fn list(&mut self, list: &Node, kind: &'static Type) {
        for (index, item) in list.items().iter().enumerate() {
            self.way.push(Segment::Index(index));
            self.mapping(item, kind);
            self.way.pop();
        }
    }
}

/// What a rule sees: one mapping, and somewhere to complain.
pub struct Check<'a> {
    /// The mapping.
    pub node: &'a Node,
    /// The version that the config claims.
    pub version: Version,
    missing: &'a Missing<'a>,
    way: &'a [Segment],
    report: &'a mut Report,
}

impl<'a> Check<'a> {
    /// A field's text, if it has one.
    pub fn text(&self, field: &str) -> Option<&'a str> {
        self.node.get(field)?.as_str()
    }

    /// Whether a field has a text that is not empty.
    pub fn has_text(&self, field: &str) -> bool {
        has_text(self.node, field)
    }

    /// A field's number, if it has one.
    pub fn int(&self, field: &str) -> Option<i64> {
        self.node.get(field)?.as_int()
    }

    /// Whether a field is true.
    pub fn is_true(&self, field: &str) -> bool {
        is_true(self.node, field)
    }

    /// The items of a list; none if there is none.
    pub fn items(&self, field: &str) -> &'a [Node] {
        items(self.node, field)
    }

    /// Complains about a field, which there may not be.
    pub fn error(&mut self, field: &'static str, message: impl Into<String>) {
        self.error_at(&[field.into()], message);
    }

    /// Complains about what lies this way from here.
    pub fn error_at(&mut self, way: &[Segment], message: impl Into<String>) {
        let origin = self.origin(way);
        self.report.error(&origin, message);
    }

    /// As [`Check::error`], for what is only doubtful.
    pub fn warn(&mut self, field: &'static str, message: impl Into<String>) {
        self.warn_at(&[field.into()], message);
    }

    /// As [`Check::error_at`], for what is only doubtful.
    pub fn warn_at(&mut self, way: &[Segment], message: impl Into<String>) {
        let origin = self.origin(way);
        self.report.warn(&origin, message);
    }

    /// Complains about a field unless all is well with it.
    pub fn require<M: Into<String>>(&mut self, field: &'static str, verdict: Result<(), M>) {
        if let Err(message) = verdict {
            self.error(field, message);
        }
    }

    /// Where the user wrote what lies this way from here, or would have to write it.
    fn origin(&self, way: &[Segment]) -> Origin {
        let mut node = self.node;
        for segment in way {
            match node.step(segment) {
                Some(child) => node = child,
                None => return self.origin_of_missing(way, node),
            }
        }
        node.origin.clone()
    }

    fn origin_of_missing(&self, way: &[Segment], nearest: &Node) -> Origin {
        let path = self.way.iter().chain(way).cloned().fold(Path::ROOT, |path, segment| path.then(segment));
        (self.missing)(&path, &nearest.origin)
    }
}

/// Whether a mapping's field is true.
pub(super) fn is_true(node: &Node, field: &str) -> bool {
    node.get(field).and_then(Node::as_bool) == Some(true)
}

/// Whether a mapping's field has a text that is not empty.
pub(super) fn has_text(node: &Node, field: &str) -> bool {
    node.get(field).and_then(Node::as_str).is_some_and(|text| !text.is_empty())
}

/// A mapping's text, empty if it has none.
pub(super) fn text_or_empty<'a>(node: &'a Node, field: &str) -> &'a str {
    node.get(field).and_then(Node::as_str).unwrap_or("")
}

/// The items of a mapping's list.
pub(super) fn items<'a>(node: &'a Node, field: &str) -> &'a [Node] {
    node.get(field).map_or(&[], Node::items)
}
