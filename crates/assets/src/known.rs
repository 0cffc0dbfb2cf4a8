//! What was hashed before: a file with the same length and time of change is not read again.

use crate::{Error, verify};
use firstlight_boot::Content;
use firstlight_model::Sha256;
use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// Files by their path, as they were when they were hashed. The servers go by the same marks: what differs in them is
/// not served ([`Content::File`]).
#[derive(Debug, Default)]
pub struct Known(HashMap<PathBuf, Mark>);

#[derive(Debug)]
struct Mark {
    size: u64,
    modified: SystemTime,
    sha256: Sha256,
}

impl<'a> FromIterator<&'a Content> for Known {
    fn from_iter<I: IntoIterator<Item = &'a Content>>(contents: I) -> Self {
        let mark = |content: &Content| match content {
            Content::File { path, size, sha256, modified } => {
                Some((path.clone(), Mark { size: *size, modified: *modified, sha256: *sha256 }))
            }
            Content::Bytes(_) => None,
        };
        Known(contents.into_iter().filter_map(mark).collect())
    }
}

impl Known {
    /// As [`verify`], without reading a file that is known and unchanged.
    pub(crate) fn verify(&self, path: &Path, pin: Option<Sha256>) -> Result<Content, Error> {
        let known = self.unchanged(path).filter(|content| pin.is_none_or(|pin| hash_of(content) == Some(pin)));
        match known {
            Some(content) => Ok(content),
            None => verify(path, pin),
        }
    }

    fn unchanged(&self, path: &Path) -> Option<Content> {
        let Mark { size, modified, sha256 } = self.0.get(path)?;
        let found = fs::metadata(path).ok()?;
        let same = found.is_file() && found.len() == *size && found.modified().ok()? == *modified;
        same.then(|| Content::File { path: path.to_owned(), size: *size, sha256: *sha256, modified: *modified })
    }
}

fn hash_of(content: &Content) -> Option<Sha256> {
    match content {
        Content::File { sha256, .. } => Some(*sha256),
        Content::Bytes(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs::File, time::Duration};

    fn hash(content: &Content) -> Sha256 {
        hash_of(content).unwrap()
    }

    #[test]
    fn only_what_looks_unchanged_is_taken_unread() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("linux");
        fs::write(&path, "one").unwrap();
        let first = verify(&path, None).unwrap();
        let known: Known = [&first].into_iter().collect();
        let modified = fs::metadata(&path).unwrap().modified().unwrap();

        // Other bytes behind the same marks: that they are not seen shows that nothing was read.
        fs::write(&path, "two").unwrap();
        File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
        assert_eq!(hash(&known.verify(&path, None).unwrap()), hash(&first));

        // A pin that is not the known hash has the file read again.
        let two = hash(&verify(&path, None).unwrap());
        assert_eq!(hash(&known.verify(&path, Some(two)).unwrap()), two);

        let later = modified + Duration::from_secs(1);
        File::options().write(true).open(&path).unwrap().set_modified(later).unwrap();
        assert_eq!(hash(&known.verify(&path, None).unwrap()), two);
    }
}
