//! Reading a bundle into the store.

use super::{FORMAT, LONGEST, MANIFEST, Manifest, Object, loader_alias, tar};
use crate::{
    Error, Known, Progress, Step, Store, Told, lock_file,
    store::{Part, Write},
};
use firstlight_site::{LOCK_FILE, Lock, Moved, parse_lock};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    io::{self, Read},
    path::Path,
};

/// What was imported.
#[derive(Debug, Default, Serialize)]
pub struct Imported {
    /// The name of the site that it was made of.
    pub site: String,
    /// Objects that were here already.
    pub here: usize,
    /// Objects that are new.
    pub new: usize,
    /// Bytes of the new ones.
    pub bytes: u64,
    /// Assets whose entries were added to the lock.
    pub locked: Vec<String>,
    /// Assets for which the site's lock says something else than the bundle's: the site's holds.
    pub differ: Vec<String>,
}

/// Takes a bundle in: its objects into the store, and what the site's lock in `root` lacks into that. Every object is
/// hashed; those that are here already are passed over.
///
/// # Errors
/// It is no bundle, is damaged or cut off, or the store has no room. What came before stays: another import goes on there.
pub fn import(
    input: &mut dyn Read,
    store: &Store,
    root: &Path,
    lock: &Lock,
    told: Told<'_>,
) -> Result<Imported, Error> {
    let manifest = manifest(input)?;
    let mut import = Import::new(&manifest, store, told);
    import.check_room()?;
    let mut others = None;
    while let Some((name, size)) = tar::next(input).map_err(|error| import.cut(&error))? {
        match import.missing.remove(name.as_str()) {
            _ if name == LOCK_FILE => others = Some(text(input, size).map_err(|error| import.cut(&error))?),
            Some(object) if object.size == size => import.object(input, object)?,
            _ => {
                return Err(Error::Bundle(format!(
                    "`{name}` is not in its list, twice, or of another size: it is damaged"
                )));
            }
        }
    }
    if !import.missing.is_empty() {
        return Err(Error::Bundle("objects of its list are missing: it is damaged".to_owned()));
    }
    let mut done = import.done;
    if let Some(text) = others {
        add_lock(&text, store, root, lock, &mut done)?;
    }
    Ok(Imported { site: manifest.site, ..done })
}

fn manifest(input: &mut dyn Read) -> Result<Manifest, Error> {
    let no_bundle = || Error::Bundle("this is none: `firstlight assets export` makes one".to_owned());
    let text = match tar::next(input) {
        Ok(Some((name, size))) if name == MANIFEST => text(input, size).map_err(|_| no_bundle())?,
        _ => return Err(no_bundle()),
    };
    let manifest: Manifest = serde_json::from_str(&text).map_err(|_| no_bundle())?;
    if manifest.format != FORMAT {
        let shown: String = manifest.format.chars().take(40).collect();
        return Err(Error::Bundle(format!("its format is `{shown}`, and this Firstlight reads `{FORMAT}`")));
    }
    Ok(manifest)
}

/// A small member.
fn text(input: &mut dyn Read, size: u64) -> io::Result<String> {
    let too_long = || io::Error::new(io::ErrorKind::InvalidData, "it is too long");
    let mut text = String::new();
    let read = input.take(size.min(LONGEST)).read_to_string(&mut text)?;
    if read as u64 != size {
        return Err(if size > LONGEST { too_long() } else { io::ErrorKind::UnexpectedEof.into() });
    }
    tar::skip_pad(input, size)?;
    Ok(text)
}

struct Import<'a> {
    store: &'a Store,
    told: Told<'a>,
    known: Known,
    /// By their names in the bundle.
    missing: BTreeMap<String, &'a Object>,
    objects: usize,
    total: u64,
    passed: u64,
    done: Imported,
}

