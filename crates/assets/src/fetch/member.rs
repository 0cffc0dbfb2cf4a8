//! Files inside archives: taken out once, kept as objects of their own, and known again by the archive's hash and their path.

use super::Fetcher;
use crate::{Error, Told, file::verify_pinned, store::Write};
use firstlight_boot::Content;
use firstlight_model::Sha256;
use firstlight_site::{Archive, Asset, Pin};
use sha2::Digest;
use std::{
    fs::File,
    io::{self, BufReader},
    path::Path,
};

/// What an archive may be inside of another at most.
const DEEPEST: usize = 8;

impl Fetcher {
    pub(super) fn member(
        &self,
        asset: &Asset,
        archive: &Archive,
        path: &str,
        told: Told<'_>,
    ) -> Result<Content, Error> {
        let (whole, name) = self.archive(archive, told)?;
        let Content::File { path: file, sha256, .. } = &whole else { return Ok(whole) };
        let alias = alias(*sha256, path);
        let content = match self.store.alias("member", &alias).and_then(|hash| self.store.find(hash, &self.known)) {
            Some(content) => content,
            None => self
                .flights
                .join(&format!("member-{alias}"), &asset.name, told, |_| self.take_out(file, &name, path, &alias))?,
        };
        match (&asset.pin, &content) {
            (Pin::Lock, _) | (_, Content::Bytes(_)) => Ok(content),
            (Pin::Signed(signed), Content::File { path: file, .. }) => {
                self.signed_file(&asset.name, signed, (file, path), told)
            }
            (pin, Content::File { path, .. }) => verify_pinned(path, pin),
        }
    }

    fn archive(&self, archive: &Archive, told: Told<'_>) -> Result<(Content, String), Error> {
        match archive {
            Archive::Path(path) => Ok((self.known.verify(path, None)?, path.display().to_string())),
            Archive::Asset(name) => {
                let failed = |error| Error::Archive { archive: name.clone(), error: Box::new(error) };
                let missing = || Error::of(name)(io::Error::other("there is no such asset"));
                let asset = self.assets.get(name).ok_or_else(missing)?;
                Ok((self.fetch(asset, told).map_err(failed)?, name.clone()))
            }
        }
    }

    fn take_out(&self, file: &Path, archive: &str, path: &str, alias: &str) -> Result<Content, Error> {
        let failed = |why: String| Error::Member { archive: archive.to_owned(), path: path.to_owned(), why };
        let key = format!("member-{alias}");
        let mut part = loop {
            match self.store.part(&key, false)? {
                Some(part) => break part,
                None => std::thread::sleep(super::download::LOOK_AGAIN),
            }
        };
        part.restart().map_err(Error::of(self.store.folder()))?;
        let reader = BufReader::with_capacity(256 << 10, File::open(file).map_err(Error::of(file))?);
        let opened = firstlight_archive::Archive::open(reader, firstlight_archive::Limits::default());
        let mut out = Out { part: &mut part, full: false };
        let done = opened.and_then(|mut archive| archive.extract(path, &mut out));
        let full = out.full;
        let finished = done.map_err(|error| failed(error.to_string())).map(|_| part.finish());
        match finished {
            Ok(Ok(())) => {
                let sha256 = part.hashes().sha256();
                let content = self.store.adopt(part, sha256)?;
                self.store.set_alias("member", alias, sha256)?;
                Ok(content)
            }
            Ok(Err(_)) | Err(_) if full => Err(self.no_room(part)),
            Ok(Err(Write::Full { .. })) => Err(self.no_room(part)),
            Ok(Err(Write::Failed(error))) => Err(Error::of(self.store.folder())(error)),
            Err(error) => {
                self.store.discard(part);
                Err(error)
            }
        }
    }

    fn no_room(&self, part: crate::store::Part) -> Error {
        self.store.discard(part);
        Error::NoRoom { folder: self.store.folder().to_owned(), needed: None, free: self.store.free() }
    }

    /// The hash of a member that was taken out before, of an archive whose hash is known.
    pub(super) fn member_hash(&self, archive: &Archive, path: &str) -> Option<Sha256> {
        self.store.alias("member", &alias(self.archive_hash(archive, DEEPEST)?, path))
    }

    fn archive_hash(&self, archive: &Archive, depth: usize) -> Option<Sha256> {
        match archive {
            Archive::Asset(name) if depth > 0 => self.hash_of(self.assets.get(name)?),
            Archive::Asset(_) => None,
            Archive::Path(path) => match self.known.verify(path, None).ok()? {
                Content::File { sha256, .. } => Some(sha256),
                Content::Bytes(_) => None,
            },
        }
    }
}

/// What a member is known by.
fn alias(archive: Sha256, path: &str) -> String {
    format!("{archive}-{}", Sha256(sha2::Sha256::digest(path).into()))
}

/// Where an extracted member is written to.
struct Out<'p> {
    part: &'p mut crate::store::Part,
    full: bool,
}

impl io::Write for Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.part.add(bytes) {
            Ok(()) => Ok(bytes.len()),
            Err(Write::Full { .. }) => {
                self.full = true;
                Err(io::ErrorKind::StorageFull.into())
            }
            Err(Write::Failed(error)) => Err(error),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
