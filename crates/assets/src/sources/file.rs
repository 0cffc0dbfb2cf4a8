//! `file:` URLs (RFC 8089): a file of this computer, such as one on a share that is mounted. What lies in the site is
//! better named with `path`: that is not copied.

use super::{Ask, SourceError, Stream, url::decoded};
use std::{
    fs::File,
    io::{Seek, SeekFrom},
    time::UNIX_EPOCH,
};

pub(super) fn open(ask: &Ask<'_>) -> Result<Stream, SourceError> {
    let path = path(ask.url).ok_or_else(|| SourceError::Final("a file's URL is like file:///srv/boot/x".to_owned()))?;
    let failed = |error: std::io::Error| SourceError::Final(format!("it cannot be read: {error}"));
    let mut file = File::open(&path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(SourceError::Final("it is not a file".to_owned()));
    }
    let changed = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let validator = changed.map(|time| format!("{}-{}", time.as_nanos(), metadata.len()));
    let unchanged = ask.validator.is_none() || ask.validator == validator.as_deref();
    let starts_at = if unchanged && ask.from <= metadata.len() { ask.from } else { 0 };
    file.seek(SeekFrom::Start(starts_at)).map_err(failed)?;
    let total = Some(metadata.len());
    Ok(Stream { body: Box::new(file), total, starts_at, validator, ..Stream::default() })
}

/// An absolute path, on this computer.
fn path(url: &str) -> Option<String> {
    let rest = url.split_once(':')?.1;
    let path = match rest.strip_prefix("//") {
        Some(with_host) => with_host.strip_prefix("localhost").unwrap_or(with_host),
        None => rest,
    };
    decoded(path).filter(|path| path.starts_with('/') && !path.contains('\0'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn only_paths_of_this_computer_are_opened() {
        assert_eq!(path("file:///srv/a%20b").as_deref(), Some("/srv/a b"));
        assert_eq!(path("file://localhost/srv").as_deref(), Some("/srv"));
        assert_eq!(path("file:/srv").as_deref(), Some("/srv"));
        assert_eq!((path("file://nas/srv"), path("file:srv")), (None, None));
    }

    #[test]
    fn a_file_that_has_changed_is_begun_anew() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        std::fs::write(&path, "hello").unwrap();
        let url = format!("file://{}", path.display());
        let read = |from, validator| {
            let mut stream = open(&Ask { url: &url, from, validator, have: None }).unwrap();
            let mut text = String::new();
            stream.body.read_to_string(&mut text).unwrap();
            (text, stream.starts_at, stream.validator.unwrap())
        };
        let (text, _, validator) = read(0, None);
        assert_eq!(text, "hello");
        assert_eq!(read(3, Some(&validator)).0, "lo");
        assert_eq!(read(3, Some("other")).0, "hello");
        assert_eq!(read(9, None).1, 0);
    }
}
