//! The files of a system, as assets: where each comes from, and how it is known that it is right.

use super::{Making, Systems, layers::Layers, version::Version};
use crate::{
    Archive, Asset, AssetSource, KnownBy, Pin, SCHEMES, Signed, SigningKey, Sums, System, SystemFile,
    build::assets,
    source::{At, Span},
};
use firstlight_model::{Arch, Sha256};

/// A file of a system.
pub(super) struct File {
    pub(super) asset: Asset,
    /// How its hash is found out, where it is fetched.
    of_system: Option<SystemFile>,
}

type Files = Vec<(String, File)>;

impl Making<'_, '_> {
    /// Its files by their labels.
    pub(super) fn files(&self, version: &Version) -> Option<Files> {
        let labels = self.layers.labels("file");
        let files: Files =
            labels.iter().filter_map(|label| Some((label.clone(), self.file(label, version)?))).collect();
        (files.len() == labels.len()).then_some(files)
    }

    fn file(&self, label: &str, version: &Version) -> Option<File> {
        let layers = self.layers.inner("file", label)?;
        match layers.way(&["url", "from", "path"]) {
            Some("url") => self.fetched(label, &layers, version),
            Some("from") => {
                Some(File { asset: self.asset(label, self.member(&layers, version)?, Pin::Lock), of_system: None })
            }
            Some(_) => Some(File {
                asset: self.asset(label, self.local(label, &layers, version)?, Pin::Lock),
                of_system: None,
            }),
            None => {
                let at = layers.header().unwrap_or(self.named.span);
                let note =
                    self.world.problems.error(at, format!("the file `{label}` has none of `url`, `path` and `from`"));
                note.label("required").next("add `url = \"https://…/{version}/…\"`");
                None
            }
        }
    }

    fn asset(&self, label: &str, source: AssetSource, pin: Pin) -> Asset {
        Asset { name: self.asset_name(label), place: self.place.clone(), source, pin }
    }

