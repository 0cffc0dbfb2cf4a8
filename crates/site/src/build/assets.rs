//! `asset` blocks, named content, and the `assets` block.

mod signed;
mod urls;

pub(super) use urls::is_url;

use crate::{
    Archive, Asset, AssetSettings, AssetSource, Pin, When, fields::Fields, functions::nearby, source::At, world::World,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::Duration,
};

/// The ways to say where the bytes come from.
const SOURCES: [&str; 3] = ["path", "url", "from"];
/// Upstreams are not to be asked more often.
const LEAST_CHECK: Duration = Duration::from_secs(15 * 60);

pub(super) fn read(world: &World<'_>) -> BTreeMap<String, Asset> {
    let assets: BTreeMap<String, Asset> = world
        .blocks("asset")
        .filter_map(|block| asset(&Fields::new(world, block)))
        .map(|a| (a.name.clone(), a))
        .collect();
    check_cycles(world, &assets);
    assets
}

fn asset(fields: &Fields<'_, '_>) -> Option<Asset> {
    super::profiles::check_name(fields, &fields.label());
    let pin = pin(fields);
    let source = source(fields)?;
    Some(Asset { name: fields.label().value, place: fields.place(), source, pin: pin? })
}

/// Exactly one of the ways to say where it comes from.
fn source(fields: &Fields<'_, '_>) -> Option<AssetSource> {
    let ways: Vec<_> = SOURCES.iter().filter_map(|way| Some((*way, fields.written(way)?))).collect();
    match &ways[..] {
        [] => {
            let message = format!("the asset `{}` has none of `path`, `url` and `from`", fields.label().value);
            let note = fields.error(fields.block.header, message);
            note.label("required").next("add `path = \"file\"`, or `url = \"https://…\"` and `sha256 = \"…\"`");
            None
        }
        [(way, _)] => match *way {
            "path" => path(fields),
            "url" => urls::of_asset(fields),
            _ => member(fields),
        },
        [(first, at), (second, other), ..] => {
            // `path` beside `from` is the path inside of it.
            if (*first, *second, ways.len()) == ("path", "from", 2) {
                return member(fields);
            }
            let note = fields.error(other.key, format!("an asset has `{first}` or `{second}`, not both"));
            note.related(at.key, format!("`{first}` is set here")).next("remove one of them");
            None
        }
    }
}

fn path(fields: &Fields<'_, '_>) -> Option<AssetSource> {
    file(fields, &fields.text("path")?).map(AssetSource::Path)
}

/// A file that is there.
pub(super) fn file(fields: &Fields<'_, '_>, name: &At<String>) -> Option<PathBuf> {
    let path = fields.world.root.join(&name.value);
    if !fields.world.outside.is_file(&path) {
        let note = fields.error(name.span, format!("there is no file `{}`", name.value));
        note.label("missing").help(nearby(fields.world, &name.value));
        return None;
    }
    Some(path)
}

/// A file inside an archive. What `from` names is an asset where one is declared, else a file.
fn member(fields: &Fields<'_, '_>) -> Option<AssetSource> {
    fields.require("path", "\"linux\"");
    let (from, path) = (fields.text("from"), fields.text("path"));
    let (from, path) = (from?, path?);
    let world = fields.world;
    let archive = if world.find("asset", &from.value).is_some() || world.is_broken("asset", &from.value) {
        Archive::Asset(from.value)
    } else {
        Archive::Path(file(fields, &from)?)
    };
    let inside = path.value.trim_start_matches("./").trim_start_matches('/').to_owned();
    if inside.is_empty() || inside.split('/').any(|part| part == "..") || inside.contains('\0') {
        let note = fields.error(path.span, format!("`{}` is no file's path inside an archive", path.value));
        note.next("write it as `tar -t` and its like list it: \"boot/vmlinuz\"");
        return None;
    }
    Some(AssetSource::Member { archive, path: inside })
}

/// At most one of the ways to say what the bytes must be.
fn pin(fields: &Fields<'_, '_>) -> Option<Pin> {
    let signed = fields.inner("signed");
    let block = signed.as_ref().map(|inner| ("signed", inner.block.header));
    let keys = ["sha256", "sha512"].into_iter().filter_map(|key| Some((key, fields.written(key)?.key)));
    let ways: Vec<_> = keys.chain(block).collect();
    if let [(first, at), (second, other), ..] = &ways[..] {
        let note = fields.error(*other, format!("an asset has `{first}` or `{second}`, not both"));
        note.related(*at, format!("`{first}` is set here")).next("remove one of them: either is enough");
        return None;
    }
    match ways.first().map(|(way, _)| *way) {
        Some("sha256") if fields.is_set("sha256") => fields.parsed("sha256").map(|at| Pin::Sha256(at.value)),
        Some("sha512") if fields.is_set("sha512") => fields.parsed("sha512").map(|at| Pin::Sha512(at.value)),
        Some("signed") => signed::read(&signed?, fields).map(Pin::Signed),
        _ => Some(Pin::Lock),
    }
}

/// No archive lies inside of itself.
fn check_cycles(world: &World<'_>, assets: &BTreeMap<String, Asset>) {
    let archive = |name: &str| match &assets.get(name)?.source {
        AssetSource::Member { archive: Archive::Asset(from), .. } => Some(from.clone()),
        _ => None,
    };
    for name in assets.keys() {
        let mut seen = BTreeSet::new();
        let mut at = name.clone();
        while let Some(from) = archive(&at) {
            if from == *name {
                let Some(fields) = world.find("asset", name).map(|block| Fields::new(world, block)) else { break };
                let Some(written) = fields.written("from") else { break };
                let note = fields.error(written.span, format!("the asset `{name}` is taken out of itself"));
                note.next("an archive has a `path` or a `url` of its own");
                break;
            }
            if !seen.insert(from.clone()) {
                break;
            }
            at = from;
        }
    }
}

/// A server's URL in a map, without a password.
pub(super) fn server(fields: &Fields<'_, '_>, name: &str, at: At<serde_json::Value>) -> Option<String> {
    urls::without_password(fields, name, at)
}

/// The `assets` block.
pub(super) fn settings(world: &World<'_>) -> AssetSettings {
    let Some(fields) = world.find("assets", "").map(|block| Fields::new(world, block)) else {
        return AssetSettings::default();
    };
    AssetSettings {
        local: fields.text("local").map(|at| world.root.join(at.value)),
        gateways: urls::servers(&fields, "gateways"),
        peers: urls::servers(&fields, "peers"),
        check: check(&fields),
        fetch: fetch(&fields),
    }
}

fn fetch(fields: &Fields<'_, '_>) -> When {
    let words = [When::Demand, When::Start].map(|when| (when.word(), when));
    fields.word("fetch", &words).map(|at| at.value).unwrap_or_default()
}

fn check(fields: &Fields<'_, '_>) -> Option<Duration> {
    let at = fields.duration("check")?;
    if at.value < LEAST_CHECK {
        let note = fields.error(at.span, "upstreams are asked for new versions every 15m at most");
        note.next("for example: check = \"24h\"");
        return None;
    }
    Some(at.value)
}
