//! The operating systems that a site names, for commands that fetch: which versions they are is asked where the lock does not
//! say it.

use crate::{Failure, output};
use firstlight_assets::{Error, Options, Store, systems};
use firstlight_site::{Moved, Site};

/// The site with its systems' versions known, as far as they can be found out; what could not be is told.
pub(crate) fn ready(site: Site, store: &Store, options: &Options, tell: &dyn Tell) -> Result<Site, Failure> {
    let systems::Ready { site, moved, missing } = systems::ready(site, store, options)?;
    versions(&moved).for_each(|line| tell.found(&line));
    missing.iter().for_each(|missing| tell.failed(&unknown(&missing.name, &missing.error)));
    Ok(site)
}

/// Who is told what was found out.
pub(crate) trait Tell {
    /// Something that is locked from now on.
    fn found(&self, line: &str);
    /// Something that could not be found out.
    fn failed(&self, line: &str);
}

/// A person or a script: lines on standard error.
pub(crate) struct Lines;

impl Tell for Lines {
    fn found(&self, line: &str) {
        output::complain(&format!("{line}\n"));
    }

    fn failed(&self, line: &str) {
        output::complain(&format!("firstlight: {}\n", output::without_numbers(line)));
    }
}

/// What the lock says from now on of systems, a line for each.
fn versions(moved: &[Moved]) -> impl Iterator<Item = String> {
    moved.iter().filter_map(|moved| match moved {
        Moved::Os { name, to: Some(to), .. } => {
            Some(format!("{name} is version {}: in firstlight.lock from now on", to.version))
        }
        _ => None,
    })
}

/// What could not be found out of a system.
pub(crate) fn unknown(system: &str, error: &Error) -> String {
    format!("{system} is not known whole: {error}")
}
