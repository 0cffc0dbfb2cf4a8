//! A report as people read it: file, line and column, the line itself, the cause, the next step.

use crate::{Place, Report, Severity, Sources, source::floor};
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};
use std::{fmt::Write, ops::Range};

/// Writes `report` for a terminal, with colours or without, and a count of the errors and warnings at its end.
pub fn render(report: &Report, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut text = String::new();
    for problem in &report.problems {
        let level = match problem.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group = Group::with_title(level.primary_title(&*problem.message));
        if let (Some(place), Some(span)) = (&problem.place, &problem.span) {
            let label = problem.label.as_deref();
            group = group.element(snippet(&report.sources, place, span, AnnotationKind::Primary, label));
        }
        for other in &problem.related {
            let message = Some(&*other.message);
            group =
                group.element(snippet(&report.sources, &other.place, &other.span, AnnotationKind::Context, message));
        }
        if let Some(help) = &problem.help {
            group = group.element(Level::HELP.message(&**help));
        }
        text.push_str(&renderer.render(&[group]));
        text.push_str("\n\n");
    }
    let _ = writeln!(text, "{}", count(report));
    text
}

/// One annotated line. Only the first line of what is annotated is shown, and only that line is handed over, so
/// that a report with thousands of problems stays quick.
fn snippet<'a>(
    sources: &'a Sources,
    place: &'a Place,
    span: &Range<usize>,
    kind: AnnotationKind,
    label: Option<&'a str>,
) -> Snippet<'a, Annotation<'a>> {
    let text = sources.files.iter().find(|f| f.name == place.file).map_or("", |f| &*f.text);
    let start = floor(text, span.start);
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[start..].find(['\n', '\r']).map_or(text.len(), |at| start + at);
    let end = floor(text, span.end).clamp(start, line_end);
    let annotation = kind.span(start - line_start..end - line_start).label(label);
    Snippet::source(&text[line_start..line_end]).line_start(place.line).path(&*place.file).annotation(annotation)
}

fn count(report: &Report) -> String {
    let (errors, all) = (report.errors(), report.problems.len());
    let plural = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    match (errors, all - errors) {
        (errors, 0) => plural(errors, "error"),
        (0, warnings) => plural(warnings, "warning"),
        (errors, warnings) => format!("{}, {}", plural(errors, "error"), plural(warnings, "warning")),
    }
}
