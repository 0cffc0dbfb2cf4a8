//! One tree for what a user wrote, for what is made of it, and for what is written out. Every node knows where the
//! user wrote it ([`Origin`]), also after it was translated, merged and moved: so a complaint about the output names
//! the user's own line.
//!
//! Paths are linked lists with shared ends, counted by [`Arc`]: a node costs one step however deep it lies, and a
//! report may travel to another thread. The tree itself need not.

use std::{borrow::Cow, fmt, sync::Arc};

/// A value and where it comes from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    /// What stands here.
    pub value: Value,
    /// Where the user wrote it, or wrote what it was made of.
    pub origin: Origin,
}

/// What JSON can say, with whole numbers apart. Mappings keep the order in which they were written.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// A mapping's key, and where it stands if someone wrote it.
#[derive(Clone, Debug)]
pub struct Key {
    /// The key as the mapping's format spells it.
    pub name: Cow<'static, str>,
    /// Where the key itself stands, which is where an unused one is complained about.
    pub at: Option<Position>,
}

/// A node's place in the user's file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The way to it from the user's root.
    pub path: Path,
    /// Where it begins; none for what no user wrote.
    pub at: Option<Position>,
}

/// A place in a text. Lines and columns are counted from 1, columns in the unit of the format's reference
/// implementation: characters in YAML, bytes in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

/// The way from a document's root to a node, written `$.storage.files.0.path`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Path(Option<Arc<Step>>);

/// The last step of a path and the way to it.
#[derive(PartialEq, Eq)]
struct Step {
    parent: Path,
    segment: Segment,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// Into a mapping, by key.
    Key(Cow<'static, str>),
    /// Into a list, from 0.
    Index(usize),
}

impl Node {
    /// A node with a place.
    pub fn new(value: Value, origin: Origin) -> Self {
        Self { value, origin }
    }

    /// The field of that name, if this is a mapping that has it. Of several, the last, as Go's decoders choose.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.entries().iter().rev().find(|(key, _)| key.name == name).map(|(_, node)| node)
    }

    /// As [`Node::get`], to change it.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Node> {
        match &mut self.value {
            Value::Map(entries) => entries.iter_mut().rev().find(|(key, _)| key.name == name).map(|(_, node)| node),
            _ => None,
        }
    }

    /// What lies one step from here.
    pub fn step(&self, segment: &Segment) -> Option<&Node> {
        match segment {
            Segment::Key(name) => self.get(name),
            Segment::Index(index) => self.items().get(*index),
        }
    }

    /// The mapping's entries; none if this is no mapping.
    pub fn entries(&self) -> &[(Key, Node)] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The list's items; none if this is no list.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The text, if this is one.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value, if this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self.value {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The whole number, if this is one.
    pub fn as_int(&self) -> Option<i64> {
        match self.value {
            Value::Int(value) => Some(value),
            _ => None,
        }
    }

    /// Whether this is `null`.
    pub fn is_null(&self) -> bool {
        self.value == Value::Null
    }

    /// The place of a field that this mapping has, or would have: a missing one lies where its mapping begins.
    pub fn origin_of(&self, name: impl Into<Cow<'static, str>>) -> Origin {
        let name = name.into();
        match self.get(&name) {
            Some(field) => field.origin.clone(),
            None => Origin { path: self.origin.path.key(name), at: self.origin.at },
        }
    }
}

impl Value {
    /// What kind of value this is, for a message: "a string".
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a truth value",
            Self::Int(_) => "a whole number",
            Self::Float(_) => "a number with a point or an exponent",
            Self::Str(_) => "a string",
            Self::List(_) => "a list",
            Self::Map(_) => "an object",
        }
    }
}

impl Position {
    /// The place that follows this text, in lines and characters.
    pub(crate) fn after(text: &str) -> Self {
        let from_one = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).saturating_add(1);
        let column = text.rsplit('\n').next().map_or(0, |last| last.chars().count());
        Self { line: from_one(text.matches('\n').count()), column: from_one(column) }
    }
}

impl Key {
    /// A key that no user wrote.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), at: None }
    }
}

/// Keys are equal by name: where they stand makes no difference.
impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Path {
    /// The document's root, `$`.
    pub const ROOT: Self = Self(None);

    /// The way on to a field of the mapping here.
    pub fn key(&self, name: impl Into<Cow<'static, str>>) -> Self {
        self.then(Segment::Key(name.into()))
    }

    /// The way on to an item of the list here, from 0.
    pub fn index(&self, index: usize) -> Self {
        self.then(Segment::Index(index))
    }

    /// The way on by one step.
    pub fn then(&self, segment: Segment) -> Self {
        Self(Some(Arc::new(Step { parent: self.clone(), segment })))
    }

    /// Whether this is the document's root.
    pub fn is_root(&self) -> bool {
        self.0.is_none()
    }

    /// The way to what this lies in; none at the root.
    pub fn parent(&self) -> Option<&Path> {
        self.0.as_ref().map(|step| &step.parent)
    }

    /// The last step; none at the root.
    pub fn last(&self) -> Option<&Segment> {
        self.0.as_ref().map(|step| &step.segment)
    }

    /// The steps from the root.
    pub fn segments(&self) -> Vec<&Segment> {
        let mut segments: Vec<&Segment> =
            std::iter::successors(Some(self), |path| path.parent()).filter_map(Path::last).collect();
        segments.reverse();
        segments
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        self.segments().into_iter().try_for_each(|segment| write!(f, ".{segment}"))
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(name) => f.write_str(name),
            Self::Index(index) => write!(f, "{index}"),
        }
    }
}

impl From<&'static str> for Segment {
    fn from(name: &'static str) -> Self {
        Self::Key(Cow::Borrowed(name))
    }
}

impl From<usize> for Segment {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} col {}", self.line, self.column)
    }
}

impl From<Value> for Node {
    fn from(value: Value) -> Self {
        Self { value, origin: Origin::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_written_from_the_root() {
        let path = Path::ROOT.key("storage").key("files").index(0).key(String::from("path"));
        assert_eq!(path.to_string(), "$.storage.files.0.path");
        assert_eq!(Path::ROOT.to_string(), "$");
    }

    #[test]
    fn a_missing_field_lies_where_its_mapping_begins() {
        let at = Some(Position { line: 3, column: 5 });
        let node = Node::new(Value::Map(Vec::new()), Origin { path: Path::ROOT.key("luks"), at });
        assert_eq!(node.origin_of("device"), Origin { path: Path::ROOT.key("luks").key("device"), at });
    }
}
