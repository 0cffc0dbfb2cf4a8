//! Which version of a system is meant, and where its versions are listed.

use super::Making;
use crate::{KnownBy, ListedAt, Listing, source::At};
use firstlight_catalog::{
    listing::{FORMATS, is_version},
    version::compare,
};
use std::path::Path;

/// What is known of a system's version.
pub(super) struct Version {
    pub(super) version: Option<String>,
    pub(super) known_by: KnownBy,
    pub(super) listing: Option<Listing>,
}

impl Making<'_, '_> {
    /// `None` where something is wrong.
    pub(super) fn version(&self) -> Option<Version> {
        let listed = self.layers.inner("listing", "");
        let on_disk = listed.as_ref().filter(|listing| listing.way(&["url", "path"]) == Some("path"));
        let of_profile = self.named.version.clone();
        if let Some(at) = on_disk.and_then(|listing| listing.text("path")) {
            let version = match of_profile {
                Some(version) => version,
                None => self.newest_on_disk(&at)?,
            };
            return Some(Version { version: Some(version), known_by: KnownBy::Disk, listing: None });
        }
        let listing = match listed {
            Some(_) => Some(self.listing()?),
            None => None,
        };
        let locked = self.world.lock.os.get(&self.named.whole).map(|locked| locked.version.clone());
        let known_by = match (&of_profile, &listing) {
            (Some(_), _) => KnownBy::Profile,
            (None, Some(_)) => KnownBy::Lock,
            (None, None) => KnownBy::Disk,
        };
        Some(Version { version: of_profile.or(locked), known_by, listing })
    }

    fn listing(&self) -> Option<Listing> {
        let layers = self.layers.inner("listing", "")?;
        let required = |name: &str| {
            let text = layers.text(name);
            if text.is_none() {
                let at = layers.header().unwrap_or(self.named.span);
                self.world
                    .problems
                    .error(at, format!("the listing of `{}` has no `{name}`", self.named.os))
                    .label("required");
            }
            text
        };
        let (url, word) = (required("url")?, layers.first("format").and_then(|fields| fields.word("format", FORMATS)));
        let format = match word {
            Some(at) => at.value,
            None if layers.first("format").is_none() => return required("format").and(None),
            None => return None,
        };
        let key = match format.key() {
            Some(_) => required("key")?,
            None => At::new(String::new(), url.span),
        };
        let key = self.words.fill(&key.value);
        let url = self.words.checked(&url)?.text;
        let prefix = layers.text("prefix").map(|at| self.words.fill(&at.value)).unwrap_or_default();
        let announcements = self.layers.flag("announcements");
        let at = ListedAt { url, arch: self.words.value("arch"), key: key.clone() };
        Some(Listing { format, key, prefix, announcements, at: [(self.arch, at)].into() })
    }

    /// The newest version of which a file like `/boot/vmlinuz-{version}` is there.
    fn newest_on_disk(&self, pattern: &At<String>) -> Option<String> {
        let path = self.words.fill(&pattern.value);
        let path = self.world.root.join(path);
        let (folder, name) = (path.parent().unwrap_or(Path::new("/")), path.file_name()?.to_str()?);
        let (before, after) = name.split_once("{version}")?;
        let names = self.world.outside.names(folder);
        let versions = names.iter().filter_map(|name| name.strip_prefix(before)?.strip_suffix(after));
        let newest = versions.filter(|version| is_version(version)).max_by(|a, b| compare(a, b)).map(str::to_owned);
        if newest.is_none() {
            let note =
                self.world.problems.error(self.named.span, format!("there is no file like `{}`", path.display()));
            note.label("nothing of this os is on this computer").help(self.package("kernel"));
        }
        newest
    }

    /// What to install for a file.
    pub(super) fn package(&self, label: &str) -> Option<String> {
        let package = self.layers.inner("file", label)?.text("package")?;
        Some(format!("install the package `{}`, which has it", self.words.fill(&package.value)))
    }
}
