//! Butane's language as tables: which keys an object may have, what they hold, and since when.
//!
//! The tables decode a user's YAML, find unused keys, and name what a key becomes in Ignition. What has no counterpart
//! there is sugar, which `super::sugar` turns into something that has.

mod boot;
mod config;
mod storage;

pub(crate) use boot::LUKS as BOOT_LUKS;
pub(crate) use config::{CONFIG, HEADER};

use super::{
    check::{self, Rule},
    dialect::Dialect,
};

/// An object of the language.
#[derive(Debug)]
pub(crate) struct Type {
    /// The name by which mistakes call it: "a file", "a unit".
    pub(crate) name: &'static str,
    pub(crate) fields: &'static [Field],
    /// What the object needs besides the keys' new names.
    pub(crate) sugar: Sugar,
    /// What the object must fulfil before it is translated.
    pub(crate) rule: Rule,
}

/// A key of an object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    /// As the user writes it.
    pub(crate) yaml: &'static str,
    /// As Ignition writes it; none for sugar.
    pub(crate) json: Option<&'static str>,
    pub(crate) holds: Holds,
    pub(crate) since: Since,
}

/// What a key holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Holds {
    Text,
    Number,
    Truth,
    Texts,
    Object(&'static Type),
    Objects(&'static Type),
}

/// The first version that knows a key.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Since {
    /// A layer of the language that all variants share (see [`Dialect::layer`]).
    Layer(u8),
    /// A minor version of Fedora CoreOS's variant; no other has the key.
    Fcos(u8),
}

/// Objects that are sugar in part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sugar {
    None,
    /// `inline` and `local`, which become `source`.
    Resource,
    /// `contents_local`, which becomes `contents`: units and their drop-ins.
    Unit,
    /// `ssh_authorized_keys_local`, which becomes further `ssh_authorized_keys`.
    User,
}

impl Type {
    const fn new(name: &'static str, fields: &'static [Field]) -> Self {
        Self { name, fields, sugar: Sugar::None, rule: check::nothing }
    }

    /// It is sugar in part.
    const fn sugar(mut self, sugar: Sugar) -> Self {
        self.sugar = sugar;
        self
    }

    /// It must fulfil something.
    const fn rule(mut self, rule: Rule) -> Self {
        self.rule = rule;
        self
    }

    /// The keys that a dialect knows.
    pub(crate) fn fields(&self, dialect: &Dialect) -> impl Iterator<Item = &'static Field> {
        let dialect = *dialect;
        self.fields.iter().filter(move |field| dialect.knows(field.since))
    }

    /// The field of that key in any version.
    pub(crate) fn field(&self, yaml: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.yaml == yaml)
    }
}

impl Field {
    const fn new(yaml: &'static str, holds: Holds) -> Self {
        Self { yaml, json: Some(yaml), holds, since: Since::Layer(1) }
    }

    /// Gives the key another name in Ignition.
    const fn json(mut self, name: &'static str) -> Self {
        self.json = Some(name);
        self
    }

    /// The key is sugar.
    const fn sugar(mut self) -> Self {
        self.json = None;
        self
    }

    const fn since(mut self, layer: u8) -> Self {
        self.since = Since::Layer(layer);
        self
    }

    const fn fcos(mut self, minor: u8) -> Self {
        self.since = Since::Fcos(minor);
        self
    }
}

const fn text(yaml: &'static str) -> Field {
    Field::new(yaml, Holds::Text)
}

const fn number(yaml: &'static str) -> Field {
    Field::new(yaml, Holds::Number)
}

const fn truth(yaml: &'static str) -> Field {
    Field::new(yaml, Holds::Truth)
}

const fn texts(yaml: &'static str) -> Field {
    Field::new(yaml, Holds::Texts)
}

const fn object(yaml: &'static str, of: &'static Type) -> Field {
    Field::new(yaml, Holds::Object(of))
}

const fn objects(yaml: &'static str, of: &'static Type) -> Field {
    Field::new(yaml, Holds::Objects(of))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Ignition's name for a key follows from Butane's, so a table can only be wrong by a slip.
    fn camel(yaml: &str) -> String {
        let mut words = yaml.split('_');
        let first = words.next().unwrap_or_default().to_owned();
        words.fold(first, |name, word| match word {
            "mib" => name + "MiB",
            _ => name + &word[..1].to_ascii_uppercase() + &word[1..],
        })
    }

    fn check(of: &'static Type, seen: &mut BTreeSet<&'static str>) {
        if !seen.insert(of.name) {
            return;
        }
        let names: BTreeSet<_> = of.fields.iter().map(|field| field.yaml).collect();
        assert_eq!(names.len(), of.fields.len(), "{} has a key twice", of.name);
        for field in of.fields {
            if let Some(json) = field.json {
                assert_eq!(json, camel(field.yaml), "{}", of.name);
            }
            if let Holds::Object(inner) | Holds::Objects(inner) = field.holds {
                check(inner, seen);
            }
        }
    }

    #[test]
    fn names_follow_the_rule() {
        let mut seen = BTreeSet::new();
        check(&CONFIG, &mut seen);
        assert!(seen.len() > 30, "{seen:?}");
    }
}
