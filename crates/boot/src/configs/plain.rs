//! Text that nothing else is known of: where its name says that it is YAML or JSON, it should be.

use super::{Finding, assemble::Part};
use firstlight_butane::yaml;

/// The ending of the name that it is served by says what it should be. Only the first document of YAML is looked at.
pub(super) fn plain(part: &Part<'_>) -> Vec<Finding> {
    let name = part.config.served_as();
    let (place, message) = match name.rsplit('.').next() {
        Some("yaml" | "yml") => match yaml::read(&part.text) {
            Err(error) => (error.at.map(|at| (at.line, at.column)), format!("this is not YAML: {}", error.message)),
            Ok(_) => return Vec::new(),
        },
        Some("json") => match serde_json::from_str::<serde::de::IgnoredAny>(&part.text) {
            Err(error) => {
                let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
                (Some((number(error.line()), number(error.column()))), format!("this is not JSON: {error}"))
            }
            Ok(_) => return Vec::new(),
        },
        _ => return Vec::new(),
    };
    let (line, column) = place.unwrap_or((1, 1));
    let number = |n: u32| usize::try_from(n).unwrap_or(1).max(1);
    vec![Finding { warning: true, ..part.finding(number(line), number(column), &message) }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use firstlight_site::{Config, ConfigKind, Place, TextFile};

    fn said(name: &str, text: &str) -> Vec<String> {
        let place = Place { file: "site.hcl".to_owned(), line: 1, column: 1 };
        let file = TextFile { file: name.to_owned(), place, text: text.into() };
        let config = Config { name: None, kind: ConfigKind::Text, template: true, file };
        plain(&Part { config: &config, text: text.to_owned() }).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_name_is_taken_at_its_word() {
        assert_eq!(said("talos.yaml", "machine:\n  type: worker\n---\nkind: x\n"), [""; 0]);
        assert_eq!(said("a.json", "{\"a\": [1]}"), [""; 0]);
        assert_eq!(said("notes", "machine: [\n"), [""; 0]);
        assert!(said("talos.yaml.j2", "machine: [\n")[0].contains("this is not YAML: "));
        assert!(said("a.json", "{\n\"a\": }\n")[0].starts_with("a.json:2: this is not JSON: "));
    }
}
