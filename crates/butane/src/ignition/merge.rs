//! How a child's config is laid over its parent's: the rules of the specification's section on merging, for which
//! every field of the [schema](super::schema) says what it is.
//!
//! - A mapping is merged field by field; a text, number or truth value of the child's replaces the parent's.
//! - Items of a list that have the same key are merged, at the parent's place; the child's others follow.
//! - Where several lists share their keys (files, directories and links by path; kernel arguments) an item of the
//!   parent's gives way to one of the child's with the same key in another of them.
//! - Lists of options, and what is appended to a file, are joined.
//! - A child's HTTP header without a value takes away the parent's.
//!
//! What both have a part in keeps the child's origin.

use super::{
    encode::is_zero,
    schema::{CONFIG, Field, Form, Key as KeyOf, Kind, Merge, Type, fields_of},
    version::Version,
};
use crate::tree::{Key, Node, Origin, Value};
use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

/// The parent's config with the child's laid over it; both are of this version. Both should be valid, and the result
/// need not be.
pub fn merge(parent: Node, child: Node, version: Version) -> Node {
    mapping(parent, child, &CONFIG, version)
}

/// What tells an item from the others of its list.
pub(super) fn key_of(item: &Node, kind: Kind) -> String {
    let text = |name| item.get(name).and_then(Node::as_str).unwrap_or("").to_owned();
    match kind {
        Kind::Mappings(Type { key: KeyOf::Text(name), .. }, _) => text(name),
        Kind::Mappings(Type { key: KeyOf::Partition, .. }, _) => partition_key(item),
        _ => item.as_str().unwrap_or("").to_owned(),
    }
}

fn partition_key(item: &Node) -> String {
    match (item.get("number").and_then(Node::as_int), item.get("label").and_then(Node::as_str)) {
        (Some(number), _) if number != 0 => format!("number:{number}"),
        (_, Some(label)) => format!("label:{label}"),
        _ => String::new(),
    }
}

fn mapping(parent: Node, child: Node, kind: &'static Type, version: Version) -> Node {
    let origin = child.origin.clone();
    let elsewhere = keys_elsewhere(&child, kind, version);
    let (mut parent, mut child) = (Fields::of(parent), Fields::of(child));
    let mut merged = Vec::new();
    for part in kind.parts {
        let untouched = kind.parts.len() > 1 && child.has_none_of(part, version);
        for field in fields_of(part, version) {
            let (ours, theirs) = (parent.take(field.name), child.take(field.name));
            let node = if untouched { ours } else { one_field(ours, theirs, field, &elsewhere, version) };
            merged.extend(node.map(|node| (Key::new(field.name), node)));
        }
    }
    Node::new(Value::Map(merged), origin)
}

