//! Asking a running server.

use super::{Answer, CONTROL, LONGEST, Request, short};
use std::{
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
};

/// Why a running server could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// There is no server.
    #[error(
        "nobody serves with the state folder {}: start `firstlight serve`, or name its folder with --state",
        folder.display()
    )]
    NobodyServes {
        /// The state folder.
        folder: PathBuf,
    },
    /// The socket is another user's.
    #[error("{}/{CONTROL} is its server's alone: run this as root, or as the user that serves", folder.display())]
    NotAllowed {
        /// The state folder.
        folder: PathBuf,
    },
    /// The server ended, or is another program.
    #[error("the server did not answer: {0}; its log says more")]
    NoAnswer(io::Error),
    /// The server is of another version.
    #[error("the server's answer cannot be read: {0}; is it of another version? Start it again")]
    Unreadable(serde_json::Error),
}

/// Asks the server that has this state folder, and waits for its answer for as long as it takes.
///
/// # Errors
/// Nobody serves, or no answer came.
pub fn ask(folder: &Path, request: &Request) -> Result<Answer, ControlError> {
    let folder_of = || folder.to_owned();
    let mut stream = match short(folder, |path| UnixStream::connect(path)) {
        Ok(stream) => stream,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            return Err(ControlError::NotAllowed { folder: folder_of() });
        }
        Err(_) => return Err(ControlError::NobodyServes { folder: folder_of() }),
    };
    let mut line = serde_json::to_string(request).map_err(ControlError::Unreadable)?;
    line.push('\n');
    stream.write_all(line.as_bytes()).map_err(ControlError::NoAnswer)?;
    let mut answer = String::new();
    let read = BufReader::new(stream.take(LONGEST)).read_line(&mut answer).map_err(ControlError::NoAnswer)?;
    if read == 0 {
        return Err(ControlError::NoAnswer(io::ErrorKind::UnexpectedEof.into()));
    }
    serde_json::from_str(&answer).map_err(ControlError::Unreadable)
}
