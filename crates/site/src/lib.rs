//! A folder of HCL → fragments (as written, with positions) → merged → validated [`Site`].
//!
//! [`parse`] is pure: what it wants of the world outside it asks an [`Outside`]. [`load`] is the only I/O. Every
//! mistake found is reported at once, each with its position, its cause and the next step; a mistake in one block is
//! never reported again at the blocks that refer to it. Nothing here panics on any text, and evaluation is bounded in
//! depth and size.
//!
//! What it does not do: templates in kernel arguments and configs stay as they are (crates/boot renders them), assets
//! are only looked for (crates/assets reads them), nothing is looked up in the network.

mod asset;
mod build;
mod config;
mod disk;
mod dns;
mod edit;
mod eval;
mod fields;
mod files;
mod found_later;
mod fragment;
mod functions;
mod load;
mod lock;
mod naming;
mod os;
mod outside;
mod package_cache;
mod render;
mod report;
mod schema;
mod secret;
mod show;
mod site;
mod source;
mod syntax;
mod world;

use firstlight_model::nearest;

pub use asset::{Archive, Asset, AssetSettings, AssetSource, Pin, SCHEMES, Signed, SigningKey, When};
pub use build::free_ranges;
pub use config::{Config, ConfigKind};
pub use disk::{DiskChoice, DiskMatch, SizeRule};
pub use dns::{ADDRESS_NAME, Dns, Mx, Record, SERVER_NAME, Srv};
pub use edit::without_machine;
pub use files::{Entry, FILES_LIMIT, Files, NoFile, Unreadable};
pub use found_later::FoundLater;
pub use load::{load, load_with};
pub use lock::{LOCK_FILE, Lock, LockedAsset, LockedOs, Moved, Trust, parse_lock};
pub use naming::{NamePattern, Naming, NoName, Pool};
pub use os::{KnownBy, ListedAt, Listing, Sums, System, SystemFile};
pub use outside::{Disk, Kept, Memory, Outside};
pub use package_cache::{AllowedHost, NoHost, PackageCache};
pub use render::render;
pub use report::{Problem, Related, Report, Severity};
pub use secret::{Secret, SecretSource, SecretText};
pub use show::{quoted, show};
pub use site::*;
pub use source::{Source, Sources};

/// A site that can be used, and what was odd about it.
#[derive(Debug)]
pub struct Loaded {
    /// The site.
    pub site: Site,
    /// Warnings only.
    pub warnings: Report,
}

/// The stack that reading needs at most, in bytes: some levels of nesting take tens of KiB each, and the caller's
/// thread may be a small one.
const STACK: usize = 64 << 20;

/// Reads a site from its files' text. Fails with every mistake found, warnings among them, in the order of the files.
/// Runs on a thread of its own, whose stack suffices for the deepest text that is accepted.
pub fn parse(sources: &Sources, outside: &dyn Outside) -> Result<Loaded, Report> {
    std::thread::scope(|scope| {
        let reader = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || read(sources, outside));
        match reader {
            Ok(reader) => reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Err(_) => read(sources, outside),
        }
    })
}

fn read(sources: &Sources, outside: &dyn Outside) -> Result<Loaded, Report> {
    let sources = &with_catalog(sources);
    let problems = report::Collector::new(sources);
    // Positions go by a file's number among all of them, so each is read with the others left out.
    let parsed = |wanted: fn(&Source) -> bool| -> Vec<_> {
        let files = sources.files.iter().enumerate();
        files.map(|(at, file)| syntax::parse(&problems, at, if wanted(file) { &file.text } else { "" })).collect()
    };
    let built_in = |file: &Source| file.name.starts_with(firstlight_catalog::FOLDER);
    let (locked, catalog) = (parsed(|file| file.name == LOCK_FILE), parsed(built_in));
    let parsed = parsed(|file| file.name != LOCK_FILE && !file.name.starts_with(firstlight_catalog::FOLDER));
    let lock = lock::read(&problems, &fragment::read(&problems, &schema::LOCK, &locked));
    let catalog = fragment::read(&problems, &schema::SITE, &catalog);
    let fragments = fragment::read(&problems, &schema::SITE, &parsed);
    let site = build::build(&world::World::new(&problems, outside, &sources.root, &fragments).with(&catalog, lock));
    let report = problems.finish();
    if report.errors() > 0 { Err(report) } else { Ok(Loaded { site, warnings: report }) }
}

/// The site's files and those of the catalog, which a site may need that names a system.
fn with_catalog(sources: &Sources) -> Sources {
    let mut all = sources.clone();
    if sources.files.iter().any(|file| may_name_a_system(&file.text)) {
        let file = |(name, text): &(&str, &str)| Source { name: (*name).to_owned(), text: (*text).to_owned() };
        all.files.extend(firstlight_catalog::SYSTEMS.iter().map(file));
    }
    all
}

/// True where the text may hold `os = "…"` or a block `os "…"`; the catalog is not read for nothing.
fn may_name_a_system(text: &str) -> bool {
    text.match_indices("os").any(|(at, word)| {
        let alone = !text[..at].ends_with(|c: char| c.is_alphanumeric() || "_-.".contains(c));
        alone && text[at + word.len()..].trim_start().starts_with(['=', '"'])
    })
}
