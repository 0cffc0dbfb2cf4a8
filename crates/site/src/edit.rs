//! Changing a file of a site as text: everything else in it stays as its owner wrote it.

use hcl_edit::{Span as _, structure::Body};

/// The text of a file without the `machine` block of this label. `None` where there is none, or the text is no HCL.
pub fn without_machine(text: &str, name: &str) -> Option<String> {
    let body: Body = text.parse().ok()?;
    let is_it = |block: &&hcl_edit::structure::Block| {
        let label = block.labels.first().map(|label| label.as_str().to_lowercase());
        block.ident.as_str() == "machine" && label.as_deref() == Some(name)
    };
    let span = body.blocks().find(is_it)?.span()?;
    // With the end of its line, and the empty line before it.
    let (before, after) = (text.get(..span.start)?, text.get(span.end..)?);
    let after = after.strip_prefix('\n').unwrap_or(after);
    let before = if before.ends_with("\n\n") { before.get(..before.len() - 1)? } else { before };
    Some(format!("{before}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_block_goes() {
        let text = "# Mine.\n\nmachine \"vega\" {\n  mac = \"52:54:00:00:00:01\"\n}\n\n# Not \"sirius\".\nmachine \"sirius\" {\n  \
            mac = \"52:54:00:00:00:02\"\n}\n\nmachine \"rigel\" {\n  mac = \"52:54:00:00:00:03\"\n}\n";
        let rest = without_machine(text, "sirius").unwrap();
        assert!(rest.contains("# Mine.") && rest.contains("# Not") && rest.contains("vega") && rest.contains("rigel"));
        assert!(!rest.contains("machine \"sirius\"") && !rest.contains(":02"), "{rest}");
        let last = without_machine(&rest, "rigel").unwrap();
        assert!(!last.contains("rigel") && !last.ends_with("\n\n") && last.contains("vega"), "{last}");
        assert_eq!(without_machine(text, "deneb"), None);
        assert_eq!(without_machine("machine {", "x"), None);
    }
}
