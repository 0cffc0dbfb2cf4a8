//! YAML as `yaml.v3`, the parser of the reference, reads it: the same nodes at the same lines and columns, the same scalars.
//!
//! [`Document::parse`] makes nodes of a text's first document. What a scalar means depends on who asks: [`scalar`] says
//! what it looks like, and the typed layer (`crate::decode`) what it becomes in a field.
//!
//! Specification: YAML 1.1 as libyaml reads it, with yaml.v3's scalars, a mixture of 1.1 and 1.2.
//! Why this parser: docs/decisions/0006-yaml.md.

mod compose;
mod events;
mod read;
pub(crate) mod scalar;

pub use read::read;

use crate::tree::{Path, Position, Segment};

/// Flow and block collections that lie in each other. More is an attack, as yaml.v3 sees it too.
const MAX_DEPTH: usize = 10_000;

/// The first document of a text. Nodes name each other by number, for an alias may point at what it lies in.
#[derive(Debug, Default)]
pub(crate) struct Document {
    nodes: Vec<Node>,
    root: Option<Id>,
}

/// A node of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id(usize);

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) at: Position,
    /// The tag that was written, short (`!!int`); none for `!` too.
    pub(crate) tag: Option<String>,
    pub(crate) kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Scalar { text: String, plain: bool },
    Sequence(Vec<Id>),
    Mapping(Vec<(Id, Id)>),
    Alias { name: String, target: Id },
}

/// Why a text is no YAML.
#[derive(Debug, PartialEq, Eq)]
pub struct Error {
    /// What is wrong.
    pub message: String,
    /// Where.
    pub at: Option<Position>,
}

impl Document {
    /// Reads the first document of a text; the others are not looked at.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        compose::compose(text)
    }

    /// The document's node; none where the text has no document.
    pub(crate) fn root(&self) -> Option<Id> {
        self.root
    }

    pub(crate) fn node(&self, id: Id) -> &Node {
        // Every id was made by the composer, for a node of this document.
        &self.nodes[id.0]
    }

    /// A scalar's text; none of other nodes.
    pub(crate) fn text(&self, id: Id) -> Option<&str> {
        match &self.node(id).kind {
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// What a mapping has under a key. Neither aliases nor merge keys are followed.
    pub(crate) fn child(&self, id: Id, key: &str) -> Option<Id> {
        let Kind::Mapping(entries) = &self.node(id).kind else { return None };
        entries.iter().rev().find(|(name, _)| self.text(*name) == Some(key)).map(|(_, value)| *value)
    }

    /// The place of what stands at a path, or else of the last on the way there that does.
    pub(crate) fn place(&self, path: &Path) -> Option<Position> {
        let mut at = self.root?;
        for segment in path.segments() {
            let next = match (segment, &self.node(at).kind) {
                (Segment::Key(key), _) => self.child(at, key),
                (Segment::Index(index), Kind::Sequence(items)) => items.get(*index).copied(),
                _ => None,
            };
            let Some(next) = next else { break };
            at = next;
        }
        Some(self.node(at).at)
    }

    /// The node that an alias stands for, else the node itself. An alias never points at another.
    pub(crate) fn resolve(&self, id: Id) -> &Node {
        match self.node(id).kind {
            Kind::Alias { target, .. } => self.node(target),
            _ => self.node(id),
        }
    }
}

impl Node {
    /// Whether this is a scalar that counts as text whatever it looks like.
    pub(crate) fn is_quoted(&self) -> bool {
        let Kind::Scalar { plain, .. } = &self.kind else { return false };
        match &self.tag {
            Some(tag) => tag == "!!str",
            None => !plain,
        }
    }

    /// Whether this is the key `<<`, which merges another mapping into its own.
    pub(crate) fn is_merge(&self) -> bool {
        match &self.kind {
            Kind::Scalar { text, plain } if text == "<<" => match &self.tag {
                Some(tag) => tag == "!!merge",
                None => *plain,
            },
            _ => false,
        }
    }
}
