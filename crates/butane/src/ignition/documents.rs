//! Whole JSON documents: one is read and validated, two become one.

use super::{
    decode::{Decoded, decode},
    duplicates::duplicates,
    encode::to_json,
    json,
    merge::merge,
    recognise::Foreign,
    rules::validate,
    schema::CONFIG,
    upgrade::upgrade,
    version::{Version, VersionError},
};
use crate::{
    report::Report,
    tree::{Node, Origin, Path, Value},
};

/// A config that Ignition would take.
#[derive(Debug)]
pub struct Parsed {
    /// The config as its schema has it.
    pub config: Node,
    /// The version that it claims.
    pub version: Version,
    /// What is doubtful about it.
    pub report: Report,
}

/// Why a document is no config that Ignition would take.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is nothing in it.
    #[error("not a config (empty)")]
    Empty,
    /// It is not JSON; perhaps we know what else it is.
    #[error("config is not valid")]
    Syntax(Report, Option<Foreign>),
    /// Its version is missing, or none of ours; perhaps we know what it is.
    #[error("{0}")]
    Version(VersionError, Option<Foreign>),
    /// It has errors.
    #[error("config is not valid")]
    Invalid(Report),
}

/// Reads a config, validates it, and says everything that there is to say about it.
///
/// # Errors
/// Why Ignition would not take it.
pub fn parse(text: &[u8]) -> Result<Parsed, Refusal> {
    if text.is_empty() {
        return Err(Refusal::Empty);
    }
    let json = json::read(text).map_err(|report| Refusal::Syntax(report, Foreign::of_text(text)))?;
    let version = version_of(&json)?;
    let Decoded { config, mistakes, warnings } = decode(&json, &CONFIG, version);
    if mistakes.is_fatal() {
        return Err(Refusal::Invalid(mistakes));
    }
    let mut report = validate(&config, version, &in_json);
    report.merge(duplicates(&config, version));
    report.merge(warnings);
    if report.is_fatal() { Err(Refusal::Invalid(report)) } else { Ok(Parsed { config, version, report }) }
}

/// In JSON the way to what is missing is the user's own way.
fn in_json(path: &Path, nearest: &Origin) -> Origin {
    Origin { path: path.clone(), at: nearest.at }
}

/// The version that a document claims. Names are found in any case, as everywhere.
fn version_of(json: &Node) -> Result<Version, Refusal> {
    let mut version = "";
    for ignition in named(json, Path::ROOT, "ignition")? {
        for claimed in named(ignition, Path::ROOT.key("ignition"), "version")? {
            match &claimed.value {
                Value::Str(text) => version = text,
                Value::Null => {}
                _ => return Err(mistyped(claimed, Path::ROOT.key("ignition").key("version"), "a string")),
            }
        }
    }
    Version::parse(version).map_err(|error| Refusal::Version(error, Foreign::of_json(json)))
}

/// An object's values of that name, in any case.
fn named<'a>(json: &'a Node, path: Path, name: &'a str) -> Result<impl Iterator<Item = &'a Node>, Refusal> {
    match &json.value {
        Value::Map(_) | Value::Null => {}
        _ => return Err(mistyped(json, path, "an object")),
    }
    Ok(json.entries().iter().filter(move |(key, _)| key.name.eq_ignore_ascii_case(name)).map(|(_, node)| node))
}

fn mistyped(node: &Node, path: Path, wanted: &str) -> Refusal {
    let origin = Origin { path, at: node.origin.at };
    Refusal::Invalid(Report::of_error(&origin, format!("expected {wanted}, found {}", node.value.kind())))
}

/// The child's document laid over the parent's, as Ignition does with a config and one that it refers to. Both may be of
/// any version that we know; the result is of the later one, in one line.
///
/// # Errors
/// What is wrong with the parent, with the child, or with what they are together.
pub fn merge_documents(parent: &str, child: &str) -> Result<String, Report> {
    let (parent, child) = (parsed(parent)?, parsed(child)?);
    let version = parent.version.max(child.version);
    let merged =
        merge(upgrade(parent.config, parent.version, version), upgrade(child.config, child.version, version), version);
    let text = to_json(&merged, version, false);
    // Two configs that are valid may be none together: it is read again, so that places are those of the result.
    parsed(&text).map(|_| text)
}

fn parsed(text: &str) -> Result<Parsed, Report> {
    parse(text.as_bytes()).map_err(Refusal::into_report)
}

impl Refusal {
    /// Everything as a report, what is known about the document as a whole too.
    pub fn into_report(self) -> Report {
        let advice = self.advice();
        let mut report = match self {
            Self::Syntax(report, _) | Self::Invalid(report) => report,
            Self::Empty | Self::Version(..) => Report::of_error(&Origin::default(), self.to_string()),
        };
        if let Some(advice) = advice {
            report.info(&Origin::default(), advice);
        }
        report
    }

    /// What to do about a document of another format.
    pub fn advice(&self) -> Option<&'static str> {
        match self {
            Self::Syntax(_, foreign) | Self::Version(_, foreign) => foreign.map(Foreign::advice),
            Self::Empty | Self::Invalid(_) => None,
        }
    }
}
