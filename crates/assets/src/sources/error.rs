//! What goes wrong with a source, each in words of its own.

use std::{io, time::Duration};

/// Why a source did not give an asset's bytes.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The server cannot be reached, or not be trusted as itself.
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    /// The server says that it is not who it should be, or speaks no TLS that we do.
    #[error("no trusted connection: {0}")]
    Tls(String),
    /// An HTTP status that is none of success.
    #[error("it answers {code}{phrase}", code = .0, phrase = phrase(*.0))]
    Status(u16),
    /// Nothing came for so long.
    #[error("it sent nothing for {} seconds", .0.as_secs_f32())]
    Stalled(Duration),
    /// It ended early.
    #[error("cut off after {done}{} bytes", total.map(|total| format!(" of {total}")).unwrap_or_default())]
    Cut {
        /// How much had come.
        done: u64,
        /// How much there is, where it was said.
        total: Option<u64>,
    },
    /// More came than there should be.
    #[error("it sends more than the {0} bytes that there are")]
    TooLong(u64),
    /// It says that there is another number of bytes than is known.
    #[error("it has {says} bytes, where {expected} are known")]
    WrongLength {
        /// What it says.
        says: u64,
        /// What is known.
        expected: u64,
    },
    /// A part was asked for and another one came.
    #[error("asked for the bytes from {asked} on, it answers with {got}")]
    WrongRange {
        /// The first byte that was asked for.
        asked: u64,
        /// What its `Content-Range` says.
        got: String,
    },
    /// The bytes are compressed on their way, which nobody asked for.
    #[error("it sends the file {0}-encoded, though it was asked for it as it is")]
    Encoded(String),
    /// A page came in place of a file: a portal, a login, an error that says 200.
    #[error("it sends a web page (text/html) instead of the file")]
    Page,
    /// Redirected without end.
    #[error("it redirects without end: more than {0} times")]
    Redirects(u32),
    /// The bytes are not the right ones.
    #[error("its bytes have the {kind} {got}, not {expected}{}", kept.as_ref().map(|path| format!("; they are kept in {}", path.display())).unwrap_or_default())]
    Mismatch {
        /// `sha256` or `sha512`.
        kind: &'static str,
        /// What they should have been.
        expected: String,
        /// What they were.
        got: String,
        /// Where they are kept for a look.
        kept: Option<std::path::PathBuf>,
    },
    /// The bytes are not those that were signed.
    #[error("its signature: {why}{}", kept.as_ref().map(|path| format!("; the bytes are kept in {}", path.display())).unwrap_or_default())]
    Unsigned {
        /// Why it does not hold.
        why: String,
        /// Where they are kept for a look.
        kept: Option<std::path::PathBuf>,
    },
    /// Nothing here fetches such a URL.
    #[error("`{0}:` cannot be fetched yet")]
    Unsupported(String),
    /// It cannot be had, and asking again does not help.
    #[error("{0}")]
    Final(String),
    /// Anything else; it may go better the next time.
    #[error("{0}")]
    Other(String),
}

impl SourceError {
    /// True where asking the same source again is no use.
    pub fn is_final(&self) -> bool {
        match self {
            // Later, too many, too early: RFC 9110 section 15.5.9, RFC 6585 section 4, RFC 8470.
            SourceError::Status(code) => !matches!(code, 408 | 425 | 429 | 500..=599),
            SourceError::Unreachable(_)
            | SourceError::Stalled(_)
            | SourceError::Cut { .. }
            | SourceError::WrongRange { .. }
            | SourceError::Other(_) => false,
            _ => true,
        }
    }

    /// What a failed read of a stream means, after `done` of `total` bytes.
    pub(crate) fn of_read(error: io::Error, done: u64, total: Option<u64>) -> SourceError {
        match error.downcast::<SourceError>() {
            Ok(known) => known,
            Err(error) => match error.kind() {
                io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => SourceError::Cut { done, total },
                _ => SourceError::Other(format!("after {done} bytes: {error}")),
            },
        }
    }
}

/// What a status means to people (RFC 9110 section 15), for those that are met.
fn phrase(status: u16) -> &'static str {
    match status {
        401 => " Unauthorized",
        403 => " Forbidden",
        404 => " Not Found",
        410 => " Gone",
        416 => " Range Not Satisfiable",
        429 => " Too Many Requests",
        500 => " Internal Server Error",
        502 => " Bad Gateway",
        503 => " Service Unavailable",
        504 => " Gateway Timeout",
        _ => "",
    }
}
