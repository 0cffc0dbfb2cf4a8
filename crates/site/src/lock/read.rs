//! The lock file from its text. Mistakes in it are problems of the site, with their line.

use super::{LOCK_FILE, Lock, LockedAsset, LockedOs};
use crate::{
    Memory, Report, Source, Sources, fields::Fields, fragment::Fragments, report::Collector, source::At, world::World,
};
use firstlight_catalog::listing::is_version;
use serde_json::Value;
use std::path::Path;

/// Reads a lock file's text, alone.
///
/// # Errors
/// Every mistake in it.
pub fn parse_lock(text: &str) -> Result<Lock, Report> {
    let file = Source { name: LOCK_FILE.to_owned(), text: text.to_owned() };
    let sources = Sources { files: vec![file], ..Sources::default() };
    let problems = Collector::new(&sources);
    let parsed = [crate::syntax::parse(&problems, 0, text)];
    let fragments = crate::fragment::read(&problems, &crate::schema::LOCK, &parsed);
    let lock = read(&problems, &fragments);
    let report = problems.finish();
    if report.errors() > 0 { Err(report) } else { Ok(lock) }
}

/// Reads its blocks. Nothing in it looks at the world outside.
pub(crate) fn read<'a>(problems: &'a Collector<'a>, fragments: &'a Fragments<'a>) -> Lock {
    let nothing = Memory::default();
    let world = World::new(problems, &nothing, Path::new(""), fragments);
    let assets = world.blocks("asset").filter_map(|block| asset(&Fields::new(&world, block)));
    let os = world.blocks("os").filter_map(|block| os(&Fields::new(&world, block)));
    Lock { assets: assets.collect(), os: os.collect() }
}

fn asset(fields: &Fields<'_, '_>) -> Option<(String, LockedAsset)> {
    for (name, example) in
        [("url", "\"https://…\""), ("size", "8212345"), ("sha256", "\"…\""), ("trust", "\"first use\"")]
    {
        fields.require(name, example);
    }
    let (url, size) = (fields.text("url"), fields.number("size", 0..=i64::MAX));
    let (sha256, trust) = (fields.parsed("sha256"), fields.parsed("trust"));
    let locked = LockedAsset { url: url?.value, size: size?, sha256: sha256?.value, trust: trust?.value };
    Some((fields.label().value, locked))
}

fn os(fields: &Fields<'_, '_>) -> Option<(String, LockedOs)> {
    fields.require("version", "\"4230.2.1\"");
    let (version, trust) = (fields.text("version"), fields.parsed("trust").map(|at| at.value));
    if let Some(at) = version.as_ref().filter(|at| !is_version(&at.value)) {
        fields.error(at.span, format!("`{}` is not a version", at.value));
    }
    let entries = fields.entries("sha256").unwrap_or_default();
    let hash = |(name, at): (String, At<Value>)| {
        let text = At::new(at.value.as_str().unwrap_or_default().to_owned(), at.span);
        Some((name, fields.parse(text, "sha256")?.value))
    };
    let sha256 = entries.into_iter().filter_map(hash).collect();
    Some((fields.label().value, LockedOs { version: version?.value, sha256, trust }))
}
