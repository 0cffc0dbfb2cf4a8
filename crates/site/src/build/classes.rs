//! `class` blocks, and what they inherit.

use super::{LEAVE_BY, configs, naming};
use crate::{Class, fields::Fields, source::Span, world::World};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn read(world: &World<'_>) -> BTreeMap<String, Class> {
    let own: BTreeMap<String, Class> =
        world.blocks("class").map(|block| class(&Fields::new(world, block))).map(|c| (c.name.clone(), c)).collect();
    report_cycles(world, &own);
    own.keys().filter_map(|name| Some((name.clone(), inherited(&own, name)?))).collect()
}

fn class(fields: &Fields<'_, '_>) -> Class {
    Class {
        name: fields.label().value,
        place: fields.place(),
        extends: fields.reference("extends", "class").map(|at| at.value),
        profile: fields.reference("profile", "profile").map(|at| at.value),
        naming: naming::read(fields),
        leave_by: fields.word("leave_by", LEAVE_BY).map(|at| at.value),
        secure_boot: fields.flag("secure_boot"),
        configs: configs::read(fields),
        inherited_configs: 0,
        vars: fields.vars(),
    }
}

/// A class and those that it extends, nearest first; ends before the first repetition.
fn line<'c>(own: &'c BTreeMap<String, Class>, name: &str) -> (Vec<&'c Class>, Option<&'c str>) {
    let (mut line, mut seen) = (Vec::new(), BTreeSet::new());
    let mut next = own.get(name);
    while let Some(class) = next {
        if !seen.insert(&*class.name) {
            return (line, Some(&class.name));
        }
        line.push(class);
        next = class.extends.as_ref().and_then(|name| own.get(name));
    }
    (line, None)
}

/// Complains about each circle once, at the member that stands first in the files.
fn report_cycles(world: &World<'_>, own: &BTreeMap<String, Class>) {
    let mut reported = BTreeSet::new();
    for block in world.blocks("class") {
        let (members, again) = line(own, &block.label.value);
        if again != Some(&*block.label.value) || !reported.insert(block.label.value.clone()) {
            continue;
        }
        reported.extend(members.iter().map(|class| class.name.clone()));
        let mut names: Vec<&str> = members.iter().map(|class| &*class.name).collect();
        names.push(&block.label.value);
        let at = |name: &str| -> Option<Span> { Some(world.find("class", name)?.attributes.get("extends")?.span) };
        let Some(span) = at(&block.label.value) else { continue };
        let mut note = world.problems.error(span, format!("a class extends itself: {}", names.join(" → ")));
        for (class, span) in members.iter().skip(1).take(8).filter_map(|class| Some((class, at(&class.name)?))) {
            note = note.related(span, format!("`{}` extends this", class.name));
        }
        drop(note.next("remove one `extends`"));
    }
}

/// A class with what it inherits merged in; its own come first.
fn inherited(own: &BTreeMap<String, Class>, name: &str) -> Option<Class> {
    let mut class = own.get(name)?.clone();
    for ancestor in line(own, name).0.into_iter().skip(1) {
        class.profile = class.profile.or_else(|| ancestor.profile.clone());
        class.naming = class.naming.or_else(|| ancestor.naming.clone());
        class.leave_by = class.leave_by.or(ancestor.leave_by);
        class.secure_boot = class.secure_boot.or(ancestor.secure_boot);
        class.inherited_configs += ancestor.configs.len();
        class.configs.splice(..0, ancestor.configs.iter().cloned());
        for (key, value) in &ancestor.vars {
            class.vars.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }
    Some(class)
}
