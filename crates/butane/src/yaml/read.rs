//! YAML of any shape as a tree: for readers that have no table of fields, such as the checks of cloud-init's parts.
//!
//! Aliases and merge keys (`<<`) are resolved; what lies behind them has its own place. A key that is there twice is an
//! error: most readers let the last one win, and the first is lost without a word.

use super::{Document, Error, Id, Kind, Node, scalar};
use crate::tree::{self, Key, Origin, Path, Position, Value};
use std::collections::{HashMap, HashSet};

/// Collections that lie in each other. More is an attack.
const MAX_DEPTH: usize = 100;
/// Nodes with all aliases resolved.
const MAX_NODES: usize = 1_000_000;

/// Reads the first document of a text. `None` where there is nothing in it.
///
/// # Errors
/// It is no YAML, a key is there twice, or its aliases make more of it than can be meant.
pub fn read(text: &str) -> Result<Option<tree::Node>, Error> {
    let document = Document::parse(text)?;
    let Some(root) = document.root() else { return Ok(None) };
    let node = Reader { document: &document, nodes: 0 }.node(root, &Path::ROOT, 0)?;
    Ok((!node.is_null()).then_some(node))
}

struct Reader<'a> {
    document: &'a Document,
    nodes: usize,
}

type Entries = Vec<(Key, tree::Node)>;

impl Reader<'_> {
    fn node(&mut self, id: Id, path: &Path, depth: usize) -> Result<tree::Node, Error> {
        let node = self.document.resolve(id);
        self.nodes += 1;
        if depth > MAX_DEPTH || self.nodes > MAX_NODES {
            let message = "it nests too deeply, or its aliases make too much of it".to_owned();
            return Err(Error { message, at: Some(node.at) });
        }
        let value = match &node.kind {
            Kind::Scalar { text, .. } => scalar(node, text)?,
            Kind::Sequence(items) => {
                let items = items.iter().enumerate().map(|(at, item)| self.node(*item, &path.index(at), depth + 1));
                Value::List(items.collect::<Result<_, _>>()?)
            }
            Kind::Mapping(entries) => Value::Map(self.map(entries, path, depth)?),
            Kind::Alias { .. } => Value::Null,
        };
        Ok(tree::Node { value, origin: Origin { path: path.clone(), at: Some(node.at) } })
    }

    fn map(&mut self, entries: &[(Id, Id)], path: &Path, depth: usize) -> Result<Entries, Error> {
        let (mut map, mut merged, mut lines) = (Entries::new(), Entries::new(), HashMap::new());
        for (key, value) in entries {
            if self.document.node(*key).is_merge() {
                self.merge(*value, path, depth, &mut merged)?;
                continue;
            }
            let (name, at) = self.key(*key)?;
            if let Some(line) = lines.insert(name.clone(), at.map_or(0, |at| at.line)) {
                return Err(Error { message: format!("the key `{name}` is there twice, first at line {line}"), at });
            }
            let value = self.node(*value, &path.key(name.clone()), depth + 1)?;
            map.push((Key { name: name.into(), at }, value));
        }
        // What stands in the mapping itself comes before what is merged into it.
        merged.retain(|(key, _)| !lines.contains_key(&*key.name));
        map.extend(merged);
        Ok(map)
    }

    /// One mapping, or a list of them, of which the first counts.
    fn merge(&mut self, id: Id, path: &Path, depth: usize, merged: &mut Entries) -> Result<(), Error> {
        let node = self.node(id, path, depth + 1)?;
        let maps = if let Value::List(items) = &node.value { items.as_slice() } else { std::slice::from_ref(&node) };
        let mut known: HashSet<_> = merged.iter().map(|(key, _)| key.name.clone()).collect();
        for (key, value) in maps.iter().flat_map(tree::Node::entries) {
            if known.insert(key.name.clone()) {
                merged.push((key.clone(), value.clone()));
            }
        }
        Ok(())
    }

    fn key(&self, id: Id) -> Result<(String, Option<Position>), Error> {
        let node = self.document.resolve(id);
        match &node.kind {
            Kind::Scalar { text, .. } => Ok((text.clone(), Some(self.document.node(id).at))),
            _ => Err(Error { message: "a key has to be a text".to_owned(), at: Some(node.at) }),
        }
    }
}

fn scalar(node: &Node, text: &str) -> Result<Value, Error> {
    use scalar::Scalar;
    if node.is_quoted() {
        return Ok(Value::Str(text.to_owned()));
    }
    let tag = node.tag.as_deref();
    // A tag of the reader's own, such as `!vault`, says nothing here.
    let tag = tag.filter(|tag| tag.starts_with("!!"));
    let read = scalar::read(tag, text).map_err(|message| Error { message, at: Some(node.at) })?;
    Ok(match read {
        Scalar::Null => Value::Null,
        Scalar::Bool(truth) => Value::Bool(truth),
        Scalar::Int(whole) => Value::Int(whole),
        Scalar::Big(whole) => Value::Float(whole as f64),
        Scalar::Float(number) => Value::Float(number),
        Scalar::Text(text) => Value::Str(text.to_owned()),
        Scalar::Binary(bytes) => Value::Str(String::from_utf8_lossy(&bytes).into_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> (u32, String) {
        let error = read(text).unwrap_err();
        (error.at.unwrap().line, error.message)
    }

    #[test]
    fn any_shape_is_read_with_its_places() {
        let node = read("a: 1\nb: [x, \"1\", yes, ~]\nc: { d: 0644 }\n").unwrap().unwrap();
        assert_eq!(node.get("a").and_then(tree::Node::as_int), Some(1));
        let texts: Vec<_> = node.get("b").unwrap().items().iter().map(tree::Node::as_str).collect();
        assert_eq!(texts, [Some("x"), Some("1"), Some("yes"), None]);
        let mode = node.get("c").and_then(|c| c.get("d")).unwrap();
        assert_eq!((mode.as_int(), mode.origin.at), (Some(0o644), Some(Position { line: 3, column: 9 })));
        assert_eq!(mode.origin.path.to_string(), "$.c.d");
        assert_eq!(read("# nothing\n").unwrap(), None);
    }

    #[test]
    fn aliases_and_merge_keys_are_resolved() {
        let node = read("x: &x { a: 1, b: 2 }\ny: { <<: *x, b: 3 }\nz: *x\n").unwrap().unwrap();
        let number = |map: &str, key: &str| node.get(map).and_then(|map| map.get(key)).and_then(tree::Node::as_int);
        assert_eq!([number("y", "a"), number("y", "b"), number("z", "b")], [Some(1), Some(3), Some(2)]);
    }

    #[test]
    fn a_key_that_is_there_twice_is_an_error() {
        assert_eq!(error("a: 1\nb: 2\na: 3\n"), (3, "the key `a` is there twice, first at line 1".to_owned()));
    }

    #[test]
    fn what_explodes_is_stopped() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..12 {
            let inner = vec![format!("*a{}", n - 1); 10].join(", ");
            bomb.push_str(&format!("a{n}: &a{n} [{inner}]\n"));
        }
        assert!(error(&bomb).1.contains("too much"));
        assert!(error(&"[".repeat(101).replace('[', "- ")).1.contains("too deeply"));
        assert!(error("&x [*x]\n").1.contains("too deeply"));
    }
}
