//! The files, directories and links of a config by their paths, to add to them.

use super::From;
use crate::tree::{Key, Node, Origin, Value};
use std::collections::HashMap;

/// What lies at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Sort {
    File,
    Directory,
    Link,
}

const SORTS: [Sort; 3] = [Sort::File, Sort::Directory, Sort::Link];

impl Sort {
    fn list(self) -> &'static str {
        match self {
            Sort::File => "files",
            Sort::Directory => "directories",
            Sort::Link => "links",
        }
    }
}

/// A config with its nodes by their paths.
pub(super) struct Nodes<'a> {
    config: &'a mut Node,
    index: HashMap<(Sort, String), usize>,
}

impl<'a> Nodes<'a> {
    pub(super) fn of(config: &'a mut Node) -> Self {
        let mut index = HashMap::new();
        for sort in SORTS {
            let list = config.get("storage").and_then(|storage| storage.get(sort.list()));
            for (at, node) in list.map(Node::items).unwrap_or_default().iter().enumerate() {
                index.insert((sort, super::text(node, "path").unwrap_or_default().to_owned()), at);
            }
        }
        Self { config, index }
    }

    pub(super) fn exists(&self, path: &str) -> bool {
        SORTS.iter().any(|sort| self.index.contains_key(&(*sort, path.to_owned())))
    }

    pub(super) fn get(&mut self, sort: Sort, path: &str) -> Option<&mut Node> {
        let at = *self.index.get(&(sort, path.to_owned()))?;
        match &mut self.config.get_mut("storage")?.get_mut(sort.list())?.value {
            Value::List(items) => items.get_mut(at),
            _ => None,
        }
    }

    /// Adds a node that is not there yet.
    pub(super) fn add(&mut self, sort: Sort, path: String, node: Node) {
        let origin = node.origin.clone();
        let index = &mut self.index;
        within(self.config, "storage", &origin, Value::Map(Vec::new()), |storage| {
            within(storage, sort.list(), &origin, Value::List(Vec::new()), |list| {
                if let Value::List(items) = &mut list.value {
                    index.insert((sort, path), items.len());
                    items.push(node);
                }
            });
        });
    }
}

/// Does something with a field of a mapping, which is made if it is missing.
fn within(node: &mut Node, field: &'static str, origin: &Origin, empty: Value, then: impl FnOnce(&mut Node)) {
    let Value::Map(entries) = &mut node.value else { return };
    if !entries.iter().any(|(key, _)| key.name == field) {
        entries.push((Key::new(field), From(origin).node(empty)));
    }
    if let Some((_, child)) = entries.iter_mut().find(|(key, _)| key.name == field) {
        then(child);
    }
}
