//! `name_pool` and `name_pattern` of a class.

use crate::{
    Class, Naming,
    fields::Fields,
    naming::{NamePattern, Pool, Wrong},
    nearest::nearest,
    source::{At, Span},
    world::World,
};
use firstlight_model::Hostname;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashSet};

const POOL: &str = "name_pool";
const PATTERN: &str = "name_pattern";

pub(super) fn read(fields: &Fields<'_, '_>) -> Option<Naming> {
    if let Some(second) = fields.written(PATTERN).filter(|_| fields.is_set(POOL)) {
        let note = fields.error(second.span, format!("`{PATTERN}` beside `{POOL}`: a name comes from one of them"));
        note.next("remove one of the two");
        return None;
    }
    pool(fields).map(Naming::NamePool).or_else(|| pattern(fields).map(Naming::NamePattern))
}

fn pool(fields: &Fields<'_, '_>) -> Option<Pool> {
    let At { value: Value::String(list), span } = fields.value(POOL)? else { return own(fields) };
    let known = Pool::known(&list);
    if known.is_none() {
        let all = Pool::lists().map(|list| format!("\"{list}\"")).collect::<Vec<_>>().join(", ");
        let near = nearest(&list, Pool::lists()).map(|near| format!("did you mean \"{near}\"? ")).unwrap_or_default();
        let note = fields.error(span, format!("there is no built-in list of names `{list}`"));
        note.help(format!("{near}there are {all}; or write a list: `{POOL} = [\"alpha\", \"beta\"]`"));
    }
    known
}

/// A list of the site's own.
fn own(fields: &Fields<'_, '_>) -> Option<Pool> {
    let names = fields.parsed_list::<Hostname>(POOL)?;
    let mut seen = HashSet::new();
    for At { value, span } in &names {
        if !seen.insert(value) {
            fields.error(*span, format!("`{value}` is twice in this list")).next("remove one of them");
        }
    }
    if names.is_empty() {
        let span = fields.written(POOL).map_or(fields.block.header, |written| written.span);
        fields.error(span, "a list of names without a name").next("add some, or use a built-in list: \"stars\"");
    }
    Some(Pool::Own(names.into_iter().map(|at| at.value).collect()))
}

fn pattern(fields: &Fields<'_, '_>) -> Option<NamePattern> {
    let text = fields.text(PATTERN)?;
    match NamePattern::parse(&text.value) {
        Ok(pattern) => Some(pattern),
        Err(Wrong { at, why, next }) => {
            let span = part(fields.world, &text, at);
            fields.error(span, format!("`{}` is no pattern of names: {why}", text.value)).next(&next);
            None
        }
    }
}

/// Where a part of a text stands, where it is written as it is; else the whole.
fn part(world: &World<'_>, text: &At<String>, bytes: std::ops::Range<usize>) -> Span {
    let file = world.problems.lines.sources.files.get(text.span.file);
    let written = file.and_then(|file| file.text.get(text.span.range()));
    match written == Some(&format!("\"{}\"", text.value)) {
        true => Span::new(text.span.file, text.span.start + 1 + bytes.start..text.span.start + 1 + bytes.end),
        false => text.span,
    }
}

/// A pattern must make a name with the variables of each class that has it: its own, or inherited. One that others extend
/// may leave a variable to them.
pub(super) fn check(world: &World<'_>, classes: &BTreeMap<String, Class>) {
    let extended: BTreeSet<&str> = classes.values().filter_map(|class| class.extends.as_deref()).collect();
    for class in classes.values().filter(|class| !extended.contains(class.name.as_str())) {
        let Some(Naming::NamePattern(pattern)) = &class.naming else { continue };
        let Err(why) = pattern.name(&class.vars, 1) else { continue };
        let Some(block) = world.find("class", &class.name) else { continue };
        let span = block.attributes.get(PATTERN).map_or(block.header, |written| written.span);
        let note =
            world.problems.error(span, format!("`{pattern}` makes no name for the class `{}`: {why}", class.name));
        note.next("a name has letters, digits and inner hyphens; variables are those of the class's `vars`");
    }
}
