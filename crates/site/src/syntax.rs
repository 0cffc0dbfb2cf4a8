//! Text → HCL syntax tree, going on after a mistake: a top-level block that does not parse is complained about,
//! blanked out and counted as declared, and the rest of its file is still checked. The parser (hcl-edit) bounds how
//! deep its input nests.

use crate::{
    report::Collector,
    source::{Span, floor},
};
use hcl_edit::{
    parser::{Error, parse_body},
    structure::Body,
};

/// A file as far as it could be read.
pub(crate) struct Parsed {
    /// What parsed; empty when nothing did.
    pub(crate) body: Body,
    /// The blocks that did not: their kind, and their label if they have one.
    pub(crate) broken: Vec<(String, Option<String>)>,
}

/// Parses one file. Every top-level block with a syntax error is one problem.
pub(crate) fn parse(problems: &Collector<'_>, file: usize, text: &str) -> Parsed {
    let whole = match parse_body(text) {
        Ok(body) => return Parsed { body, broken: Vec::new() },
        Err(error) => error,
    };
    let mut rest = String::with_capacity(text.len());
    let mut broken = Vec::new();
    for chunk in chunks(text) {
        let part = &text[chunk.clone()];
        match parse_body(part) {
            Ok(_) => rest.push_str(part),
            Err(error) => {
                explain(problems, file, chunk.start, part, &error);
                broken.extend(header(part));
                rest.push_str(&blank(part));
            }
        }
    }
    let body = parse_body(&rest).unwrap_or_else(|_| {
        if broken.is_empty() {
            explain(problems, file, 0, text, &whole);
        }
        Body::new()
    });
    Parsed { body, broken }
}

/// The text cut before every line that starts, at its first column, like a block's header.
fn chunks(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut starts = vec![0];
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if at > 0 && header(line).is_some() {
            starts.push(at);
        }
        at += line.len();
    }
    starts.push(text.len());
    starts.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

/// Kind and label of a block whose header is the text's first line.
fn header(text: &str) -> Option<(String, Option<String>)> {
    let line = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with(['#', '/']))?;
    let end = line.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '-')?;
    let (kind, rest) = line.split_at(end);
    if !kind.starts_with(|c: char| c.is_alphabetic()) {
        return None;
    }
    let rest = rest.trim_start();
    match rest.strip_prefix('"') {
        Some(rest) => Some((kind.to_owned(), Some(rest.split('"').next().unwrap_or_default().to_owned()))),
        None => rest.starts_with('{').then(|| (kind.to_owned(), None)),
    }
}

fn blank(text: &str) -> String {
    text.bytes().map(|b| if b == b'\n' { '\n' } else { ' ' }).collect()
}

/// Says what is wrong in the words of someone who writes a site rather than a parser.
fn explain(problems: &Collector<'_>, file: usize, base: usize, text: &str, error: &Error) {
    let at = floor(text, error.location().offset());
    let here = |at: usize, len: usize| Span::new(file, base + at..base + floor(text, at + len));
    let rest = &text[at..];
    let line = text[..at].rsplit('\n').next().unwrap_or_default();
    let message = error.message();
    let at_end = text[at..].trim().is_empty() && at + 1 >= text.trim_end().len();
    let first = text.len() - text.trim_start().len();

    if let Some((at, len)) = open_string(text, at) {
        problems.error(here(at, len), "this string is not closed").next("end it with `\"` on the same line");
    } else if message.contains("redefined attribute") {
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        problems.error(here(at, name.len()), format!("`{name}` is set twice in this block")).next("keep one of them");
    } else if message.contains("redefined object key") {
        problems.error(here(at, 1), "this key is set twice in the same map").next("keep one of them");
    } else if message.contains("nested levels") || message.contains("chained binary operators") {
        problems
            .error(here(at, 1), format!("this is nested too deeply ({message})"))
            .next("use `locals` for its parts");
    } else if at_end && message.contains("block body") {
        let len = text[first..].lines().next().map_or(0, str::len);
        problems
            .error(here(first, len), "this block is never closed")
            .label("opened here")
            .next("add a `}` after its last line");
    } else if message.contains("block body") && line.contains('{') && !rest.starts_with(['\n', '\r', '#', '/']) {
        problems
            .error(here(at, word(rest)), "HCL allows one attribute in a one-line block")
            .label("a second one starts here")
            .next("write each attribute on its own line, between `{` and `}` on lines of their own");
    } else if rest.starts_with('\'') {
        problems.error(here(at, 1), "a string starts with a double quote").next("write \"…\" instead of '…'");
    } else if message.contains("structure") && rest.starts_with(':') {
        problems.error(here(at, 1), "an attribute is set with `=`").next("write `=` instead of `:`");
    } else if message.contains("object item") {
        problems
            .error(
                here(at, word(rest)),
                "the entries of a map stand on lines of their own, or have a comma between them",
            )
            .label("a comma is missing before this");
    } else {
        let at_line_end = rest.is_empty() || rest.starts_with(['\n', '\r']);
        let found = if at_line_end {
            "the line ends".to_owned()
        } else {
            format!("found `{}`", &rest[..floor(rest, word(rest))])
        };
        problems.error(here(at, word(rest)), format!("this is not HCL: {message}")).label(format!("{found} here"));
    }
}

/// The length of the word that `text` starts with; at least one character.
fn word(text: &str) -> usize {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    end.max(text.chars().next().map_or(0, char::len_utf8))
}

/// A string that its line leaves open: where it starts and how long it is. The parser gives up at the beginning of
/// the line or of the block then, so its own position does not tell.
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
