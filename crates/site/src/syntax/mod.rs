//! Text → HCL syntax tree, going on after a mistake: a top-level block that does not parse is complained about,
//! blanked out and counted as declared, and the rest of its file is still checked. The parser (hcl-edit) bounds how
//! deep its input nests.

mod cause;

use crate::report::Collector;
use hcl_edit::{parser::parse_body, structure::Body};

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
                cause::explain(problems, file, chunk.start, part, &error);
                broken.extend(header(part));
                rest.push_str(&blank(part));
            }
        }
    }
    let body = parse_body(&rest).unwrap_or_else(|_| {
        if broken.is_empty() {
            cause::explain(problems, file, 0, text, &whole);
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
