//! What is known once a signature was found good.

use firstlight_model::Timestamp;
use std::fmt;

/// A good signature. `Display` is a sentence for people, [`Verdict::trust`] the line for a lock file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The key that is trusted: the fingerprint of an OpenPGP primary key in capital hex digits, or `minisign` and the
    /// identifier of a key of that kind.
    pub key: String,
    /// The subkey that made the signature, where it was not the primary key itself.
    pub subkey: Option<String>,
    /// Whose key that says it is (the user ID), or what a minisign signature says of itself (its trusted comment).
    /// Printable, and not longer than 200 characters.
    pub says: String,
    /// When it was signed, by the signer's own clock.
    pub made: Option<Timestamp>,
    /// When the key expired, if it has since then.
    pub expired: Option<Timestamp>,
}

impl Verdict {
    /// How the lock file says why content is trusted.
    pub fn trust(&self) -> String {
        format!("signed by {}", self.key)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "signed by {}", self.key)?;
        if !self.says.is_empty() {
            write!(f, " ({})", self.says)?;
        }
        if let Some(made) = self.made {
            write!(f, " on {}", day(made))?;
        }
        match self.expired {
            Some(expired) => write!(f, "; its key has expired since, on {}", day(expired)),
            None => Ok(()),
        }
    }
}

/// The day of a point in time, as `2026-11-20`.
pub(crate) fn day(at: Timestamp) -> String {
    at.to_string().chars().take_while(|c| *c != 'T').collect()
}

/// What others wrote, in a form that is safe to print: control characters become spaces, and it ends after 200.
pub(crate) fn printable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect::<String>().trim().to_owned()
}