/// A mapping's fields, to be taken out by name.
struct Fields(HashMap<Cow<'static, str>, Node>);

impl Fields {
    fn of(node: Node) -> Self {
        let entries = if let Value::Map(entries) = node.value { entries } else { Vec::new() };
        Self(entries.into_iter().map(|(key, node)| (key.name, node)).collect())
    }

    fn take(&mut self, name: &str) -> Option<Node> {
        self.0.remove(name).filter(|node| !node.is_null())
    }

    fn has_none_of(&self, part: &'static [Field], version: Version) -> bool {
        fields_of(part, version)
            .all(|field| self.0.get(field.name).is_none_or(|node| is_zero(node, field.kind, field.form, version)))
    }
}

fn one_field(
    parent: Option<Node>,
    child: Option<Node>,
    field: &'static Field,
    elsewhere: &Elsewhere,
    version: Version,
) -> Option<Node> {
    match (parent, child, field.kind) {
        (parent, None, Kind::Bool | Kind::Int | Kind::Text) => {
            parent.filter(|_| matches!(field.form, Form::Optional | Form::Nullable))
        }
        (_, child, Kind::Bool | Kind::Int | Kind::Text) => child,
        (Some(parent), Some(child), Kind::Mapping(kind)) => Some(match field.form {
            Form::Plain if is_zero(&child, field.kind, field.form, version) => parent,
            Form::Plain if is_zero(&parent, field.kind, field.form, version) => child,
            _ => mapping(parent, child, kind, version),
        }),
        (parent, child, Kind::Mapping(_)) => child.or(parent),
        (parent, child, Kind::Texts(Merge::Append) | Kind::Mappings(_, Merge::Append)) => joined(parent, child),
        (parent, child, Kind::Texts(_) | Kind::Mappings(..)) => keyed(parent, child, field, elsewhere, version),
    }
}

fn list(node: Option<Node>) -> (Option<Origin>, Vec<Node>) {
    match node {
        Some(Node { value: Value::List(items), origin }) if !items.is_empty() => (Some(origin), items),
        _ => (None, Vec::new()),
    }
}

fn joined(parent: Option<Node>, child: Option<Node>) -> Option<Node> {
    let ((parent_origin, mut items), (child_origin, more)) = (list(parent), list(child));
    items.extend(more);
    child_origin.or(parent_origin).map(|origin| Node::new(Value::List(items), origin))
}

fn keyed(
    parent: Option<Node>,
    child: Option<Node>,
    field: &'static Field,
    elsewhere: &Elsewhere,
    version: Version,
) -> Option<Node> {
    let ((parent_origin, parents), (child_origin, children)) = (list(parent), list(child));
    let origin = child_origin.or(parent_origin)?;
    let keys: HashSet<String> = parents.iter().map(|item| key_of(item, field.kind)).collect();
    let (mut overlaid, mut added) = (HashMap::new(), Vec::new());
    for item in children {
        let key = key_of(&item, field.kind);
        if keys.contains(&key) {
            overlaid.insert(key, item);
        } else {
            added.push(item);
        }
    }
    let gone = elsewhere.of(field);
    let kept = parents.into_iter().filter_map(|item| {
        let key = key_of(&item, field.kind);
        match overlaid.get(&key) {
            _ if gone.is_some_and(|gone| gone.contains(&key)) => None,
            None => Some(item),
            Some(child) => overlay(item, child.clone(), field, version),
        }
    });
    let items: Vec<Node> = kept.chain(added).collect();
    Some(Node::new(Value::List(items), origin))
}

/// An item of the parent's under one of the child's with the same key; none if that takes it away.
fn overlay(parent: Node, child: Node, field: &Field, version: Version) -> Option<Node> {
    match field.kind {
        Kind::Mappings(_, _) if field.name == "httpHeaders" && child.get("value").is_none() => None,
        Kind::Mappings(kind, _) => Some(mapping(parent, child, kind, version)),
        _ => Some(child),
    }
}

/// For each list that shares its keys with others, those keys that the child has in another one.
struct Elsewhere(HashMap<&'static str, HashSet<String>>);

impl Elsewhere {
    fn of(&self, field: &Field) -> Option<&HashSet<String>> {
        self.0.get(field.name)
    }
}

fn keys_elsewhere(child: &Node, kind: &'static Type, version: Version) -> Elsewhere {
    let shared = |field: &&'static Field| sharing(field).is_some();
    let lists: Vec<&'static Field> = kind.fields(version).filter(shared).collect();
    // Of several lists that have a key, the last one has it.
    let mut owner: HashMap<(Option<&str>, String), &'static str> = HashMap::new();
    for field in &lists {
        for item in child.get(field.name).map_or(&[][..], Node::items) {
            owner.insert((sharing(field), key_of(item, field.kind)), field.name);
        }
    }
    let mut elsewhere: HashMap<&'static str, HashSet<String>> = HashMap::new();
    for ((share, key), name) in owner {
        for field in lists.iter().filter(|field| sharing(field) == share && field.name != name) {
            elsewhere.entry(field.name).or_default().insert(key.clone());
        }
    }
    Elsewhere(elsewhere)
}

/// The name under which a list shares its keys with others.
pub(super) fn sharing(field: &Field) -> Option<&'static str> {
    match field.kind {
        Kind::Texts(Merge::Shared(name)) | Kind::Mappings(_, Merge::Shared(name)) => Some(name),
        _ => None,
    }
}
