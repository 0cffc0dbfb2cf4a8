//! Complaints: what is wrong, where, why, and what to do next.

use crate::{
    Place, Sources,
    source::{At, Lines, Span},
};
use serde::Serialize;
use std::{cell::RefCell, collections::HashSet, fmt, ops::Range};

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The site cannot be used.
    Error,
    /// The site works, but probably not as meant.
    Warning,
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// Where it stands. `None` for the folder itself.
    pub place: Option<Place>,
    /// The bytes of its file that it is about.
    pub span: Option<Range<usize>>,
    /// The cause, in one sentence.
    pub message: String,
    /// What is said right at the place.
    pub label: Option<String>,
    /// The next step.
    pub help: Option<String>,
    /// Other places that play a part.
    pub related: Vec<Related>,
    #[serde(skip)]
    order: (usize, usize),
}

/// Another place that plays a part in a problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Related {
    /// Where.
    pub place: Place,
    /// Its bytes in its file.
    pub span: Range<usize>,
    /// The part it plays.
    pub message: String,
}

impl Problem {
    /// A problem of the folder itself rather than of a line in it.
    pub(crate) fn of_folder(message: String, help: &str) -> Self {
        Problem {
            severity: Severity::Error,
            place: None,
            span: None,
            message,
            label: None,
            help: Some(help.to_owned()),
            related: Vec::new(),
            order: (0, 0),
        }
    }
}

/// All problems of a site at once, in the order of its files, with the files that they point into.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// The problems.
    pub problems: Vec<Problem>,
    /// The files.
    #[serde(skip)]
    pub sources: Sources,
}

impl Report {
    /// How many errors there are among the problems.
    pub fn errors(&self) -> usize {
        self.problems.iter().filter(|p| p.severity == Severity::Error).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::render(self, false))
    }
}

impl std::error::Error for Report {}

/// Where problems are collected while a site is read.
#[derive(Debug)]
pub(crate) struct Collector<'a> {
    pub(crate) lines: Lines<'a>,
    problems: RefCell<Vec<Problem>>,
}

/// A problem being written: add what helps, then it is already collected.
#[derive(Debug)]
pub(crate) struct Note<'a> {
    collector: &'a Collector<'a>,
    problem: Option<Problem>,
}

impl<'a> Collector<'a> {
    pub(crate) fn new(sources: &'a Sources) -> Self {
        Collector { lines: Lines::new(sources), problems: RefCell::default() }
    }

    pub(crate) fn error(&'a self, span: Span, message: impl Into<String>) -> Note<'a> {
        self.note(Severity::Error, span, message.into())
    }

    pub(crate) fn warning(&'a self, span: Span, message: impl Into<String>) -> Note<'a> {
        self.note(Severity::Warning, span, message.into())
    }

    /// An error of the folder itself rather than of a line in it.
    pub(crate) fn of_folder(&self, message: String, help: &str) {
        self.problems.borrow_mut().push(Problem::of_folder(message, help));
    }

    fn note(&'a self, severity: Severity, span: Span, message: String) -> Note<'a> {
        let problem = Problem {
            severity,
            place: Some(self.place(span)),
            span: Some(span.range()),
            message,
            label: None,
            help: None,
            related: Vec::new(),
            order: (span.file, span.start),
        };
        Note { collector: self, problem: Some(problem) }
    }

    pub(crate) fn place(&self, span: Span) -> Place {
        self.lines.place(span)
    }

    /// The report: sorted, and each mistake once, even where a `for_each` makes it many times.
    pub(crate) fn finish(self) -> Report {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|p| p.order);
        let mut seen = HashSet::new();
        problems.retain(|p| seen.insert((p.order, p.span.clone(), p.severity, without_values(&p.message))));
        Report { problems, sources: self.lines.sources.clone() }
    }
}

/// The message with everything between backticks left out: the same cause at the same place is the same mistake.
fn without_values(message: &str) -> String {
    message.split('`').step_by(2).collect()
}

impl Note<'_> {
    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        if let Some(problem) = &mut self.problem {
            problem.label = Some(label.into());
        }
        self
    }

    pub(crate) fn help(mut self, help: impl Into<Option<String>>) -> Self {
        if let Some(problem) = &mut self.problem {
            problem.help = help.into();
        }
        self
    }

    pub(crate) fn next(self, help: &str) -> Self {
        self.help(Some(help.to_owned()))
    }

    pub(crate) fn related(mut self, span: Span, message: impl Into<String>) -> Self {
        if let Some(problem) = &mut self.problem {
            let place = self.collector.place(span);
            problem.related.push(Related { place, span: span.range(), message: message.into() });
        }
        self
    }

    pub(crate) fn first<T>(self, other: &At<T>) -> Self {
        self.related(other.span, "first used here")
    }
}

impl Drop for Note<'_> {
    fn drop(&mut self) {
        self.collector.problems.borrow_mut().extend(self.problem.take());
    }
}
