//! A report as people read it: the cause, file, line and column, the line itself. As the reference writes one, a report
//! is its own `Display`.

use crate::{
    report::{Entry, Report, Severity},
    tree::Position,
};
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use std::{fmt::Write, ops::Range};

/// Longer lines are not shown. Configs that machines wrote have all in one.
const LONGEST_LINE: usize = 4096;

/// The text that a report is about.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Its name, as the user gave it.
    pub name: &'a str,
    /// All of it.
    pub text: &'a str,
    /// What a column of a position is.
    pub columns: Columns,
}

/// What a column of a position is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Columns {
    /// As in YAML.
    Characters,
    /// As in JSON.
    Bytes,
}

/// Writes `report` for a terminal, with colours or without, `help` below each error that has no path (so that it is
/// about the text as a whole), and a count of the errors and warnings at its end. Nothing for an empty report.
pub fn render(report: &Report, source: Source<'_>, help: Option<&str>, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let lines: Vec<&str> = source.text.split('\n').collect();
    let mut text = String::new();
    for entry in &report.entries {
        let label = entry.path.as_ref().filter(|path| !path.is_root()).map(ToString::to_string);
        let help = help.filter(|_| label.is_none() && entry.severity == Severity::Error);
        text.push_str(&renderer.render(&[group(entry, label.as_deref(), help, source, &lines)]));
        text.push_str("\n\n");
    }
    if !report.is_empty() {
        let _ = writeln!(text, "{}", count(report));
    }
    text
}

fn group<'a>(
    entry: &'a Entry,
    label: Option<&'a str>,
    help: Option<&'a str>,
    source: Source<'a>,
    lines: &[&'a str],
) -> Group<'a> {
    let level = match entry.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let group = Group::with_title(level.primary_title(&*entry.message));
    let number = entry.at.map_or(0, |at| at.line as usize);
    let group = match (entry.at, lines.get(number.wrapping_sub(1))) {
        (Some(at), Some(line)) if line.len() <= LONGEST_LINE => {
            let line = line.trim_end_matches('\r');
            let annotation = AnnotationKind::Primary.span(word(line, at, source.columns)).label(label);
            group.element(Snippet::source(line).line_start(number).path(source.name).annotation(annotation))
        }
        (Some(at), _) => group.element(Origin::path(source.name).line(number).char_column(at.column as usize)),
        (None, _) => group.element(Origin::path(source.name)),
    };
    match help {
        Some(help) => group.element(Level::HELP.message(help)),
        None => group,
    }
}

/// The bytes of the word that begins at this column.
fn word(line: &str, at: Position, columns: Columns) -> Range<usize> {
    let before = (at.column as usize).saturating_sub(1);
    let start = match columns {
        Columns::Characters => line.char_indices().nth(before).map_or(line.len(), |(start, _)| start),
        Columns::Bytes => (0..=before.min(line.len())).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0),
    };
    let rest = &line[start..];
    let quote = rest.chars().next().filter(|first| matches!(first, '"' | '\''));
    let length = match quote.and_then(|quote| rest[1..].find(quote)) {
        Some(end) => end + 2,
        None => rest.find([' ', '\t', ',', ']', '}']).unwrap_or(rest.len()),
    };
    // Where nothing begins, as at the line's end, its place is marked.
    let shown = if length == 0 { rest.chars().next().map_or(0, char::len_utf8) } else { length };
    start..start + shown
}

fn count(report: &Report) -> String {
    let plural = |severity: Severity, what: &str| {
        let n = report.entries.iter().filter(|entry| entry.severity == severity).count();
        (n > 0).then(|| format!("{n} {what}{}", if n == 1 { "" } else { "s" }))
    };
    let counts =
        [plural(Severity::Error, "error"), plural(Severity::Warning, "warning"), plural(Severity::Info, "note")];
    counts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree;

    #[test]
    fn an_entry_shows_its_line() {
        let text = "{\n  \"é\": \"relative\", \"b\": 1\n}";
        let source = Source { name: "a.ign", text, columns: Columns::Bytes };
        let origin = tree::Origin { path: tree::Path::ROOT.key("path"), at: Some(Position { line: 2, column: 9 }) };
        let shown = render(&Report::of_error(&origin, "path not absolute"), source, Some("unused"), false);
        let expected = "error: path not absolute\n --> a.ign:2:8\n  |\n2 |   \"é\": \"relative\", \"b\": 1\n  |        ^^^^^^^^^^ $.path\n\n1 error\n";
        assert_eq!(shown, expected);
    }

    #[test]
    fn places_outside_of_the_text_harm_nothing() {
        for (line, column) in [(0, 0), (1, 99), (9, 9), (u32::MAX, u32::MAX)] {
            let origin = tree::Origin { path: tree::Path::ROOT, at: Some(Position { line, column }) };
            for columns in [Columns::Bytes, Columns::Characters] {
                let source = Source { name: "x", text: "é'é\n", columns };
                assert!(render(&Report::of_error(&origin, "m"), source, Some("h"), false).contains("help: h"));
            }
        }
    }
}
