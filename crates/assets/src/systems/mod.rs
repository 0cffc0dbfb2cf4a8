//! The operating systems that a site names: which version each of them is, and what its maker states of its files' hashes.
//! Both go into `firstlight.lock`, and the site is read again with it; after that a system's files are assets as any others.
//!
//! - [`ready`] finds out what the lock lacks, before a site is served or pulled.
//! - [`update`] asks again, and moves the lock.
//! - [`newer`] asks, and changes nothing; [`keep`] and [`kept`] remember what it found.
//!
//! How listings are written is known to crates/catalog, which lists and signatures hold to crates/trust. What is asked here
//! is small, and kept in memory only.

mod hashes;
mod seen;
mod upstream;
mod versions;

use crate::{Error, Missing, Options, Store, lock_file};
use firstlight_site::{KnownBy, LOCK_FILE, Lock, LockedOs, Moved, Site, System};
use upstream::Upstream;

pub use seen::{keep, kept};
pub use versions::{Newer, newer};

/// A site with its systems' versions known, as far as they could be found out.
#[derive(Debug)]
pub struct Ready {
    /// The site, read with the lock as it has become.
    pub site: Site,
    /// What has become different in the lock.
    pub moved: Vec<Moved>,
    /// The systems of which something could not be found out, by name.
    pub missing: Vec<Missing>,
}

/// Finds out the versions and hashes that the lock lacks, and writes them into it; with [`Options::locked`] nothing is asked
/// and nothing written. What cannot be found out is told in [`Ready::missing`]: those systems' files are not there then.
///
/// # Errors
/// The lock cannot be read or written, or the site has changed meanwhile and has mistakes now.
pub fn ready(site: Site, store: &Store, options: &Options) -> Result<Ready, Error> {
    let lock = lock_file::with_own(store, &site.lock)?;
    // What a server without the right to write in the site's folder has found out before.
    let site = if lock.os == site.lock.os {
        site
    } else {
        if !options.locked {
            lock_file::write(&site.root, store, site.lock.diff(&lock))?;
        }
        again(&site, &lock)?
    };
    if options.locked || site.systems.is_empty() {
        return Ok(Ready { site, moved: Vec::new(), missing: Vec::new() });
    }
    let unknown: Vec<String> = site.systems.values().filter(|system| lacks_version(system)).map(named).collect();
    resolve(site, store, options, &unknown, false)
}

/// Asks the listings of these systems, or of all where none is named, again; moves the lock.
///
/// # Errors
/// As [`ready`].
pub fn update(site: Site, store: &Store, options: &Options, names: &[String]) -> Result<Ready, Error> {
    let moves =
        |system: &&System| system.known_by == KnownBy::Lock && (names.is_empty() || names.contains(&system.name));
    let names: Vec<String> = site.systems.values().filter(moves).map(named).collect();
    resolve(site, store, options, &names, true)
}

fn named(system: &System) -> String {
    system.name.clone()
}

fn lacks_version(system: &System) -> bool {
    system.known_by == KnownBy::Lock && system.version.is_none()
}

/// First the versions of the systems in `names`, then the hashes that are still to be found out; `anew`: those of all of
/// `names`.
fn resolve(site: Site, store: &Store, options: &Options, names: &[String], anew: bool) -> Result<Ready, Error> {
    let upstream = Upstream::new(&site, &options.patience);
    let before = lock_file::with_own(store, &site.lock)?;
    let (mut lock, mut missing) = (before.clone(), Vec::new());
    for system in names.iter().filter_map(|name| site.systems.get(name)) {
        match upstream.newest(system) {
            Ok(version) if lock.os.get(&system.name).is_some_and(|locked| locked.version == version) => {}
            Ok(version) => drop(lock.os.insert(system.name.clone(), LockedOs { version, ..LockedOs::default() })),
            Err(error) => missing.push(self::missing(system, error)),
        }
    }
    let site = again(&site, &lock)?;
    for system in site.systems.values().filter(|system| system.version.is_some()) {
        let wanted =
            if anew && names.contains(&system.name) { system.files.keys().collect() } else { later(&site, system) };
        if let Err(error) = upstream.hashes(system, &wanted, &mut lock) {
            missing.push(self::missing(system, error));
        }
    }
    let moved = before.diff(&lock);
    let written = lock_file::write(&site.root, store, moved)?;
    let site = if written.moved.is_empty() { site } else { again(&site, &lock)? };
    Ok(Ready { site, moved: written.moved, missing })
}

/// The files of a system whose hashes are to be found out.
fn later<'s>(site: &Site, system: &'s System) -> Vec<&'s String> {
    let is_later = |name: &&String| {
        let asset = site.assets.get(*name);
        asset.is_some_and(|asset| matches!(asset.source, firstlight_site::AssetSource::Later(_)))
    };
    system.files.keys().filter(is_later).collect()
}

/// The site as it is with this lock.
fn again(site: &Site, lock: &Lock) -> Result<Site, Error> {
    let loaded = firstlight_site::load_with(&site.root, LOCK_FILE, &lock.to_string());
    loaded
        .map(|loaded| loaded.site)
        .map_err(|report| Error::Lock { path: site.root.join(LOCK_FILE), why: report.to_string() })
}

fn missing(system: &System, error: Error) -> Missing {
    Missing { name: system.name.clone(), place: Some(system.place.clone()), error }
}
