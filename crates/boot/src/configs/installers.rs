//! The forms of preseed and kickstart files, as far as they can be told without the installer: a line that debconf would
//! not take, a section of Anaconda's that does not end. What the answers mean is not looked at.

use super::{Finding, assemble::Part};

/// The types of debconf's questions (debconf-devel(7)), and the mark that `debconf-set-selections` knows.
const TYPES: [&str; 9] = ["string", "boolean", "select", "multiselect", "note", "text", "password", "error", "seen"];

/// Anaconda's sections, each of which `%end` closes.
const SECTIONS: [&str; 8] =
    ["%pre", "%pre-install", "%post", "%onerror", "%traceback", "%packages", "%addon", "%anaconda"];

/// Each line is `OWNER QUESTION TYPE VALUE`.
pub(super) fn preseed(part: &Part<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut continued = false;
    for (at, line) in part.text.lines().enumerate() {
        let begins = !std::mem::replace(&mut continued, line.ends_with('\\'));
        if !begins || line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().take(3).collect();
        let well = matches!(words[..], [_, question, kind] if question.contains('/') && TYPES.contains(&kind));
        if !well {
            let finding = part.finding(at + 1, 1, "this line is no answer to a question: the installer passes over it");
            let help = "write OWNER QUESTION TYPE VALUE, like: d-i netcfg/get_hostname string kitt".to_owned();
            findings.push(Finding { warning: true, help: Some(help), ..finding });
        }
    }
    findings
}

/// Sections end, and do not stand within each other.
pub(super) fn kickstart(part: &Part<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut open: Option<(usize, &str)> = None;
    for (at, line) in part.text.lines().enumerate() {
        let word = line.split_whitespace().next().unwrap_or_default();
        match (word, open) {
            ("%end", Some(_)) => open = None,
            ("%end", None) => findings.push(part.finding(at + 1, 1, "this `%end` ends no section")),
            (section, None) if SECTIONS.contains(&section) => open = Some((at + 1, section)),
            (section, Some((_, outer))) if SECTIONS.contains(&section) => {
                findings.push(part.finding(
                    at + 1,
                    1,
                    &format!("`{section}` begins within `{outer}`, which has no `%end`"),
                ));
                open = Some((at + 1, section));
            }
            _ => {}
        }
    }
    if let Some((line, section)) = open {
        findings.push(part.finding(line, 1, &format!("the section `{section}` has no `%end`")));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use firstlight_site::{Config, ConfigKind, Place, TextFile};

    fn said(check: fn(&Part<'_>) -> Vec<Finding>, text: &str) -> Vec<String> {
        let place = Place { file: "site.hcl".to_owned(), line: 1, column: 1 };
        let file = TextFile { file: "x".to_owned(), place, text: text.into() };
        let config = Config { name: None, kind: ConfigKind::Text, template: false, file };
        check(&Part { config: &config, text: text.to_owned() }).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_preseed_is_answers_to_questions() {
        let good = "# a\n\nd-i mirror/http/hostname string deb.example\nd-i preseed/late_command string \\\n  a; \\\n  b\n\
                    popularity-contest popularity-contest/participate boolean false\nd-i debconf/priority seen true\n";
        assert!(said(preseed, good).is_empty());
        assert_eq!(
            said(preseed, "d-i netcfg/get_hostname kitt\n"),
            ["x:1: this line is no answer to a question: the installer passes over it"]
        );
    }

    #[test]
    fn a_kickstart_ends_its_sections() {
        assert!(
            said(kickstart, "text\n%include /tmp/x\n%packages\n@core\n%end\n%post --log=/x\necho %pre\n%end\n")
                .is_empty()
        );
        assert_eq!(
            said(kickstart, "%end\n%packages\n%post\n"),
            [
                "x:1: this `%end` ends no section",
                "x:3: `%post` begins within `%packages`, which has no `%end`",
                "x:3: the section `%post` has no `%end`"
            ]
        );
    }
}
