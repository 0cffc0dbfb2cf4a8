//! What the stages have to say about a user's configuration: everything at once, each with its place.

use crate::tree::{Origin, Path, Position};
use std::fmt;

/// How much an entry weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// There is no output.
    Error,
    /// It is probably not what was meant.
    Warning,
    /// It is worth knowing.
    Info,
}

/// One thing to say. Its `Display` is the reference's: `error at $.a.b, line 1 col 2: message`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// How much it weighs.
    pub severity: Severity,
    /// What it is about; none for the text as a whole, such as a mistake of syntax.
    pub path: Option<Path>,
    /// Where that stands.
    pub at: Option<Position>,
    /// One sentence, without a full stop.
    pub message: String,
}

/// Everything that is to be said, in the order in which it was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The entries.
    pub entries: Vec<Entry>,
}

impl Entry {
    /// An entry about a node.
    pub fn at(severity: Severity, origin: &Origin, message: impl Into<String>) -> Self {
        Self { severity, path: Some(origin.path.clone()), at: origin.at, message: message.into() }
    }
}

impl Report {
    /// A report of one error about a node.
    pub fn of_error(origin: &Origin, message: impl Into<String>) -> Self {
        Self { entries: vec![Entry::at(Severity::Error, origin, message)] }
    }

    /// Adds an error about a node.
    pub fn error(&mut self, origin: &Origin, message: impl Into<String>) {
        self.entries.push(Entry::at(Severity::Error, origin, message));
    }

    /// Adds a warning about a node.
    pub fn warn(&mut self, origin: &Origin, message: impl Into<String>) {
        self.entries.push(Entry::at(Severity::Warning, origin, message));
    }

    /// Adds information about a node.
    pub fn info(&mut self, origin: &Origin, message: impl Into<String>) {
        self.entries.push(Entry::at(Severity::Info, origin, message));
    }

    /// Adds all that another report says.
    pub fn merge(&mut self, other: Report) {
        self.entries.extend(other.entries);
    }

    /// Whether there is an error, so that there can be no output.
    pub fn is_fatal(&self) -> bool {
        self.entries.iter().any(|entry| entry.severity == Severity::Error)
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        })
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.severity)?;
        match (self.path.as_ref().filter(|path| !path.is_root()), self.at) {
            (Some(path), Some(at)) => write!(f, " at {path}, {at}")?,
            (Some(path), None) => write!(f, " at {path}")?,
            (None, Some(at)) => write!(f, " at {at}")?,
            (None, None) => {}
        }
        write!(f, ": {}", self.message)
    }
}

/// One line for each entry.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entries.iter().try_for_each(|entry| writeln!(f, "{entry}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_written_as_the_reference_writes_it() {
        let at = Some(Position { line: 3, column: 9 });
        let path = Path::ROOT.key("a").key("b");
        let mut report = Report::default();
        report.error(&Origin { path: path.clone(), at }, "no");
        report.warn(&Origin { path, at: None }, "perhaps");
        report.info(&Origin { path: Path::ROOT, at }, "so");
        report.info(&Origin::default(), "well");
        assert_eq!(
            report.to_string(),
            "error at $.a.b, line 3 col 9: no\nwarning at $.a.b: perhaps\ninfo at line 3 col 9: so\ninfo: well\n"
        );
        assert!(report.is_fatal());
    }

    #[test]
    fn a_report_may_travel_to_another_thread() {
        fn send<T: Send + Sync>() {}
        send::<Report>();
    }
}
