//! Marks of secrets: by them it can be told that a secret is another one than before, and nothing else of it. HMAC-SHA256
//! (RFC 2104) with a random key that never leaves the state folder, over the secret and whose it is: neither can marks be
//! looked up in a list of passwords without that key, nor do two of one secret look alike.
//!
//! Whoever has both key and marks can try a weak secret: the key's file is its owner's alone.

use crate::StateError;
use firstlight_model::Sha256;
use hmac::{Hmac, Mac as _};
use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

const FILE: &str = "marks.key";
const KEY: usize = 32;

/// Makes marks.
#[derive(Clone)]
pub struct Marker([u8; KEY]);

impl std::fmt::Debug for Marker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Marker(…)")
    }
}

impl Marker {
    /// With the key of a state folder. Where it has none, or a part of one, there are no marks by it: `fresh`, which is
    /// random, becomes its key.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(state: &Path, fresh: [u8; KEY]) -> Result<Marker, StateError> {
        match Marker::read(state)? {
            Some(marker) => Ok(marker),
            None => {
                let path = state.join(FILE);
                write(&path, &fresh).map_err(StateError::io("write", &path))?;
                Ok(Marker(fresh))
            }
        }
    }

    /// With the key of a state folder; `None` where it has none.
    ///
    /// # Errors
    /// What the system says.
    pub fn read(state: &Path) -> Result<Option<Marker>, StateError> {
        let path = state.join(FILE);
        match fs::read(&path) {
            Ok(key) => Ok(key.try_into().ok().map(Marker)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StateError::io("read", &path)(error)),
        }
    }

    /// The mark of a secret of a machine in one of its configs.
    pub fn mark(&self, machine: &str, config: &str, name: &str, secret: &str) -> Sha256 {
        // A key of any length is taken.
        let Ok(mut hmac) = Hmac::<sha2::Sha256>::new_from_slice(&self.0) else { return Sha256([0; 32]) };
        for part in [machine, config, name, secret] {
            hmac.update(&(part.len() as u64).to_be_bytes());
            hmac.update(part.as_bytes());
        }
        Sha256(hmac.finalize().into_bytes().into())
    }
}

fn write(path: &Path, key: &[u8]) -> io::Result<()> {
    let _ = fs::remove_file(path);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(key)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_mark_tells_that_a_secret_is_another_one() {
        let state = tempfile::tempdir().unwrap();
        assert!(Marker::read(state.path()).unwrap().is_none());
        let marker = Marker::open(state.path(), [7; 32]).unwrap();
        let mark = marker.mark("kitt", "a.ign", "join", "one");
        let again = Marker::open(state.path(), [8; 32]).unwrap();
        assert_eq!(again.mark("kitt", "a.ign", "join", "one"), mark, "the key stays");
        let others =
            [("hal", "a.ign", "join", "one"), ("kitt", "a.ig", "njoin", "one"), ("kitt", "a.ign", "join", "two")];
        for (machine, config, name, secret) in others {
            assert_ne!(again.mark(machine, config, name, secret), mark);
        }
        let mode = fs::metadata(state.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_key_that_was_cut_off_is_made_anew() {
        let state = tempfile::tempdir().unwrap();
        fs::write(state.path().join(FILE), "short").unwrap();
        assert!(Marker::read(state.path()).unwrap().is_none());
        let mark = Marker::open(state.path(), [9; 32]).unwrap().mark("kitt", "a", "b", "c");
        assert_eq!(Marker::read(state.path()).unwrap().unwrap().mark("kitt", "a", "b", "c"), mark);
    }

    #[test]
    fn it_is_the_hmac_of_rfc_2104() {
        // By Python's own: the four parts, each behind its length in eight bytes.
        let mark = Marker([0x0b; 32]).mark("", "", "", "Hi There").to_string();
        assert_eq!(mark, "0ff2c8a9b35cea23c3e098cc37f49c91bed49b2d3f46977b13f648e7500a9056");
    }
}
