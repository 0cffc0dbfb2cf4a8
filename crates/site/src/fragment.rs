//! The site as written: blocks with their attributes, not yet evaluated, each with its position.

use crate::{
    nearest::suggestion,
    report::Collector,
    schema::Schema,
    source::{At, Span},
    syntax::Parsed,
};
use hcl_edit::{
    Span as _,
    expr::Expression,
    structure::{Attribute, Block, Body, Structure},
};
use std::collections::{BTreeMap, BTreeSet};

/// A block as written.
#[derive(Debug)]
pub(crate) struct Fragment<'a> {
    /// Tells fragments apart.
    pub(crate) id: usize,
    pub(crate) kind: &'static str,
    /// Its label; empty for a kind without labels.
    pub(crate) label: At<String>,
    /// Its keyword and label: what a complaint about the whole block points at.
    pub(crate) header: Span,
    pub(crate) attributes: BTreeMap<&'a str, Written<'a>>,
    pub(crate) blocks: Vec<Fragment<'a>>,
}

/// An attribute as written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written<'a> {
    pub(crate) key: Span,
    pub(crate) expr: &'a Expression,
    pub(crate) span: Span,
}

/// All blocks of a site, merged over its files.
#[derive(Debug, Default)]
pub(crate) struct Fragments<'a> {
    /// The blocks, in the order of the files.
    pub(crate) blocks: Vec<Fragment<'a>>,
    /// Kind and label of what is declared but could not be read: it must not be called undefined.
    pub(crate) broken: BTreeSet<(String, String)>,
}

/// Reads the blocks of all files; unknown, misplaced and repeated ones are complained about and left out.
pub(crate) fn read<'a>(problems: &Collector<'_>, schema: &'static Schema, files: &'a [Parsed]) -> Fragments<'a> {
    let mut reader = Reader { problems, next_id: 0, file: 0, broken: BTreeSet::new() };
    let mut blocks = Vec::new();
    for (file, parsed) in files.iter().enumerate() {
        reader.file = file;
        let broken = parsed.broken.iter().map(|(kind, label)| (kind.clone(), label.clone().unwrap_or_default()));
        reader.broken.extend(broken);
        blocks.extend(reader.body(schema, &parsed.body).1);
    }
    let blocks = reader.unique(blocks);
    Fragments { blocks, broken: reader.broken }
}

struct Reader<'p, 's> {
    problems: &'p Collector<'s>,
    next_id: usize,
    file: usize,
    broken: BTreeSet<(String, String)>,
}

impl Reader<'_, '_> {
    fn span(&self, range: Option<std::ops::Range<usize>>) -> Span {
        Span::new(self.file, range.unwrap_or(0..0))
    }

