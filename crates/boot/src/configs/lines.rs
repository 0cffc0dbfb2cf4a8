//! From a line of a rendered text back to the user's own.

/// The line of the source that a line of the rendered text came from, both counted from 1. `None` where that cannot be
/// told for sure: a template may leave lines out and repeat them.
pub(super) fn source_line(source: &str, rendered: &str, line: usize) -> Option<usize> {
    if source == rendered {
        return Some(line);
    }
    let blocks = ["{%", "{#", "{{-", "-}}"].iter().any(|mark| source.contains(mark));
    if !blocks && source.lines().count() == rendered.lines().count() {
        return Some(line);
    }
    let text = rendered.lines().nth(line.checked_sub(1)?)?;
    let mut same = source.lines().enumerate().filter(|(_, other)| *other == text);
    let (at, _) = same.next()?;
    (same.next().is_none() && !text.trim().is_empty()).then_some(at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_again() {
        assert_eq!(source_line("a\n{{ b }}\nc\n", "a\nB\nc\n", 2), Some(2));
        let source = "a: 1\n{% for x in y %}\n- {{ x }}\n{% endfor %}\nb: 2\n";
        let rendered = "a: 1\n- 1\n- 2\nb: 2\n";
        assert_eq!(source_line(source, rendered, 4), Some(5));
        assert_eq!(source_line(source, rendered, 2), None, "a line that the template has made");
        assert_eq!(source_line("{{ two }}\nx\n", "1\n2\nx\n", 3), Some(2));
        assert_eq!(source_line("x\n", "y\ny\n", 7), None);
    }
}
