//! Hashing files.

use crate::Error;
use firstlight_boot::Content;
use firstlight_model::Sha256;
use sha2::Digest;
use std::{fs::File, io::Read, path::Path};

/// Hashes a file and checks it against its pin, where there is one.
pub fn verify(path: &Path, pin: Option<Sha256>) -> Result<Content, Error> {
    let failed = |source| Error::File { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(failed)?;
    let before = file.metadata().map_err(failed)?;
    if !before.is_file() {
        return Err(failed(std::io::Error::other("not a regular file")));
    }
    let got = hash(&mut file).map_err(failed)?;
    match pin {
        Some(expected) if expected != got => {
            Err(Error::Mismatch { what: path.display().to_string(), expected, got, kept: None })
        }
        _ => {
            let modified = before.modified().map_err(failed)?;
            Ok(Content::File { path: path.to_owned(), size: before.len(), sha256: got, modified })
        }
    }
}

/// Hashes to the end.
fn hash(reader: &mut impl Read) -> std::io::Result<Sha256> {
    let mut hasher = sha2::Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    loop {
        let n = reader.read(&mut buffer)?;
        if n == 0 {
            return Ok(Sha256(hasher.finalize().into()));
        }
        hasher.update(&buffer[..n]);
    }
}
