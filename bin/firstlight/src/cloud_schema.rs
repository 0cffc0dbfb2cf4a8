//! What cloud-init's own schema says of user-data, where cloud-init is installed: `cloud-init schema --annotate`. It knows all
//! modules of its version; our own check (crate `cloudinit`) knows the most used ones of every version.
//!
//! Only `check` runs it, and never the server.

use firstlight_boot::{ConfigProblem, cloud_configs};
use firstlight_site::Site;
use std::{
    collections::BTreeMap,
    io::{self, Write},
    process::{Command, Stdio},
};

const PROGRAM: &str = "cloud-init";

/// One thing that the schema says.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    line: usize,
    message: String,
}

/// What it says of each of a site's files. Nothing where cloud-init is not installed.
pub(crate) fn problems(site: &Site) -> Vec<ConfigProblem> {
    let mut problems = Vec::new();
    for config in cloud_configs(site) {
        let Ok(said) = ask(&config.text) else { break };
        problems.extend(
            said.iter().map(|said| config.warning(said.line, &format!("cloud-init's schema: {}", said.message))),
        );
    }
    problems
}

/// Asks cloud-init about a text.
fn ask(text: &str) -> io::Result<Vec<Said>> {
    let mut command = Command::new(PROGRAM);
    command.args(["schema", "--annotate", "--config-file", "/dev/stdin"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(text.as_bytes())?;
    }
    Ok(read(&String::from_utf8_lossy(&child.wait_with_output()?.stdout)))
}

/// Reads the annotated text: lines that end in `# E1,D2`, and at the end what each of these stands for.
fn read(annotated: &str) -> Vec<Said> {
    let mut lines = BTreeMap::new();
    let mut said = Vec::new();
    for (at, line) in annotated.lines().enumerate() {
        if let Some((_, labels)) = line.rsplit_once("\t\t# ") {
            lines.extend(labels.split(',').filter(|label| is_label(label)).map(|label| (label.to_owned(), at + 1)));
        } else if let Some((label, message)) = line.strip_prefix("# ").and_then(|line| line.split_once(": "))
            && let Some(line) = lines.get(label)
        {
            said.push(Said { line: *line, message: message.trim().to_owned() });
        }
    }
    said
}

fn is_label(text: &str) -> bool {
    let number = text.strip_prefix(['E', 'D']);
    number.is_some_and(|number| !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As cloud-init 25.1 of Debian 13 prints it.
    const ANNOTATED: &str = "#cloud-config\npackage: [vim]\t\t# E1\nusers:\n  - name: x\t\t# E2,E3\n    nme: y\napt_update: true\t\t# D1\n\n\
        # Errors: -------------\n# E1: Additional properties are not allowed ('package' was unexpected)\n\
        # E2: Additional properties are not allowed ('nme' was unexpected)\n# E3: {'name': 'x', 'nme': 'y'} is not of type 'array'\n\n\n\
        # Deprecations: -------------\n# D1:  Deprecated in version 22.2. Use **package_update** instead.\n\n\n";

    #[test]
    fn what_the_schema_says_is_found_at_its_line() {
        let said = read(ANNOTATED);
        assert_eq!(said.iter().map(|said| said.line).collect::<Vec<_>>(), [2, 4, 4, 6]);
        assert_eq!(said[0].message, "Additional properties are not allowed ('package' was unexpected)");
        assert_eq!(said[3].message, "Deprecated in version 22.2. Use **package_update** instead.");
    }

    #[test]
    fn what_is_right_is_answered_with_a_word() {
        assert_eq!(read("Valid schema /tmp/x\n"), []);
        assert_eq!(read("# E1: a comment of the user's own\n"), []);
    }
}
