//! The site's files as text, and the way from a byte offset to a line and a column.

use crate::Place;
use std::{ops::Range, path::PathBuf};

/// One `*.hcl` file, or `firstlight.lock`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// Its name, relative to the site's folder.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// All files of a site, in the order in which they are read and complained about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    /// The site's folder, as it was given.
    pub root: PathBuf,
    /// The folder's own name, which `root` may not end in (`.`): the site's name where none is set.
    pub folder: String,
    /// The files, sorted by name. One that is named `firstlight.lock` is the lock file; all others are the site.
    pub files: Vec<Source>,
}

impl Sources {
    /// A site of one file, as tests and previews have it.
    pub fn single(root: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        let root = root.into();
        let folder = root.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        Sources { root, folder, files: vec![Source { name: "site.hcl".to_owned(), text: text.into() }] }
    }
}

/// The files with the beginnings of their lines, so that a place is found without counting.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    pub(crate) sources: &'a Sources,
    starts: Vec<Vec<usize>>,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(sources: &'a Sources) -> Self {
        let of = |text: &str| [0].into_iter().chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Lines { sources, starts: sources.files.iter().map(|file| of(&file.text)).collect() }
    }

    pub(crate) fn place(&self, span: Span) -> Place {
        let Some((file, starts)) = self.sources.files.get(span.file).zip(self.starts.get(span.file)) else {
            return Place { file: String::new(), line: 1, column: 1 };
        };
        let line = starts.partition_point(|start| *start <= span.start).max(1);
        let before = &file.text[starts[line - 1]..floor(&file.text, span.start)];
        Place { file: file.name.clone(), line, column: before.chars().count() + 1 }
    }
}

/// The nearest start of a character at or before `at`, inside `text`.
pub(crate) fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// A stretch of bytes in one of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Span {
    pub(crate) file: usize,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Span {
    pub(crate) fn new(file: usize, range: Range<usize>) -> Self {
        Span { file, start: range.start, end: range.end }
    }

    pub(crate) fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// A value and where it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) span: Span,
}

impl<T> At<T> {
    pub(crate) fn new(value: T, span: Span) -> Self {
        At { value, span }
    }

    pub(crate) fn with<U>(self, value: U) -> At<U> {
        At { value, span: self.span }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_from_one() {
        let sources = Sources::single("x", "a\né = ö\n");
        let lines = Lines::new(&sources);
        let at = |start| lines.place(Span::new(0, start..start));
        assert_eq!(at(0).to_string(), "site.hcl:1:1");
        assert_eq!(at(2).to_string(), "site.hcl:2:1");
        assert_eq!(at(7).to_string(), "site.hcl:2:5");
        assert_eq!(at(8).to_string(), "site.hcl:2:5", "inside a character counts as its start");
        assert_eq!(at(999).to_string(), "site.hcl:3:1");
    }
}
