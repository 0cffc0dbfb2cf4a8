//! Writing a bundle.

use super::{FORMAT, MANIFEST, Manifest, Object, tar};
use crate::{Error, Fetcher, Missing, Progress, Step, Told, resolve};
use firstlight_boot::Content;
use firstlight_model::{Sha256, Sha512};
use firstlight_site::{Archive, Asset, AssetSource, LOCK_FILE, Lock, Pin, Site};
use sha2::Digest;
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read, Write},
    path::PathBuf,
};

/// What was exported.
#[derive(Debug)]
pub struct Exported {
    /// How many objects.
    pub objects: usize,
    /// How many bytes they have.
    pub bytes: u64,
    /// The whole bundle's hash, to compare after the journey.
    pub sha256: Sha256,
    /// Assets that lie in files of their own: they travel with the site's folder.
    pub local: Vec<String>,
}

/// Writes everything that a site has to fetch to `out`, fetching what is not here yet. `told` hears of fetches, and of the
/// writing under the name of the bundle.
///
/// # Errors
/// What cannot be had, each with why: then nothing has been written. Or `out` cannot be written.
pub fn export(site: &Site, fetcher: &Fetcher, out: &mut dyn Write, told: Told<'_>) -> Result<Exported, Vec<Missing>> {
    let of_all = |error| vec![Missing { name: "the bundle".to_owned(), place: None, error }];
    let (travels, local): (Vec<&Asset>, Vec<&Asset>) =
        site.assets.values().partition(|asset| is_fetched(fetcher, asset));
    let mut wanted = site.clone();
    wanted.assets.retain(|name, _| travels.iter().any(|asset| asset.name == *name));
    let resolved = resolve(&wanted, fetcher, told);
    if !resolved.missing.is_empty() {
        return Err(resolved.missing);
    }
    let mut objects = Objects::default();
    for asset in travels {
        if let Some(content) = resolved.assets.get(&asset.name) {
            objects.add(content, |object| object.assets.push(asset.name.clone()));
            objects.pin(content, &asset.pin);
        }
    }
    for (name, content) in &resolved.loaders {
        objects.add(content, |object| object.loaders.push(name.clone()));
    }
    let lock = lock(&wanted, fetcher);
    let (bytes, sha256) = objects.write(&site.name, &lock, out, told).map_err(of_all)?;
    let local = local.into_iter().map(|asset| asset.name.clone()).collect();
    Ok(Exported { objects: objects.0.len(), bytes, sha256, local })
}

/// Whether an asset's bytes come from elsewhere. What is taken out of an archive is taken out again there.
fn is_fetched(fetcher: &Fetcher, asset: &Asset) -> bool {
    match &asset.source {
        _ if fetcher.overridden(asset).is_some() => false,
        // What is not known yet says so when it is fetched.
        AssetSource::Urls(_) | AssetSource::Later(_) => true,
        AssetSource::Path(_) | AssetSource::Member { archive: Archive::Path(_) | Archive::Asset(_), .. } => false,
    }
}

/// The lock's entries for these assets.
fn lock(site: &Site, fetcher: &Fetcher) -> Lock {
    let entries = site.assets.values().filter_map(|asset| Some((asset.name.clone(), fetcher.locked(asset)?)));
    Lock { assets: entries.collect(), os: site.lock.os.clone() }
}

/// What goes into the bundle, by hash, with the file that it is read from.
#[derive(Default)]
struct Objects(BTreeMap<Sha256, (Object, PathBuf)>);

impl Objects {
    fn add(&mut self, content: &Content, name: impl FnOnce(&mut Object)) {
        let Content::File { path, size, sha256, .. } = content else { return };
        let new =
            || (Object { sha256: *sha256, sha512: None, size: *size, assets: vec![], loaders: vec![] }, path.clone());
        let (object, _) = self.0.entry(*sha256).or_insert_with(new);
        name(object);
    }

    fn pin(&mut self, content: &Content, pin: &Pin) {
        if let (Content::File { sha256, .. }, Pin::Sha512(sha512)) = (content, pin)
            && let Some((object, _)) = self.0.get_mut(sha256)
        {
            object.sha512 = Some(Sha512(sha512.0));
        }
    }

    fn write(&self, site: &str, lock: &Lock, out: &mut dyn Write, told: Told<'_>) -> Result<(u64, Sha256), Error> {
        let failed = |error: io::Error| Error::Bundle(format!("it cannot be written: {error}"));
        let objects = self.0.values().map(|(object, _)| object.clone()).collect();
        let manifest = Manifest { format: FORMAT.to_owned(), site: site.to_owned(), objects };
        let mut text = serde_json::to_string_pretty(&manifest).map_err(|error| failed(error.into()))?;
        text.push('\n');
        let mut out = Hashed { out, hasher: sha2::Sha256::new() };
        small(&mut out, MANIFEST, &text).map_err(failed)?;
        small(&mut out, LOCK_FILE, &lock.to_string()).map_err(failed)?;
        let total: u64 = self.0.values().map(|(object, _)| object.size).sum();
        let mut done = 0;
        for (object, path) in self.0.values() {
            out.write_all(&tar::header(&object.name(), object.size)).map_err(failed)?;
            let mut file = File::open(path).map_err(Error::of(path))?.take(object.size);
            let hash = copy(&mut file, &mut out, |n| {
                done += n;
                told(Progress { name: "bundle", step: Step::Bytes { done, total: Some(total) } });
            });
            if hash.map_err(failed)? != object.sha256 {
                return Err(Error::Bundle(format!("{} has changed while it was read", path.display())));
            }
            tar::pad(&mut out, object.size).map_err(failed)?;
        }
        tar::end(&mut out).and_then(|()| out.flush()).map_err(failed)?;
        Ok((total, Sha256(out.hasher.finalize().into())))
    }
}

fn small(out: &mut dyn Write, name: &str, text: &str) -> io::Result<()> {
    let size = text.len() as u64;
    out.write_all(&tar::header(name, size))?;
    out.write_all(text.as_bytes())?;
    tar::pad(out, size)
}

/// Copies, and tells the hash of what was copied.
fn copy(from: &mut dyn Read, to: &mut dyn Write, mut told: impl FnMut(u64)) -> io::Result<Sha256> {
    let mut hasher = sha2::Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    loop {
        let n = from.read(&mut buffer)?;
        if n == 0 {
            return Ok(Sha256(hasher.finalize().into()));
        }
        hasher.update(&buffer[..n]);
        to.write_all(&buffer[..n])?;
        told(n as u64);
    }
}

/// Hashes what is written.
struct Hashed<'a> {
    out: &'a mut dyn Write,
    hasher: sha2::Sha256,
}

impl Write for Hashed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.out.write(bytes)?;
        self.hasher.update(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
