//! The content-addressed store: a folder of files named by their SHA-256.
//!
//! ```text
//! DIR/sha256/ab/abcdef…      verified content
//! DIR/bad/abcdef…            what came instead of something else, kept for a look
//! DIR/incoming/…             being written; swept at the next start
//! ```
//!
//! Content is written aside, hashed as it arrives, made durable (fsync), renamed into place and the folder made
//! durable too: after a crash an object is there whole or not at all.

use crate::{Error, Known, fetch, verify};
use firstlight_boot::Content;
use firstlight_model::Sha256;
use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

/// A content-addressed store in a folder.
#[derive(Debug, Clone)]
pub struct Store {
    dir: PathBuf,
}

impl Store {
    /// Opens the store, making its folders. Leftovers of writes that were cut off are removed.
    pub fn open(dir: &Path) -> Result<Store, Error> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| Error::File { path, source }
        };
        let incoming = dir.join("incoming");
        if incoming.exists() {
            fs::remove_dir_all(&incoming).map_err(failed(&incoming))?;
        }
        for folder in [&incoming, &dir.join("sha256"), &dir.join("bad")] {
            fs::create_dir_all(folder).map_err(failed(folder))?;
        }
        Ok(Store { dir: dir.to_owned() })
    }

    fn path_of(&self, hash: Sha256) -> PathBuf {
        let name = hash.to_string();
        self.dir.join("sha256").join(&name[..2]).join(name)
    }

    /// The object with this hash, when it is here and still has it. One that has gone bad on disk is moved aside.
    pub fn find(&self, hash: Sha256, known: &Known) -> Option<Content> {
        let path = self.path_of(hash);
        match known.verify(&path, Some(hash)) {
            Ok(content) => Some(content),
            Err(Error::Mismatch { got, .. }) => {
                let _ = fs::rename(&path, self.bad(got));
                None
            }
            Err(_) => None,
        }
    }

    /// Fetches a URL into the store. It is there only when its hash is the expected one.
    pub fn fetch(&self, url: &str, expected: Sha256, mut told: impl FnMut(u64, Option<u64>)) -> Result<Content, Error> {
        let incoming = self.dir.join("incoming");
        let failed = |source| Error::File { path: incoming.clone(), source };
        let mut file = tempfile::NamedTempFile::new_in(&incoming).map_err(failed)?;
        let got = fetch::to_file(url, file.as_file_mut(), &mut told)?;
        if got != expected {
            let kept = self.bad(got);
            file.persist(&kept).map_err(|error| failed(error.error))?;
            return Err(Error::Mismatch { what: url.to_owned(), expected, got, kept: Some(kept) });
        }
        let path = self.path_of(expected);
        self.keep(file, &path).map_err(|source| Error::File { path: path.clone(), source })?;
        verify(&path, Some(expected))
    }

    fn keep(&self, file: tempfile::NamedTempFile, path: &Path) -> io::Result<()> {
        file.as_file().sync_all()?;
        let folder = path.parent().unwrap_or(&self.dir);
        fs::create_dir_all(folder)?;
        file.persist(path).map_err(|error| error.error)?;
        File::open(folder)?.sync_all()
    }

    fn bad(&self, got: Sha256) -> PathBuf {
        self.dir.join("bad").join(got.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{io::BufRead, net::TcpListener};

    /// A server for one request, which answers with these bytes and says that they are `length` long.
    fn serve_once(body: &'static [u8], length: usize) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/x", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut lines = io::BufReader::new(stream.try_clone().unwrap()).lines();
            while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
            io::Write::write_all(&mut &stream, &[head.as_bytes(), body].concat()).unwrap();
        });
        url
    }

    /// SHA-256 of `hello`, as sha256sum prints it.
    fn hello() -> Sha256 {
        "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824".parse().unwrap()
    }

    #[test]
    fn what_was_fetched_is_found_again() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        assert!(store.find(hello(), &Known::default()).is_none());
        assert_eq!(store.fetch(&serve_once(b"hello", 5), hello(), |_, _| ()).unwrap().size(), 5);
        assert!(Store::open(dir.path()).unwrap().find(hello(), &Known::default()).is_some());
    }

    #[test]
    fn other_bytes_are_refused_and_kept_aside() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let Err(Error::Mismatch { kept: Some(kept), .. }) = store.fetch(&serve_once(b"hullo", 5), hello(), |_, _| ())
        else {
            panic!("wrong bytes were taken");
        };
        assert_eq!(fs::read(kept).unwrap(), b"hullo");
        assert!(store.find(hello(), &Known::default()).is_none());
    }

    #[test]
    fn a_transfer_that_is_cut_off_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        assert!(matches!(store.fetch(&serve_once(b"hel", 5), hello(), |_, _| ()), Err(Error::Fetch { .. })));
        assert_eq!(fs::read_dir(dir.path().join("incoming")).unwrap().count(), 0);
        assert!(store.find(hello(), &Known::default()).is_none());
    }

    #[test]
    fn an_object_that_went_bad_on_disk_is_not_served() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        store.fetch(&serve_once(b"hello", 5), hello(), |_, _| ()).unwrap();
        fs::write(store.path_of(hello()), b"hellO").unwrap();
        assert!(store.find(hello(), &Known::default()).is_none());
        assert_eq!(fs::read_dir(dir.path().join("bad")).unwrap().count(), 1);
    }
}
