//! What a config must fulfil before it is translated: what Ignition could not say any more, since the sugar is gone.
//! The tables in `super::schema` name a rule for each object that has one. Messages are the reference's.

pub(super) mod boot;
mod mode;
mod referenced;
pub(super) mod storage;
pub(super) mod units;

use super::{
    dialect::Dialect,
    schema::{Holds, Type},
};
use crate::{
    report::Report,
    tree::{Node, Origin, Path, Position},
};

/// What an object must fulfil.
pub(super) type Rule = fn(&mut Check<'_>, &Node);

/// What a rule knows besides its object, and where it complains.
pub(super) struct Check<'a> {
    pub(super) dialect: &'a Dialect,
    /// Where a path leads in the user's text.
    pub(super) place: &'a dyn Fn(&Path) -> Option<Position>,
    pub(super) report: Report,
}

/// Nothing.
pub(super) fn nothing(_: &mut Check<'_>, _: &Node) {}

impl Check<'_> {
    /// Checks an object, then what is in it.
    pub(super) fn object(&mut self, node: &Node, of: &Type) {
        (of.rule)(self, node);
        for (key, child) in node.entries() {
            match of.field(&key.name).map(|field| field.holds) {
                Some(Holds::Object(of)) => self.object(child, of),
                Some(Holds::Objects(of)) => child.items().iter().for_each(|item| self.object(item, of)),
                _ => {}
            }
        }
    }

    /// An error about a field of an object, also one that is missing.
    fn error(&mut self, node: &Node, field: &'static str, message: &str) {
        let origin = self.origin_of(node, field);
        self.report.error(&origin, message);
    }

    fn warn(&mut self, node: &Node, field: &'static str, message: &str) {
        let origin = self.origin_of(node, field);
        self.report.warn(&origin, message);
    }

    /// The place of a field. One that is there and `null` is missing here, but not in the user's text.
    fn origin_of(&self, node: &Node, field: &'static str) -> Origin {
        match node.get(field) {
            Some(value) => value.origin.clone(),
            None => {
                let path = node.origin.path.key(field);
                Origin { at: (self.place)(&path), path }
            }
        }
    }
}
