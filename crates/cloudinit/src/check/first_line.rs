//! The first line, which says what user-data is. cloud-init ignores all of it where it does not know that.

use super::Findings;
use crate::Kind;
use firstlight_butane::tree::Position;
use firstlight_model::nearest::nearest;

const ALL: [Kind; 9] = [
    Kind::CloudConfig,
    Kind::Script,
    Kind::Jinja,
    Kind::Boothook,
    Kind::Include,
    Kind::PartHandler,
    Kind::Archive,
    Kind::JsonPatch,
    Kind::Mime,
];

/// User-data of no kind.
pub(super) fn check(text: &str, findings: &mut Findings) {
    unknown(text.trim_start().lines().next().unwrap_or_default(), at(text, 0), findings);
}

/// A template of no kind: its second line.
pub(super) fn check_template(text: &str, findings: &mut Findings) {
    unknown(text.trim_start().lines().nth(1).unwrap_or_default(), at(text, 1), findings);
}

/// The line so many behind the first that is not empty.
fn at(text: &str, behind: usize) -> Option<Position> {
    let empty = text.len() - text.trim_start().len();
    let line = text.get(..empty).unwrap_or_default().matches('\n').count() + behind + 1;
    Some(Position { line: u32::try_from(line).ok()?, column: 1 })
}

fn unknown(line: &str, at: Option<Position>, findings: &mut Findings) {
    if line.starts_with('\u{feff}') {
        let message = "cloud-init would ignore this: before its first line stands a byte order mark";
        return findings.error(at, message).next("save it as UTF-8 without one");
    }
    let known = ALL.map(Kind::first_line);
    let shown: String = line.chars().take(40).collect();
    let message = match shown.is_empty() {
        true => "it is empty where its kind should be named, so that cloud-init would ignore it".to_owned(),
        false => format!("cloud-init would ignore this: it knows user-data by its first line, which is `{shown}`"),
    };
    let dense: String = line.trim_end().replace([' ', '_'], "").to_ascii_lowercase();
    let meant = match dense.as_str() {
        "#cloudconfig" => Some("#cloud-config"),
        other => nearest(other, known),
    };
    findings.error(at, message).help(Some(match meant {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if line.contains(':') => "begin it with the line `#cloud-config`".to_owned(),
        None => format!("begin it with one of: {}", known.join(", ")),
    }));
}

/// The kernel takes the end of a Windows line for a part of the interpreter's name.
pub(super) fn check_script(text: &str, findings: &mut Findings) {
    let first = text.trim_start().split('\n').next().unwrap_or_default();
    if first.ends_with('\r') {
        findings
            .error(at(text, 0), "the script's lines end as on Windows, and its interpreter would not be found")
            .next("save it with Unix line ends");
    }
}