impl<'a> Import<'a> {
    fn new(manifest: &'a Manifest, store: &'a Store, told: Told<'a>) -> Import<'a> {
        let missing: BTreeMap<_, _> = manifest.objects.iter().map(|object| (object.name(), object)).collect();
        let total = manifest.objects.iter().fold(0_u64, |total, object| total.saturating_add(object.size));
        let (objects, done) = (missing.len(), Imported::default());
        Import { store, told, known: Known::default(), missing, objects, total, passed: 0, done }
    }

    /// Before anything is written.
    fn check_room(&self) -> Result<(), Error> {
        let lacking = self.missing.values().filter(|object| self.store.size_of(object.sha256) != Some(object.size));
        let (needed, free) = (lacking.fold(0_u64, |sum, object| sum.saturating_add(object.size)), self.store.free());
        if needed > free {
            return Err(Error::NoRoom { folder: self.store.folder().to_owned(), needed: Some(needed), free });
        }
        Ok(())
    }

    fn object(&mut self, input: &mut dyn Read, object: &Object) -> Result<(), Error> {
        let needs_sha512 =
            object.sha512.is_some_and(|sha512| self.store.alias("sha512", &sha512.to_string()).is_none());
        if !needs_sha512 && self.store.find(object.sha256, &self.known).is_some() {
            self.done.here += 1;
            self.pass(input, object)?;
        } else {
            self.take(input, object)?;
            self.done.new += 1;
            self.done.bytes += object.size;
        }
        for name in &object.loaders {
            let (kind, alias) = loader_alias(name);
            self.store.set_alias(kind, &alias, object.sha256)?;
        }
        tar::skip_pad(input, object.size).map_err(|error| self.cut(&error))
    }

    fn pass(&mut self, input: &mut dyn Read, object: &Object) -> Result<(), Error> {
        self.copy(input, object, |_| Ok(()))
    }

    /// Writes an object aside, hashes it, and makes it one of the store's.
    fn take(&mut self, input: &mut dyn Read, object: &Object) -> Result<(), Error> {
        let key = format!("bundle-{}", object.sha256);
        let mut part = loop {
            match self.store.part(&key, object.sha512.is_some())? {
                Some(part) => break part,
                None => std::thread::sleep(std::time::Duration::from_millis(200)),
            }
        };
        let written = part.restart().map_err(Write::Failed).and_then(|()| part.reserve(object.size));
        let copied = match written {
            Ok(()) => self.copy(input, object, |bytes| part.add(bytes)),
            Err(write) => Err(self.cannot_write(write)),
        };
        let finished = copied.and_then(|()| part.finish().map_err(|write| self.cannot_write(write)));
        match finished.and_then(|()| right(object, &part)) {
            Ok(()) => self.store.adopt(part, object.sha256)?,
            Err(error) => {
                self.store.discard(part);
                return Err(error);
            }
        };
        if let Some(sha512) = object.sha512 {
            self.store.set_alias("sha512", &sha512.to_string(), object.sha256)?;
        }
        Ok(())
    }

    fn copy(
        &mut self,
        input: &mut dyn Read,
        object: &Object,
        mut add: impl FnMut(&[u8]) -> Result<(), Write>,
    ) -> Result<(), Error> {
        let mut left = object.size;
        let mut buffer = vec![0; 256 << 10];
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            let n = match input.read(&mut buffer[..most]) {
                Ok(0) => return Err(self.cut(&io::ErrorKind::UnexpectedEof.into())),
                Ok(n) => n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.cut(&error)),
            };
            add(&buffer[..n]).map_err(|write| self.cannot_write(write))?;
            left -= n as u64;
            self.passed += n as u64;
            (self.told)(Progress { name: "bundle", step: Step::Bytes { done: self.passed, total: Some(self.total) } });
        }
        Ok(())
    }

    /// What is wrong with the input, and how far it came.
    fn cut(&self, error: &io::Error) -> Error {
        let (done, all) = (self.done.here + self.done.new, self.objects);
        let what = match error.kind() {
            io::ErrorKind::UnexpectedEof => "it is cut off".to_owned(),
            _ => error.to_string(),
        };
        Error::Bundle(format!(
            "{what}; {done} of its {all} objects are here now, and importing it whole goes on with the others"
        ))
    }

    fn cannot_write(&self, write: Write) -> Error {
        match write {
            Write::Full { needed } => {
                Error::NoRoom { folder: self.store.folder().to_owned(), needed, free: self.store.free() }
            }
            Write::Failed(error) => Error::of(self.store.folder())(error),
        }
    }
}

/// An object has the hashes that the list says.
fn right(object: &Object, part: &Part) -> Result<(), Error> {
    let hashes = part.hashes();
    if hashes.sha256() == object.sha256 && (object.sha512.is_none() || hashes.sha512() == object.sha512) {
        return Ok(());
    }
    Err(Error::Bundle(format!("{} is damaged in it ({}): bring the bundle over again", object.called(), object.name())))
}

/// Adds what the site's lock lacks.
fn add_lock(text: &str, store: &Store, root: &Path, site: &Lock, done: &mut Imported) -> Result<(), Error> {
    let others = parse_lock(text).map_err(|why| Error::Bundle(format!("its lock has mistakes: {why}")))?;
    let ours = lock_file::with_own(store, site)?;
    let mut joined = ours.clone();
    for (name, entry) in others.assets {
        match ours.assets.get(&name) {
            None => _ = joined.assets.insert(name, entry),
            Some(known) if known.sha256 != entry.sha256 => done.differ.push(name),
            Some(_) => {}
        }
    }
    for (name, entry) in others.os {
        joined.os.entry(name).or_insert(entry);
    }
    let written = lock_file::write(root, store, ours.diff(&joined))?;
    done.locked.extend(written.moved.into_iter().map(|moved| match moved {
        Moved::Asset { name, .. } | Moved::Os { name, .. } => name,
    }));
    Ok(())
}
