//! The entries of a mapping, with those that `<<` merges into it, and what is wrong with its keys.

use super::{Decoder, Place};
use crate::{
    butane::schema::{Field, Type},
    tree::{Origin, Position},
    yaml::{Id, Kind},
};
use std::{borrow::Cow, collections::BTreeMap};

/// Mappings that merge each other, one behind another. Nobody writes as many.
const MAX_MERGES: usize = 100;

/// A mapping's entries by key, with the place of what the key holds. A merged entry knows that it was merged.
pub(super) type Entries = BTreeMap<String, (Id, Place)>;

impl Decoder<'_> {
    /// Collects a mapping's entries, then those of the mappings that it merges, which never replace another.
    pub(super) fn collect(&mut self, id: Id, of: &Type, place: &Place, entries: &mut Entries) -> Option<()> {
        let Kind::Mapping(pairs) = &self.document.node(id).kind else {
            self.mismatch(id, &place.origin, &format!("{} is a mapping", of.name));
            return None;
        };
        self.refuse_duplicates(pairs, &place.origin)?;
        let mut merged = Vec::new();
        for &(key, value) in pairs {
            self.count()?;
            let node = self.document.resolve(key);
            match &node.kind {
                _ if self.document.node(key).is_merge() => merged.push(value),
                Kind::Scalar { text, .. } if !self.is_null(key) && !entries.contains_key(text) => {
                    let at = if place.direct { Some(self.document.node(value).at) } else { place.origin.at };
                    let name: Cow<'static, str> =
                        of.field(text).map_or_else(|| text.clone().into(), |field| field.yaml.into());
                    let origin = Origin { path: place.origin.path.key(name), at };
                    entries.insert(text.clone(), (value, Place { origin, direct: place.direct }));
                }
                _ => {}
            }
        }
        // Of several `<<`, which are duplicates, only the last would count; there is one at most.
        merged.into_iter().try_for_each(|id| self.merge(id, of, place, entries))
    }

    /// Collects what `<<` names: a mapping, or a list of mappings of which an earlier one goes before a later one.
    fn merge(&mut self, id: Id, of: &Type, place: &Place, entries: &mut Entries) -> Option<()> {
        let place = Place { direct: false, ..place.clone() };
        if let Kind::Sequence(items) = &self.document.node(id).kind {
            return items.iter().try_for_each(|item| self.merge_one(*item, of, &place, entries));
        }
        self.merge_one(id, of, &place, entries)
    }

    fn merge_one(&mut self, id: Id, of: &Type, place: &Place, entries: &mut Entries) -> Option<()> {
        self.count()?;
        let target = match self.document.node(id).kind {
            Kind::Alias { target, .. } => target,
            _ => id,
        };
        if !matches!(self.document.node(target).kind, Kind::Mapping(_)) {
            return self.stop(&place.origin, "map merge requires map or sequence of maps as the value".to_owned());
        }
        if self.following.len() >= MAX_MERGES || !self.following.insert(target) {
            return self.stop(&place.origin, "a merge key leads back to its own mapping".to_owned());
        }
        let collected = self.collect(target, of, place, entries);
        self.following.remove(&target);
        collected
    }

    pub(super) fn refuse_duplicates(&mut self, pairs: &[(Id, Id)], origin: &Origin) -> Option<()> {
        let mut first: BTreeMap<&str, Position> = BTreeMap::new();
        let mut fine = Some(());
        for (key, _) in pairs {
            let node = self.document.node(*key);
            let Kind::Scalar { text, .. } = &node.kind else { continue };
            if let Some(before) = first.get(text.as_str()) {
                let message = format!("mapping key {text:?} already defined at line {}", before.line);
                let origin = Origin { path: origin.path.key(text.clone()), at: Some(node.at) };
                self.errors.error(&origin, message);
                fine = None;
            } else {
                first.insert(text, node.at);
            }
        }
        fine
    }

    pub(super) fn complain_of_unused(&mut self, id: Id, fields: &[&Field], origin: &Origin) {
        let Kind::Mapping(pairs) = &self.document.node(id).kind else { return };
        for (key, _) in pairs {
            let key = self.document.node(*key);
            // A key that is an alias has no name of its own.
            let name = match &key.kind {
                Kind::Scalar { text, .. } => text,
                Kind::Alias { name, .. } => name,
                Kind::Sequence(_) | Kind::Mapping(_) => "",
            };
            if !fields.iter().any(|field| field.yaml == name) {
                let origin = Origin { path: origin.path.key(name.to_owned()), at: Some(key.at) };
                self.unused.warn(&origin, format!("unused key {name}"));
            }
        }
    }
}