    /// `flatcar-stable-kernel`; with the version and the architecture in it where they are not the usual ones.
    fn asset_name(&self, label: &str) -> String {
        let version = self.named.version.as_ref().map(|version| format!("-{version}")).unwrap_or_default();
        let arch = if self.arch == Arch::Amd64 { String::new() } else { format!("-{}", self.arch) };
        let name = format!("{}-{}{version}{arch}-{label}", self.named.os, self.named.channel);
        name.replace(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c)), "-")
    }

    fn fetched(&self, label: &str, layers: &Layers<'_, '_>, version: &Version) -> Option<File> {
        let mut later = false;
        let mut urls = Vec::new();
        for at in layers.texts("url") {
            let filled = self.words.checked(&at)?;
            later |= filled.later;
            let url = At::new(filled.text, at.span);
            if !assets::is_url(&layers.first("url")?, &url, &SCHEMES) {
                return None;
            }
            urls.push(url.value);
        }
        self.needs_version(later, version, layers.header())?;
        let url = urls.first()?.clone();
        let sums = self.sums(layers)?;
        let signature = self.signature(layers, &url)?;
        let of_system = SystemFile {
            arch: self.arch,
            url,
            sums,
            signature,
            keys: self.keys()?,
            fingerprints: self.layers.texts("fingerprints").into_iter().map(|at| at.value).collect(),
        };
        let name = self.asset_name(label);
        let (source, pin) = match self.pin(&name, &of_system, version) {
            Some(pin) if !later => (AssetSource::Urls(urls), pin),
            _ => (AssetSource::Later(self.named.whole.clone()), Pin::Lock),
        };
        Some(File { asset: self.asset(label, source, pin), of_system: Some(of_system) })
    }

    /// How it is known that a file is right; `None` where its hash is still to be found out.
    fn pin(&self, name: &str, file: &SystemFile, version: &Version) -> Option<Pin> {
        let listed = matches!(file.sums[..], [] | [Sums::Listing]);
        if let (true, Some(signature), false) = (listed, &file.signature, file.keys.is_empty()) {
            let (keys, signature) = (file.keys.clone(), Some(signature.clone()));
            return Some(Pin::Signed(Signed { place: self.place.clone(), list: None, signature, name: None, keys }));
        }
        if file.sums.is_empty() {
            return Some(Pin::Lock);
        }
        let locked = self.world.lock.os.get(&self.named.whole)?;
        let of_version = Some(&locked.version) == version.version.as_ref();
        let hash: Option<Sha256> = locked.sha256.get(name).copied().filter(|_| of_version);
        // What the listing did not state when it was asked is believed at its first use.
        hash.map(Pin::Sha256).or((of_version && listed).then_some(Pin::Lock))
    }

    fn sums(&self, layers: &Layers<'_, '_>) -> Option<Vec<Sums>> {
        let sum = |at: At<String>| match &*at.value {
            "listing" => Some(Sums::Listing),
            _ => Some(Sums::Url(self.words.checked(&at)?.text)),
        };
        layers.texts("sums").into_iter().map(sum).collect()
    }

    /// `None` where it is wrong, `Some(None)` where there is none.
    fn signature(&self, layers: &Layers<'_, '_>, url: &str) -> Option<Option<String>> {
        let Some(at) = layers.text("signature") else { return Some(None) };
        let with_url = At::new(at.value.replace("{url}", url), at.span);
        Some(Some(self.words.checked(&with_url)?.text))
    }

    fn keys(&self) -> Option<Vec<SigningKey>> {
        let Some(fields) = self.layers.first("keys") else { return Some(Vec::new()) };
        let key = |at: At<String>| match at.value.strip_prefix(firstlight_catalog::FOLDER) {
            Some(name) if firstlight_catalog::KEYS.iter().any(|(known, _)| *known == name) => {
                Some(SigningKey::Catalog(name.to_owned()))
            }
            Some(name) => {
                let help = crate::nearest::suggestion(name, firstlight_catalog::KEYS.iter().map(|(known, _)| *known));
                fields.error(at.span, format!("the catalog has no keys `{name}`")).help(help);
                None
            }
            None => assets::file(&fields, &at).map(SigningKey::OpenPgp),
        };
        fields.texts("keys")?.into_iter().map(key).collect()
    }

    fn member(&self, layers: &Layers<'_, '_>, version: &Version) -> Option<AssetSource> {
        let (from, path) = (layers.text("from")?, layers.text("path"));
        if !self.layers.labels("file").contains(&from.value) {
            return self.no_file(&from);
        }
        let Some(path) = path else {
            let note = self.world.problems.error(from.span, "a file that is taken out of another needs a `path`");
            note.next("it is the path inside of it: path = \"boot/vmlinuz\"");
            return None;
        };
        let filled = self.words.checked(&path)?;
        self.needs_version(filled.later, version, layers.header())?;
        // Where the version is not known yet, neither is what it is in.
        Some(AssetSource::Member { archive: Archive::Asset(self.asset_name(&from.value)), path: filled.text })
    }

    fn local(&self, label: &str, layers: &Layers<'_, '_>, version: &Version) -> Option<AssetSource> {
        let filled = self.words.checked(&layers.text("path")?)?;
        self.needs_version(filled.later, version, layers.header())?;
        let path = self.world.root.join(&filled.text);
        if !filled.later && !self.world.outside.is_file(&path) {
            let note = self.world.problems.error(self.named.span, format!("there is no file `{}`", filled.text));
            note.label("a file of this os").help(self.package(label));
            return None;
        }
        Some(AssetSource::Path(path))
    }

    /// Complains where a version is wanted that nothing will ever say.
    fn needs_version(&self, later: bool, version: &Version, at: Option<Span>) -> Option<()> {
        if !later || version.listing.is_some() {
            return Some(());
        }
        let name = &self.named.whole;
        let mut note =
            self.world.problems.error(self.named.span, format!("nothing says which version of `{name}` is meant"));
        if let Some(at) = at {
            note = note.related(at, "it is wanted here");
        }
        note.help(format!("say it: os = \"{name}/1.2.3\", or give the os block a `listing`"));
        None
    }

    /// Adds the system to those that profiles have named.
    pub(super) fn keep(&self, systems: &Systems, version: Version, title: &str, files: Files) -> Option<()> {
        let mut kept = systems.systems.borrow_mut();
        let system = kept.entry(self.named.whole.clone()).or_insert_with(|| System {
            name: self.named.whole.clone(),
            place: self.place.clone(),
            title: title.to_owned(),
            version: version.version.clone(),
            known_by: version.known_by,
            listing: None,
            files: Default::default(),
        });
        match (&mut system.listing, version.listing.filter(|_| version.known_by != KnownBy::Disk)) {
            (Some(known), Some(new)) => known.at.extend(new.at),
            (known, new) => *known = new.or(known.take()),
        }
        let mut assets = systems.assets.borrow_mut();
        for (_, File { asset, of_system }) in files {
            if assets.contains_key(&asset.name) && !system.files.contains_key(&asset.name) && of_system.is_some() {
                let message = format!("two systems have files that are called `{}`", asset.name);
                self.world
                    .problems
                    .error(self.named.span, message)
                    .next("rename one of the os blocks, or of its channels");
                return None;
            }
            if let Some(file) = of_system {
                system.files.insert(asset.name.clone(), file);
            }
            assets.insert(asset.name.clone(), asset);
        }
        Some(())
    }
}
