//! The schema of every spec version, as one table. Decoding, the complaint about unused keys, the order of the output,
//! merging and validation all follow it; nothing else knows a field's name, but for the rules that are about it.
//!
//! Specification: <https://coreos.github.io/ignition/specs/>. Where the versions differ, a row has the versions that
//! it holds for, and a field whose shape changed has two rows.

mod table;

pub use table::CONFIG;

use super::{rules::Rule, version::Version};

/// A kind of mapping.
pub struct Type {
    /// What its fields are, in the order in which they are written. A mapping that the reference composes of several
    /// structures has a part for each: in a merge, a part that the child leaves empty stays as the parent has it.
    pub parts: &'static [&'static [Field]],
    /// What tells the items of a list of these apart.
    pub key: Key,
    /// What one of these must fulfil beyond its shape.
    pub rule: Rule,
}

/// What tells the items of a list apart, so that a child's item is merged into the parent's, and not used twice.
#[derive(Clone, Copy)]
pub enum Key {
    /// They never stand in a list that asks.
    None,
    /// The text in this field.
    Text(&'static str),
    /// A partition's number, or its label if it has none.
    Partition,
}

/// A row of the table: one field of a mapping, in some versions.
pub struct Field {
    /// Its name in JSON.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// How it may be absent.
    pub form: Form,
    since: Version,
    until: Version,
}

/// What a field holds.
#[derive(Clone, Copy)]
pub enum Kind {
    /// A truth value.
    Bool,
    /// A whole number of 64 bits.
    Int,
    /// A text.
    Text,
    /// A mapping.
    Mapping(&'static Type),
    /// A list of texts.
    Texts(Merge),
    /// A list of mappings.
    Mappings(&'static Type, Merge),
}

/// How two lists become one, and whether a list may hold the same item twice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Merge {
    /// Items with the same key are one.
    Keyed,
    /// As `Keyed`, and a key is used once in all lists of the mapping that share this name.
    Shared(&'static str),
    /// The child's items follow the parent's, whatever they are.
    Append,
}

/// How a field may be absent, and what that means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Absent is something else than empty: in a merge, an absent one leaves the parent's.
    Optional,
    /// As `Optional`, and written as `null` when absent.
    Nullable,
    /// Absent is empty, and so not written. In a merge the child's counts, except for mappings.
    Plain,
    /// Absent is empty, and is written so.
    Required,
}

impl Type {
    /// The fields that a version has, in the order in which they are written.
    pub fn fields(&self, version: Version) -> impl Iterator<Item = &'static Field> {
        self.parts.iter().flat_map(move |part| fields_of(part, version))
    }
}

/// The fields of one part that a version has.
pub fn fields_of(part: &'static [Field], version: Version) -> impl Iterator<Item = &'static Field> {
    part.iter().filter(move |field| field.since <= version && version <= field.until)
}

impl Field {
    const fn new(name: &'static str, kind: Kind, form: Form) -> Self {
        Self { name, kind, form, since: Version::V3_0, until: Version::V3_7_EXPERIMENTAL }
    }

    const fn since(mut self, version: Version) -> Self {
        self.since = version;
        self
    }

    const fn until(mut self, version: Version) -> Self {
        self.until = version;
        self
    }

    const fn form(mut self, form: Form) -> Self {
        self.form = form;
        self
    }

    /// How a list merges.
    const fn merged(mut self, merge: Merge) -> Self {
        self.kind = match self.kind {
            Kind::Mappings(kind, _) => Kind::Mappings(kind, merge),
            _ => Kind::Texts(merge),
        };
        self
    }
}

const fn flag(name: &'static str) -> Field {
    Field::new(name, Kind::Bool, Form::Optional)
}

const fn int(name: &'static str) -> Field {
    Field::new(name, Kind::Int, Form::Optional)
}

const fn text(name: &'static str) -> Field {
    Field::new(name, Kind::Text, Form::Optional)
}

const fn one(name: &'static str, kind: &'static Type) -> Field {
    Field::new(name, Kind::Mapping(kind), Form::Plain)
}

const fn texts(name: &'static str) -> Field {
    Field::new(name, Kind::Texts(Merge::Keyed), Form::Optional)
}

const fn many(name: &'static str, kind: &'static Type) -> Field {
    Field::new(name, Kind::Mappings(kind, Merge::Keyed), Form::Optional)
}
