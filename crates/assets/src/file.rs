//! Hashing files.

use crate::{Error, error::Mismatch, fetch::Hashes};
use firstlight_boot::Content;
use firstlight_model::Sha256;
use firstlight_site::Pin;
use std::{fs::File, io::Read, path::Path};

/// Hashes a file and checks it against its pin, where there is one.
pub fn verify(path: &Path, pin: Option<Sha256>) -> Result<Content, Error> {
    verify_pinned(path, &pin.map_or(Pin::Lock, Pin::Sha256))
}

/// Hashes a file and checks it against a hash that is pinned in the site. A signature is not checked here.
pub(crate) fn verify_pinned(path: &Path, pin: &Pin) -> Result<Content, Error> {
    let mut file = File::open(path).map_err(Error::of(path))?;
    let before = file.metadata().map_err(Error::of(path))?;
    if !before.is_file() {
        return Err(Error::of(path)(std::io::Error::other("not a regular file")));
    }
    let hashes = hash(&mut file, matches!(pin, Pin::Sha512(_))).map_err(Error::of(path))?;
    let (sha256, sha512) = (hashes.sha256(), hashes.sha512());
    let wrong = |kind, expected: String, got: String| {
        let what = path.display().to_string();
        Err(Mismatch { what, by: "the site", kind, expected, got, kept: None }.into())
    };
    match (pin, sha512) {
        (Pin::Sha256(expected), _) if *expected != sha256 => wrong("sha256", expected.to_string(), sha256.to_string()),
        (Pin::Sha512(expected), Some(got)) if *expected != got => {
            wrong("sha512", expected.to_string(), got.to_string())
        }
        _ => {
            let modified = before.modified().map_err(Error::of(path))?;
            Ok(Content::File { path: path.to_owned(), size: before.len(), sha256, modified })
        }
    }
}

/// Hashes to the end.
fn hash(reader: &mut impl Read, with_sha512: bool) -> std::io::Result<Hashes> {
    let mut hashes = Hashes::new(with_sha512);
    let mut buffer = vec![0; 256 << 10];
    loop {
        let n = reader.read(&mut buffer)?;
        if n == 0 {
            return Ok(hashes);
        }
        hashes.update(&buffer[..n]);
    }
}
