//! Problems that others find in a site that was read: a template that cannot be rendered, an asset that is not what it
//! is pinned to be. They go into the same report, with the same look.

use crate::{Place, Problem, Related, Report, Severity, Source};
use std::ops::Range;

/// Something that was found after the site was read.
#[derive(Debug, Clone)]
pub struct FoundLater {
    /// Where it stands; `None` for what has no place in the site.
    pub place: Option<Place>,
    /// The cause.
    pub message: String,
    /// The next step.
    pub help: Option<String>,
    /// Another place that plays a part, and the part.
    pub related: Option<(Place, String)>,
    /// Whether the site works all the same.
    pub warning: bool,
}

impl Report {
    /// Adds a problem to the report.
    pub fn add(&mut self, found: FoundLater) {
        let span = found.place.as_ref().and_then(|place| self.line_at(place));
        let related = found.related.and_then(|(place, message)| {
            let span = self.line_at(&place)?;
            Some(Related { place, span, message })
        });
        let mut problem = Problem::of_folder(found.message, "");
        (problem.place, problem.span, problem.help) = (found.place, span, found.help);
        problem.related.extend(related);
        if found.warning {
            problem.severity = Severity::Warning;
        }
        self.problems.push(problem);
    }

    /// Makes a further file known, so that problems can point into it. `name` is relative to the site's folder.
    pub fn add_file(&mut self, name: &str, text: &str) {
        if !self.sources.files.iter().any(|file| file.name == name) {
            self.sources.files.push(Source { name: name.to_owned(), text: text.to_owned() });
        }
    }

    /// The bytes from a place to the end of its line.
    fn line_at(&self, place: &Place) -> Option<Range<usize>> {
        let file = self.sources.files.iter().find(|file| file.name == place.file)?;
        let before: usize = file.text.split_inclusive('\n').take(place.line.checked_sub(1)?).map(str::len).sum();
        let line = file.text.get(before..)?.lines().next()?;
        let skipped: usize = line.chars().take(place.column.saturating_sub(1)).map(char::len_utf8).sum();
        Some(before + skipped..before + line.trim_end().len().max(skipped))
    }
}
