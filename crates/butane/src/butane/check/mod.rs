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
use crate::{report::Report, tree::Node};

/// What an object must fulfil.
pub(super) type Rule = fn(&mut Check<'_>, &Node);

/// What a rule knows besides its object, and where it complains.
pub(super) struct Check<'a> {
    pub(super) dialect: &'a Dialect,
    /// The user's text, for what is found inside a text that the config carries.
    pub(super) place: &'a dyn Fn(&crate::tree::Path) -> Option<crate::tree::Position>,
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
        self.report.error(&node.origin_of(field), message);
    }

    fn warn(&mut self, node: &Node, field: &'static str, message: &str) {
        self.report.warn(&node.origin_of(field), message);
    }
}
