//! What listings say: the newest version of a system.

use super::Upstream;
use crate::{Error, Patience, sources::shown};
use firstlight_catalog::listing::{Offer, Wanted, newest_of_all, read};
use firstlight_site::{KnownBy, ListedAt, Listing, Site, System};

/// A system beside what its listing says.
#[derive(Debug)]
pub struct Newer {
    /// The system's name.
    pub system: String,
    /// The version that the lock holds; `None` where it holds none.
    pub locked: Option<String>,
    /// The newest one that the listing offers, or why that is not known.
    pub newest: Result<String, Error>,
}

impl Newer {
    /// The version that the listing offers, where it is another than the lock's.
    pub fn is_newer(&self) -> Option<&str> {
        self.newest.as_deref().ok().filter(|newest| Some(*newest) != self.locked.as_deref())
    }
}

/// Asks the listings of all systems whose version the lock says. Changes nothing.
pub fn newer(site: &Site, patience: &Patience) -> Vec<Newer> {
    let upstream = Upstream::new(site, patience);
    let moves = site.systems.values().filter(|system| system.known_by == KnownBy::Lock);
    let one = |system: &System| Newer {
        system: system.name.clone(),
        locked: system.version.clone(),
        newest: upstream.newest(system),
    };
    moves.map(one).collect()
}

impl Upstream {
    /// The newest version that the listings offer for every architecture that the site wants.
    pub(super) fn newest(&self, system: &System) -> Result<String, Error> {
        let none = |why: &str| Error::Listing { system: system.name.clone(), why: why.to_owned() };
        let listing = system.listing.as_ref().ok_or_else(|| none("it has none"))?;
        let offers = listing.at.values().map(|at| self.offers(system, listing, at)).collect::<Result<Vec<_>, _>>()?;
        let newest = newest_of_all(&offers).ok_or_else(|| none("it offers no version for all architectures alike"))?;
        Ok(newest.to_owned())
    }

    /// What a listing offers for one architecture.
    pub(super) fn offers(&self, system: &System, listing: &Listing, at: &ListedAt) -> Result<Vec<Offer>, Error> {
        let wanted = Wanted {
            format: listing.format,
            key: &at.key,
            arch: &at.arch,
            prefix: &listing.prefix,
            announcements: listing.announcements,
        };
        let unread =
            |why: String| Error::Listing { system: system.name.clone(), why: format!("{}: {why}", shown(&at.url)) };
        read(&self.text(&at.url)?, &wanted).map_err(|why| unread(why.to_string()))
    }
}
