//! Opening what was verified: a file that has changed since is not served.

use firstlight_boot::Content;
use std::{
    fs::File,
    io::{self, Cursor},
    sync::Arc,
};

/// Content that is ready to be read.
pub enum Opened {
    /// A file, at its beginning.
    File(File),
    /// Bytes in memory.
    Bytes(Cursor<Arc<[u8]>>),
}

/// Opens content. Fails where the file is gone, or has another length or time of change than when it was verified.
pub fn open(content: &Content) -> io::Result<Opened> {
    match content {
        Content::Bytes(bytes) => Ok(Opened::Bytes(Cursor::new(bytes.clone()))),
        Content::File { .. } => open_file(content).map(Opened::File),
    }
}

/// Opens content that is a file, under the same condition.
pub(crate) fn open_file(content: &Content) -> io::Result<File> {
    let Content::File { path, size, modified, .. } = content else { return Err(io::ErrorKind::InvalidInput.into()) };
    let file = File::open(path)?;
    let found = file.metadata()?;
    if found.len() != *size || found.modified()? != *modified {
        return Err(io::Error::other(format!(
            "{} has changed since it was verified: run `firstlight reload`",
            path.display()
        )));
    }
    Ok(file)
}
