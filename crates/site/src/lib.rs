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
mod outside;
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

pub use asset::{Archive, Asset, AssetSettings, AssetSource, Pin, SCHEMES, Signed, SigningKey};
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
pub use outside::{Disk, Kept, Memory, Outside};
pub use render::render;
pub use report::{Problem, Related, Report, Severity};
pub use secret::{Secret, SecretSource, SecretText};
pub use show::show;
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
    let problems = report::Collector::new(sources);
    // Positions go by a file's number among all of them, so each is read with the others left out.
    let parsed = |wanted: fn(&Source) -> bool| -> Vec<_> {
        let files = sources.files.iter().enumerate();
        files.map(|(at, file)| syntax::parse(&problems, at, if wanted(file) { &file.text } else { "" })).collect()
    };
    let (locked, parsed) = (parsed(|file| file.name == LOCK_FILE), parsed(|file| file.name != LOCK_FILE));
    let fragments = fragment::read(&problems, &schema::SITE, &parsed);
    let mut site = build::build(&world::World::new(&problems, outside, &sources.root, &fragments));
    site.lock = lock::read(&problems, &fragment::read(&problems, &schema::LOCK, &locked));
    let report = problems.finish();
    if report.errors() > 0 { Err(report) } else { Ok(Loaded { site, warnings: report }) }
}
