//! The parser's complaints in the words of someone who writes a site rather than a parser.

use crate::{
    report::Collector,
    source::{Span, floor},
};
use hcl_edit::parser::Error;

/// What is wrong, and at which bytes of the text.
struct Cause {
    at: usize,
    length: usize,
    message: String,
    label: &'static str,
    help: &'static str,
}

/// Where the parser stopped.
struct Stop<'t> {
    text: &'t str,
    at: usize,
    message: &'t str,
}

/// Reports why `text`, which begins at byte `base` of its file, does not parse.
pub(super) fn explain(problems: &Collector<'_>, file: usize, base: usize, text: &str, error: &Error) {
    let stop = Stop { text, at: floor(text, error.location().offset()), message: error.message() };
    let cause = stop
        .open_string()
        .or_else(|| stop.repeated())
        .or_else(|| stop.too_deep())
        .or_else(|| stop.unclosed_block())
        .or_else(|| stop.one_line_block())
        .or_else(|| stop.other_notation())
        .unwrap_or_else(|| stop.anything_else());
    let end = floor(text, cause.at + cause.length);
    let mut note = problems.error(Span::new(file, base + cause.at..base + end), cause.message);
    if !cause.label.is_empty() {
        note = note.label(cause.label);
    }
    if !cause.help.is_empty() {
        drop(note.next(cause.help));
    }
}

impl<'t> Stop<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn cause(&self, message: &str, label: &'static str, help: &'static str) -> Option<Cause> {
        Some(Cause { at: self.at, length: word(self.rest()), message: message.to_owned(), label, help })
    }

    /// The parser gives up at the beginning of the line or of the block then, so its own position does not tell.
    fn open_string(&self) -> Option<Cause> {
        let (at, length) = open_string(self.text, self.at)?;
        let (message, help) = ("this string is not closed".to_owned(), "end it with `\"` on the same line");
        Some(Cause { at, length, message, label: "", help })
    }

    fn repeated(&self) -> Option<Cause> {
        let name = &self.rest()[..floor(self.rest(), word(self.rest()))];
        match self.message {
            message if message.contains("redefined attribute") => {
                self.cause(&format!("`{name}` is set twice in this block"), "", "keep one of them")
            }
            message if message.contains("redefined object key") => {
                self.cause("this key is set twice in the same map", "", "keep one of them")
            }
            _ => None,
        }
    }

    fn too_deep(&self) -> Option<Cause> {
        let deep = self.message.contains("nested levels") || self.message.contains("chained binary operators");
        let message = format!("this is nested too deeply ({})", self.message);
        deep.then(|| self.cause(&message, "", "use `locals` for its parts")).flatten()
    }

    fn unclosed_block(&self) -> Option<Cause> {
        let at_end = self.rest().trim().is_empty() && self.at + 1 >= self.text.trim_end().len();
        if !at_end || !self.message.contains("block body") {
            return None;
        }
        let mut at = 0;
        let header = self.text.split_inclusive('\n').find(|line| {
            let skipped = line.trim().is_empty() || line.starts_with(['#', '/']);
            at += if skipped { line.len() } else { 0 };
            !skipped
        })?;
        let message = "this block is never closed".to_owned();
        let (label, help) = ("opened here", "add a `}` after its last line");
        Some(Cause { at, length: header.trim_end().len(), message, label, help })
    }

    fn one_line_block(&self) -> Option<Cause> {
        let line = self.text[..self.at].rsplit('\n').next().unwrap_or_default();
        let ends = self.rest().starts_with(['\n', '\r', '#', '/']);
        if ends || !line.contains('{') || !self.message.contains("block body") {
            return None;
        }
        self.cause(
            "HCL allows one attribute in a one-line block",
            "a second one starts here",
            "write each attribute on its own line, between `{` and `}` on lines of their own",
        )
    }

    /// Other languages' ways to write it.
    fn other_notation(&self) -> Option<Cause> {
        let at_line_end = self.rest().is_empty() || self.rest().starts_with(['\n', '\r']);
        match self.rest().chars().next() {
            Some('\'') => self.cause("a string starts with a double quote", "", "write \"…\" instead of '…'"),
            Some(':') if self.message.contains("structure") => {
                self.cause("an attribute is set with `=`", "", "write `=` instead of `:`")
            }
            _ if self.message.contains("object item") => self.cause(
                "the entries of a map stand on lines of their own, or have a comma between them",
                "a comma is missing before this",
                "",
            ),
            _ if at_line_end && self.message == "expected `{`" => {
                self.cause("a block's `{` stands on the line of its name", "", "move the `{` up to this line")
            }
            _ if self.message.contains("invalid expression") => self.cause(
                "a value is missing here",
                "",
                "a value is a number, a \"text\", true, false, null, a [list], a {map}, a reference or a call",
            ),
            _ => None,
        }
    }

    fn anything_else(&self) -> Cause {
        let message = format!("this is not HCL: {}", self.message);
        Cause { at: self.at, length: word(self.rest()), message, label: "", help: "" }
    }
}

/// The length of the word that `text` starts with; at least one character.
fn word(text: &str) -> usize {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    end.max(text.chars().next().map_or(0, char::len_utf8))
}

/// A string that its line leaves open: where it starts and how long it is.
fn open_string(text: &str, from: usize) -> Option<(usize, usize)> {
    let start = text[..from].rfind('\n').map_or(0, |at| at + 1);
    let mut at = start;
    let mut heredoc: Option<&str> = None;
    for line in text[start..].split_inclusive('\n') {
        match heredoc {
            Some(end) if line.trim() == end => heredoc = None,
            Some(_) => {}
            None => {
                if let Some(open) = open_quote(line) {
                    return Some((at + open, line.trim_end().len().saturating_sub(open)));
                }
                heredoc = line.split_once("<<").map(|(_, name)| name.trim_start_matches('-').trim());
            }
        }
        at += line.len();
    }
    None
}

/// The quote that a line opens and does not close; nested `"${f("x")}"` counts as closed.
fn open_quote(line: &str) -> Option<usize> {
    let mut open = None;
    let mut bytes = line.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match (byte, open) {
            (b'\\', Some(_)) => drop(bytes.next()),
            (b'"', None) => open = Some(at),
            (b'"', Some(_)) => open = None,
            (b'#', None) => return None,
            (b'/', None) if line[at..].starts_with("//") || line[at..].starts_with("/*") => return None,
            _ => {}
        }
    }
    open
}