    fn body<'a>(&mut self, schema: &Schema, body: &'a Body) -> (BTreeMap<&'a str, Written<'a>>, Vec<Fragment<'a>>) {
        let (mut attributes, mut blocks) = (BTreeMap::new(), Vec::new());
        for structure in body {
            match structure {
                Structure::Attribute(attribute) => {
                    let key = self.span(attribute.key.span());
                    if schema.has_attribute(attribute.key.as_str()) {
                        let span = self.span(attribute.value.span());
                        attributes.insert(attribute.key.as_str(), Written { key, expr: &attribute.value, span });
                    } else {
                        self.unknown_attribute(schema, attribute, key);
                    }
                }
                Structure::Block(block) => match schema.block(block.ident.as_str()) {
                    Some(known) => blocks.extend(self.block(known, block)),
                    None => self.unknown_block(schema, block),
                },
            }
        }
        (attributes, blocks)
    }

    fn block<'a>(&mut self, schema: &'static Schema, block: &'a Block) -> Option<Fragment<'a>> {
        let keyword = self.span(block.ident.span());
        let last = block.labels.last().and_then(|label| label.span());
        let header = Span { end: last.map_or(keyword.end, |span| span.end), ..keyword };
        let label = block.labels.first();
        let label_span = self.span(label.and_then(|label| label.span()).or(Some(keyword.range())));
        let text = label.map(|label| label.as_str().to_owned()).unwrap_or_default();
        let (attributes, blocks) = self.body(schema, &block.body);
        let wanted = usize::from(schema.label);
        if block.labels.len() != wanted || (schema.label && text.trim().is_empty()) {
            self.wrong_labels(schema, header);
            return None;
        }
        let blocks = self.unique(blocks);
        self.next_id += 1;
        let label = At::new(text, label_span);
        Some(Fragment { id: self.next_id, kind: schema.name, label, header, attributes, blocks })
    }

    fn wrong_labels(&self, schema: &Schema, header: Span) {
        let name = schema.name;
        if schema.label {
            self.problems
                .error(header, format!("`{name}` takes one name"))
                .help(Some(format!("write `{name} \"a-name\" {{`")));
        } else {
            self.problems.error(header, format!("`{name}` takes no name")).help(Some(format!("write `{name} {{`")));
        }
    }

    fn unknown_attribute(&self, schema: &Schema, attribute: &Attribute, key: Span) {
        let name = attribute.key.as_str();
        if schema.name.is_empty() {
            let help = format!("put it into a block; named values go into `locals {{ {name} = … }}`");
            self.problems.error(key, format!("`{name}` stands outside of any block")).help(Some(help));
        } else if schema.block(name).is_some() {
            let help = format!("write `{name} {{` without `=`");
            self.problems.error(key, format!("`{name}` is a block, not an attribute")).help(Some(help));
        } else {
            let help = suggestion(name, schema.attributes.iter().copied().chain(schema.blocks.iter().map(|b| b.name)));
            self.problems
                .error(key, format!("`{}` has no attribute `{name}`", schema.name))
                .label("unknown attribute")
                .help(help);
        }
    }

    fn unknown_block(&mut self, schema: &Schema, block: &Block) {
        let name = block.ident.as_str();
        let span = self.span(block.ident.span());
        if schema.has_attribute(name) {
            let help = format!("write `{name} = {{`");
            self.problems.error(span, format!("`{name}` is an attribute, not a block")).help(Some(help));
            return;
        }
        let known = || schema.blocks.iter().map(|b| b.name);
        let message = match schema.name {
            "" => format!("there is no block `{name}`"),
            outer => format!("`{outer}` has no block `{name}`"),
        };
        self.problems.error(span, message).label("unknown block").help(suggestion(name, known()));
        // What was probably meant counts as declared, so that references to it are not wrong as well.
        if let (Some(meant), Some(label)) = (crate::nearest::nearest(name, known()), block.labels.first()) {
            self.broken.insert((meant.to_owned(), label.as_str().to_owned()));
        }
    }

    /// Keeps the first of each name and complains about the others. `locals` may stand as often as one likes.
    fn unique<'a>(&self, blocks: Vec<Fragment<'a>>) -> Vec<Fragment<'a>> {
        let mut first: BTreeMap<(&str, String), At<()>> = BTreeMap::new();
        let mut kept = Vec::new();
        for block in blocks {
            // Host names know no case; the other names do.
            let label = &block.label.value;
            let key = (block.kind, if block.kind == "machine" { label.to_lowercase() } else { label.clone() });
            match first.get(&key) {
                Some(other) if block.kind != "locals" => {
                    let what = match block.label.value.as_str() {
                        "" => format!("a second `{}` block", block.kind),
                        label => format!("a second {} is named `{label}`", block.kind),
                    };
                    self.problems
                        .error(block.header, what)
                        .related(other.span, "first declared here")
                        .next(if block.label.value.is_empty() { "merge the two" } else { "rename one of them" });
                }
                _ => {
                    first.insert(key, At::new((), block.header));
                    kept.push(block);
                }
            }
        }
        kept
    }
}
