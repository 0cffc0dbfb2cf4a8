//! `asset` blocks: named content.

use crate::{Asset, AssetSource, fields::Fields, functions::nearby, world::World};
use std::collections::BTreeMap;

pub(super) fn read(world: &World<'_>) -> BTreeMap<String, Asset> {
    world.blocks("asset").filter_map(|block| asset(&Fields::new(world, block))).map(|a| (a.name.clone(), a)).collect()
}

fn asset(fields: &Fields<'_, '_>) -> Option<Asset> {
    super::profiles::check_name(fields, &fields.label());
    let sha256 = fields.parsed("sha256").map(|at| at.value);
    let source = match (fields.written("path"), fields.written("url")) {
        (None, None) => {
            let note = fields.error(
                fields.block.header,
                format!("the asset `{}` has neither `path` nor `url`", fields.label().value),
            );
            note.label("required").next("add `path = \"file\"`, or `url = \"https://…\"` and `sha256 = \"…\"`");
            return None;
        }
        (Some(path), Some(url)) => {
            let note = fields.error(url.key, "an asset has `path` or `url`, not both");
            note.related(path.key, "`path` is set here").next("remove one of them");
            return None;
        }
        (Some(_), None) => path(fields)?,
        (None, Some(_)) => url(fields)?,
    };
    Some(Asset { name: fields.label().value, place: fields.place(), source, sha256 })
}

fn path(fields: &Fields<'_, '_>) -> Option<AssetSource> {
    let text = fields.text("path")?;
    let path = fields.world.root.join(&text.value);
    if !fields.world.outside.is_file(&path) {
        let note = fields.error(text.span, format!("there is no file `{}`", text.value));
        note.label("missing").help(nearby(fields.world, &text.value));
        return None;
    }
    Some(AssetSource::Path(path))
}

fn url(fields: &Fields<'_, '_>) -> Option<AssetSource> {
    let text = fields.text("url")?;
    let rest = text.value.strip_prefix("https://").or_else(|| text.value.strip_prefix("http://"));
    let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    if host.is_none_or(str::is_empty) || text.value.contains(|c: char| c.is_whitespace() || c.is_control()) {
        let note = fields.error(text.span, format!("`{}` is not an http or https URL", text.value));
        note.next("a local file is named with `path`");
        return None;
    }
    if !fields.is_written("sha256") {
        let note = fields.error(text.span, format!("the asset `{}` has a `url` but no `sha256`", fields.label().value));
        note.label("what comes from here could change").next("add `sha256 = \"…\"`: curl -L URL | sha256sum prints it");
    }
    Some(AssetSource::Url(text.value))
}
