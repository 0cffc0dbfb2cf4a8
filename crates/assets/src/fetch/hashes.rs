//! SHA-256, and SHA-512 where that is wanted, of bytes as they come.

use firstlight_model::{Sha256, Sha512};
use sha2::Digest;

#[derive(Debug, Clone)]
pub(crate) struct Hashes {
    sha256: sha2::Sha256,
    sha512: Option<sha2::Sha512>,
}

impl Hashes {
    pub(crate) fn new(with_sha512: bool) -> Hashes {
        Hashes { sha256: sha2::Sha256::new(), sha512: with_sha512.then(sha2::Sha512::new) }
    }

    pub(crate) fn has_sha512(&self) -> bool {
        self.sha512.is_some()
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        if let Some(sha512) = &mut self.sha512 {
            sha512.update(bytes);
        }
    }

    pub(crate) fn sha256(&self) -> Sha256 {
        Sha256(self.sha256.clone().finalize().into())
    }

    pub(crate) fn sha512(&self) -> Option<Sha512> {
        Some(Sha512(self.sha512.clone()?.finalize().into()))
    }
}
