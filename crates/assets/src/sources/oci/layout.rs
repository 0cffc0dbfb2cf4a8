//! A folder in the OCI image layout 1.0: `oci-layout`, `index.json`, `blobs/sha256/…`.

use super::{MAX_MANIFEST, manifest::Manifest};
use crate::sources::{Ask, SourceError, Stream};
use firstlight_model::Sha256;
use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

pub(super) struct Layout {
    folder: PathBuf,
}

impl Layout {
    pub(super) fn open(folder: &Path) -> Result<Layout, SourceError> {
        if folder.join("oci-layout").is_file() {
            return Ok(Layout { folder: folder.to_owned() });
        }
        Err(SourceError::Final(format!("{} is no OCI layout: there is no file `oci-layout` in it", folder.display())))
    }

    /// A manifest by its digest; else the one that the tag names, or the only one that there is.
    pub(super) fn manifest(&self, tag: Option<&str>, digest: Option<Sha256>) -> Result<Vec<u8>, SourceError> {
        let digest = match digest {
            Some(digest) => digest,
            None => Manifest::read(&self.read(&self.folder.join("index.json"))?)?.tagged(tag)?,
        };
        let bytes = self.read(&self.path(digest))?;
        super::check(&bytes, Some(digest))?;
        Ok(bytes)
    }

    pub(super) fn blob(&self, ask: &Ask<'_>, digest: Sha256, size: Option<u64>) -> Result<Stream, SourceError> {
        let path = self.path(digest);
        let mut file = File::open(&path).map_err(|error| failed(&path, &error))?;
        let total = file.metadata().map_err(|error| failed(&path, &error))?.len();
        if let Some(expected) = size.filter(|size| *size != total) {
            return Err(SourceError::WrongLength { says: total, expected });
        }
        let starts_at = if ask.from <= total { ask.from } else { 0 };
        file.seek(SeekFrom::Start(starts_at)).map_err(|error| failed(&path, &error))?;
        let validator = Some(digest.to_string());
        Ok(Stream {
            body: Box::new(file),
            total: Some(total),
            starts_at,
            validator,
            sha256: Some(digest),
            ..Stream::default()
        })
    }

    fn path(&self, digest: Sha256) -> PathBuf {
        self.folder.join("blobs/sha256").join(digest.to_string())
    }

    fn read(&self, path: &Path) -> Result<Vec<u8>, SourceError> {
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(|error| failed(path, &error))?;
        file.take(MAX_MANIFEST + 1).read_to_end(&mut bytes).map_err(|error| failed(path, &error))?;
        match bytes.len() as u64 > MAX_MANIFEST {
            true => Err(SourceError::Final(format!("{} is too long for a manifest", path.display()))),
            false => Ok(bytes),
        }
    }
}

fn failed(path: &Path, error: &std::io::Error) -> SourceError {
    SourceError::Final(format!("{} cannot be read: {error}", path.display()))
}
