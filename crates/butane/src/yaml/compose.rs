//! Events into nodes. Not recursive: how deep a text nests is its author's choice.

use super::{
    Document, Error, Id, Kind, MAX_DEPTH, Node,
    events::{Event, Events, Mark},
};
use crate::tree::Position;
use std::collections::HashMap;

pub(super) fn compose(text: &str) -> Result<Document, Error> {
    let mut events = Events::new(text)?;
    let mut composer = Composer::default();
    loop {
        let (event, at) = match events.next() {
            Ok(next) => next,
            Err(error) => {
                let read = &text.as_bytes()[..events.problem_offset().min(text.len())];
                let at = error.at.or_else(|| Some(Position::after(&String::from_utf8_lossy(read))));
                return Err(Error { at, ..error });
            }
        };
        match event {
            Event::DocumentEnd | Event::StreamEnd => return Ok(composer.document),
            Event::StreamStart | Event::DocumentStart => {}
            other => composer.take(other, at)?,
        }
    }
}

#[derive(Default)]
struct Composer {
    document: Document,
    anchors: HashMap<String, Id>,
    /// Collections that have begun and not ended, with a key that waits for its value.
    open: Vec<(Id, Option<Id>)>,
}

impl Composer {
    fn take(&mut self, event: Event, at: Position) -> Result<(), Error> {
        match event {
            Event::Alias(name) => {
                let Some(&target) = self.anchors.get(&name) else {
                    return Err(Error { message: format!("unknown anchor '{name}' referenced"), at: Some(at) });
                };
                self.add(Kind::Alias { name, target }, Mark::default(), at);
            }
            Event::Scalar { text, plain, mark } => {
                self.add(Kind::Scalar { text, plain }, mark, at);
            }
            Event::SequenceStart(mark) => self.begin(Kind::Sequence(Vec::new()), mark, at)?,
            Event::MappingStart(mark) => self.begin(Kind::Mapping(Vec::new()), mark, at)?,
            _ => {
                self.open.pop();
            }
        }
        Ok(())
    }

    fn begin(&mut self, kind: Kind, mark: Mark, at: Position) -> Result<(), Error> {
        if self.open.len() >= MAX_DEPTH {
            let message = format!("exceeded max depth of {MAX_DEPTH}");
            return Err(Error { message, at: Some(at) });
        }
        let id = self.add(kind, mark, at);
        self.open.push((id, None));
        Ok(())
    }

    /// Adds a node to the collection that it lies in. Its anchor counts from here, so within the node too.
    fn add(&mut self, kind: Kind, mark: Mark, at: Position) -> Id {
        let id = Id(self.document.nodes.len());
        self.document.nodes.push(Node { at, tag: mark.tag, kind });
        if let Some(name) = mark.anchor {
            self.anchors.insert(name, id);
        }
        match self.open.last_mut() {
            None => self.document.root = Some(id),
            Some((parent, key)) => match &mut self.document.nodes[parent.0].kind {
                Kind::Sequence(items) => items.push(id),
                Kind::Mapping(entries) => match key.take() {
                    Some(key) => entries.push((key, id)),
                    None => *key = Some(id),
                },
                Kind::Scalar { .. } | Kind::Alias { .. } => {}
            },
        }
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A document as one line: positions before each node.
    fn show(document: &Document, id: Id) -> String {
        let node = document.node(id);
        let inner = match &node.kind {
            Kind::Scalar { text, plain: true } => text.clone(),
            Kind::Scalar { text, plain: false } => format!("{text:?}"),
            Kind::Alias { name, .. } => format!("*{name}"),
            Kind::Sequence(items) => {
                format!("[{}]", items.iter().map(|id| show(document, *id)).collect::<Vec<_>>().join(" "))
            }
            Kind::Mapping(entries) => {
                let entry = |(key, value): &(Id, Id)| format!("{}={}", show(document, *key), show(document, *value));
                format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(" "))
            }
        };
        format!("{}:{}{}{inner}", node.at.line, node.at.column, node.tag.as_deref().unwrap_or("@"))
    }

    fn parsed(text: &str) -> String {
        match Document::parse(text) {
            Ok(document) => document.root().map_or_else(|| "nothing".to_owned(), |root| show(&document, root)),
            Err(error) => format!("{}:{} {}", error.at.unwrap().line, error.at.unwrap().column, error.message),
        }
    }

    #[test]
    fn nodes_know_where_they_begin() {
        assert_eq!(parsed("a:\n  - é: \"x\"\n  - |\n   t\n"), "1:1@{1:1@a=2:3@[2:5@{2:5@é=2:8@\"x\"} 3:5@\"t\\n\"]}");
        assert_eq!(parsed("a: !!int \"7\"\nb: ! c\n"), "1:1@{1:1@a=1:4!!int7 2:1@b=2:4@c}".replace("int7", "int\"7\""));
    }

    #[test]
    fn anchors_and_aliases() {
        assert_eq!(parsed("a: &x [1]\nb: *x\n"), "1:1@{1:1@a=1:4@[1:8@1] 2:1@b=2:4@*x}");
        assert_eq!(parsed("a: *x\n"), "1:4 unknown anchor 'x' referenced");
        assert_eq!(parsed("&x [*x]\n"), "1:1@[1:5@*x]");
    }

    #[test]
    fn only_the_first_document_counts() {
        assert_eq!(parsed("a\n---\n[\n"), "1:1@a");
        assert_eq!(parsed("# nothing\n"), "nothing");
        assert_eq!(parsed(""), "nothing");
    }

    #[test]
    fn marks_line_ends_and_strange_characters() {
        assert_eq!(parsed("\u{feff}a: b\r\nc: d\r\n"), "1:1@{1:1@a=1:4@b 2:1@c=2:4@d}");
        assert_eq!(parsed("a: b\nc: \0\n"), "2:4 control characters are not allowed");
        assert_eq!(parsed("a:\n\tb: c\n"), "2:1 found character that cannot start any token");
        assert_eq!(parsed("a: [\n"), "2:1 did not find expected node content");
        assert_eq!(parsed("a: |\n  no line end"), "1:1@{1:1@a=1:4@\"no line end\"}");
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = "[".repeat(MAX_DEPTH + 1);
        assert!(parsed(&deep).ends_with("exceeded max depth of 10000"), "{}", parsed(&deep));
    }
}
