//! A config that is merged in, or replaces this one, and stands inline: it is checked where it stands.

use super::Check;
use crate::{
    butane::sugar::text,
    ignition::{self, Version, VersionError, decode::decode, json, schema::CONFIG},
    report::{Entry, Report, Severity},
    tree::{Node, Origin, Path, Segment},
};

/// What is to be said about a referenced config.
enum Verdict {
    /// It is of another version, so the rules of this one say nothing about it.
    OtherVersion,
    /// It is not even of a config's shape.
    Malformed(Report),
    Checked(Report),
}

/// Checks a resource's inline text, if the resource is a reference to a config.
pub(super) fn check(check: &mut Check<'_>, resource: &Node) {
    if !is_reference(&resource.origin.path) {
        return;
    }
    let report = match verdict(text(resource, "inline").unwrap_or_default(), check.dialect.ignition) {
        Verdict::OtherVersion => {
            let message = "skipping validation for the merge/replace ignition config due to an unkown version";
            return check.warn(resource, "version", message);
        }
        Verdict::Malformed(mut report) => {
            let origin = resource.origin_of("inline");
            place_anew(check, &mut report);
            report.error(&origin, "config is not valid");
            report
        }
        Verdict::Checked(mut report) => {
            place_anew(check, &mut report);
            report
        }
    };
    check.report.merge(report);
}

/// Its own lines mean nothing in the user's file: an entry has the place that its path has there.
fn place_anew(check: &Check<'_>, report: &mut Report) {
    for entry in &mut report.entries {
        entry.at = (check.place)(entry.path.as_ref().unwrap_or(&Path::ROOT));
    }
}

/// Whether what lies at this path names a config: `$.ignition.config…`.
fn is_reference(path: &Path) -> bool {
    let is = |segment: &Segment, name: &str| matches!(segment, Segment::Key(key) if key == name);
    matches!(path.segments()[..], [first, second, ..] if is(first, "ignition") && is(second, "config"))
}

fn verdict(text: &str, version: Version) -> Verdict {
    let json = match json::read(text.as_bytes()) {
        Ok(json) => json,
        Err(report) => return Verdict::Malformed(report),
    };
    let claimed = json.get("ignition").and_then(|ignition| ignition.get("version")?.as_str()).unwrap_or_default();
    match Version::parse(claimed) {
        Ok(claimed) if claimed == version => {}
        Err(error @ VersionError::Malformed) => {
            let path = Path::ROOT.key("ignition").key("version");
            let entry = Entry { severity: Severity::Error, path: Some(path), at: None, message: error.to_string() };
            return Verdict::Checked(Report { entries: vec![entry] });
        }
        _ => return Verdict::OtherVersion,
    }
    let decoded = decode(&json, &CONFIG, version);
    if decoded.mistakes.is_fatal() {
        return Verdict::Malformed(decoded.mistakes);
    }
    let own_way = |path: &Path, _: &Origin| Origin { path: path.clone(), at: None };
    let mut report = ignition::validate(&decoded.config, version, &own_way);
    report.merge(ignition::duplicates(&decoded.config, version));
    report.merge(decoded.warnings);
    Verdict::Checked(report)
}
