//! Sugar: what Butane has and Ignition has not, made into what Ignition has.
//!
//! Sugar within an object ([`contents`]) is replaced in the user's own tree, before its keys get their names in Ignition.
//! Sugar that stands for whole parts of a config is made into a config of its own, which the user's is merged over
//! ([`mount_units`], [`boot_device`], [`grub`]), or added to the user's ([`trees`], [`quadlets`]).
//! Whatever is made here has the place of what it was made of.

pub(super) mod boot_device;
pub(super) mod contents;
pub(super) mod grub;
pub(super) mod mount_units;
mod nodes;
pub(super) mod quadlets;
pub(super) mod trees;

use crate::tree::{Key, Node, Origin, Value};

/// Makes nodes that all have one place.
#[derive(Clone, Copy)]
struct From<'a>(&'a Origin);

impl From<'_> {
    fn node(self, value: Value) -> Node {
        Node::new(value, self.0.clone())
    }

    fn text(self, text: impl Into<String>) -> Node {
        self.node(Value::Str(text.into()))
    }

    fn number(self, number: i64) -> Node {
        self.node(Value::Int(number))
    }

    fn truth(self, truth: bool) -> Node {
        self.node(Value::Bool(truth))
    }

    fn list(self, items: impl IntoIterator<Item = Node>) -> Node {
        self.node(Value::List(items.into_iter().collect()))
    }

    fn map(self, entries: impl IntoIterator<Item = (&'static str, Node)>) -> Node {
        self.node(Value::Map(entries.into_iter().map(|(key, node)| (Key::new(key), node)).collect()))
    }
}

/// Whether a field is there and true.
pub(super) fn is_true(node: &Node, field: &str) -> bool {
    node.get(field).and_then(Node::as_bool).unwrap_or(false)
}

/// A text field, also an empty one; none if it is missing.
pub(super) fn text<'a>(node: &'a Node, field: &str) -> Option<&'a str> {
    node.get(field).and_then(Node::as_str)
}

/// A text field that says something.
pub(super) fn filled<'a>(node: &'a Node, field: &str) -> Option<&'a str> {
    text(node, field).filter(|text| !text.is_empty())
}

/// A list's items; none if it is missing.
pub(super) fn items<'a>(node: &'a Node, field: &str) -> &'a [Node] {
    node.get(field).map(Node::items).unwrap_or_default()
}

/// Takes a field out of a mapping.
pub(super) fn take(node: &mut Node, field: &str) -> Option<Node> {
    let Value::Map(entries) = &mut node.value else { return None };
    let at = entries.iter().position(|(key, _)| key.name == field)?;
    Some(entries.remove(at).1)
}

/// Sets a field of a mapping.
pub(super) fn set(node: &mut Node, field: &'static str, value: Node) {
    if let Some(old) = node.get_mut(field) {
        *old = value;
    } else if let Value::Map(entries) = &mut node.value {
        entries.push((Key::new(field), value));
    }
}
