//! An `os` block, and what it is made of: for each attribute the site's own blocks come before the catalog's, and among
//! those of either what is said for the architecture before what is said for the channel, and that before the rest.

use crate::{
    eval::as_text,
    fields::Fields,
    fragment::Fragment,
    source::{At, Span},
    world::World,
};
use serde_json::Value;
use std::collections::BTreeMap;

/// The blocks that say what a system is, the first of which counts.
pub(super) struct Layers<'w, 'a> {
    layers: Vec<Fields<'w, 'a>>,
}

/// The blocks of this name: the site's, then the catalog's.
fn blocks<'w, 'a>(world: &'w World<'a>, name: &str) -> Vec<Fields<'w, 'a>> {
    let built_in = world.catalog.iter().find(|block| block.kind == "os" && block.label.value == name);
    world.find("os", name).into_iter().chain(built_in).map(|block| Fields::new(world, block)).collect()
}

/// The names of all systems, the site's own and the catalog's.
pub(super) fn names<'w>(world: &'w World<'_>) -> impl Iterator<Item = &'w str> {
    world.names("os").chain(world.catalog.iter().map(|block| &*block.label.value))
}

fn labelled<'b, 'a>(block: &'b Fragment<'a>, kind: &str, label: &str) -> Option<&'b Fragment<'a>> {
    block.blocks.iter().find(|inner| inner.kind == kind && inner.label.value == label)
}

/// The labels of the blocks of a kind, each once: the catalog's first, in the order in which they stand there.
fn labels(blocks: &[Fields<'_, '_>], kind: &str) -> Vec<String> {
    let mut labels: Vec<String> = Vec::new();
    let inner = blocks.iter().rev().flat_map(|fields| fields.block.blocks.iter());
    for block in inner.filter(|inner| inner.kind == kind) {
        if !labels.contains(&block.label.value) {
            labels.push(block.label.value.clone());
        }
    }
    labels
}

impl<'w, 'a> Layers<'w, 'a> {
    /// `None` where there is no system of this name.
    pub(super) fn of(world: &'w World<'a>, name: &str) -> Option<Self> {
        let layers = blocks(world, name);
        (!layers.is_empty()).then_some(Layers { layers })
    }

    /// The labels of its blocks of a kind: `channel`, `arch`, `file`.
    pub(super) fn labels(&self, kind: &str) -> Vec<String> {
        labels(&self.layers, kind)
    }

    /// The same system, with what is said for a channel and an architecture before it.
    pub(super) fn narrowed(&self, channel: &str, arch: &str) -> Self {
        let with = |fields: &Fields<'w, 'a>| {
            let inner = |kind, label| labelled(fields.block, kind, label).map(|block| fields.of(block));
            [inner("arch", arch), inner("channel", channel), Some(*fields)]
        };
        Layers { layers: self.layers.iter().flat_map(with).flatten().collect() }
    }

    /// One of its blocks, `listing` or `file`, as layers of its own. `None` where there is none.
    pub(super) fn inner(&self, kind: &str, label: &str) -> Option<Self> {
        let of = |fields: &Fields<'w, 'a>| {
            let block =
                fields.block.blocks.iter().find(|b| b.kind == kind && (label.is_empty() || b.label.value == label));
            block.map(|block| fields.of(block))
        };
        let layers: Vec<_> = self.layers.iter().filter_map(of).collect();
        (!layers.is_empty()).then_some(Layers { layers })
    }

    /// The block that says it first.
    pub(super) fn first(&self, attribute: &str) -> Option<Fields<'w, 'a>> {
        self.layers.iter().find(|fields| fields.is_set(attribute)).copied()
    }

    /// Which of several attributes, of which one excludes the others, is said first.
    pub(super) fn way(&self, attributes: &[&'static str]) -> Option<&'static str> {
        let of = |fields: &Fields<'_, '_>| attributes.iter().copied().find(|attribute| fields.is_set(attribute));
        self.layers.iter().find_map(of)
    }

    pub(super) fn text(&self, attribute: &str) -> Option<At<String>> {
        self.first(attribute)?.text(attribute)
    }

    pub(super) fn texts(&self, attribute: &str) -> Vec<At<String>> {
        self.first(attribute).and_then(|fields| fields.texts(attribute)).unwrap_or_default()
    }

    pub(super) fn flag(&self, attribute: &str) -> bool {
        self.first(attribute).and_then(|fields| fields.flag(attribute)).unwrap_or(false)
    }

    /// The texts of a map, each from the block that says it first.
    pub(super) fn map(&self, attribute: &str) -> BTreeMap<String, At<String>> {
        let mut map = BTreeMap::new();
        for fields in self.layers.iter().rev().filter(|fields| fields.is_set(attribute)) {
            for (key, at) in fields.entries(attribute).unwrap_or_default() {
                match text(fields, &key, &at) {
                    Some(text) => map.insert(key, At::new(text, at.span)),
                    None => None,
                };
            }
        }
        map
    }

    /// What a complaint about the whole system points at: the site's block, or the catalog's.
    pub(super) fn header(&self) -> Option<Span> {
        self.layers.last().map(|fields| fields.block.header)
    }
}

fn text(fields: &Fields<'_, '_>, key: &str, at: &At<Value>) -> Option<String> {
    match as_text(&at.value) {
        Some(text) => Some(text),
        None => fields.wrong_type(at, key, "a string"),
    }
}
