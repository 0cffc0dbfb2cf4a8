//! Butane: YAML that people write into Ignition JSON that machines read, as `butane` 0.29 translates it.
//!
//! A text goes through these stages, and after an error in one of them the next is not reached, but for the last two:
//! YAML ([`crate::yaml`]) → the shape of the tables, and unused keys ([`decode`]) → rules about the source ([`check`]) →
//! Ignition's shape ([`translate`], [`sugar`]) → what the variant forbids ([`filter`]) → what stands twice, and
//! Ignition's own rules ([`crate::ignition`]).
//!
//! Specification: <https://coreos.github.io/butane/specs/>. Not here: the openshift variant. What differs from the
//! reference on purpose is in docs/butane.md.

mod check;
mod data_url;
mod decode;
mod dialect;
mod filter;
mod partitions;
mod schema;
mod sugar;
mod translate;

use crate::{
    files::Files,
    ignition::{self, recognise::Foreign},
    report::{Entry, Report, Severity},
    tree::{Origin, Path, Position, Segment},
    yaml::Document,
};
use dialect::Dialect;

/// The version of `butane` whose behaviour this is.
pub const REFERENCE: &str = "0.29.0";

const NODE_EXISTS: &str = "matching filesystem node has existing contents or different type";

/// How to translate.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Write JSON for people, indented by two spaces.
    pub pretty: bool,
}

/// What became of a config.
#[derive(Debug)]
pub struct Outcome {
    /// Ignition JSON, without a line end; none after a failure.
    pub ignition: Option<String>,
    /// Everything there is to say, each with its place in the user's text.
    pub report: Report,
    /// Why there is no Ignition JSON. Where the report has errors, they are the reason, and this is their sum.
    pub failure: Option<Failure>,
}

/// Why there is no Ignition config. Texts are the reference's where it has one.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The text is no YAML, or not of the right shape; the report says where.
    #[error("Error unmarshaling yaml")]
    Yaml,
    /// It does not say whom it is for; perhaps we know what it is instead.
    #[error("error parsing variant; must be specified")]
    NoVariant(Option<Foreign>),
    /// Its version is no semantic version.
    #[error("error parsing version; must be a valid semver")]
    InvalidVersion,
    /// There is no such language.
    #[error("No translator exists for variant {variant} with version {version}")]
    #[allow(missing_docs)]
    UnknownVersion { variant: String, version: String },
    /// A variant that the reference has given up.
    #[error(
        "rhcos variant has been removed; use openshift variant instead: \
         https://coreos.github.io/butane/upgrading-openshift/"
    )]
    Rhcos,
    /// A variant that we do not have.
    #[error(
        "the openshift variant is not supported: it makes MachineConfigs for OpenShift's own operator. Translate it with \
         Red Hat's butane"
    )]
    OpenShift,
    /// What the user wrote has errors.
    #[error("source config is invalid")]
    InvalidSource,
    /// What became of it is no valid Ignition config.
    #[error("config generated was invalid")]
    InvalidResult,
}

/// Translates a Butane config. What it embeds comes from `files`.
pub fn translate(source: &str, files: &dyn Files, options: Options) -> Outcome {
    let mut report = Report::default();
    match stages(source, files, options, &mut report) {
        Ok(ignition) => Outcome { ignition: Some(ignition), report, failure: None },
        Err(failure) => Outcome { ignition: None, report, failure: Some(failure) },
    }
}

/// As [`translate`], for a file as it lies on disk: UTF-8, or UTF-16 with a byte order mark.
pub fn translate_bytes(source: &[u8], files: &dyn Files, options: Options) -> Outcome {
    let unreadable = |at, message: &str| {
        let entry = Entry { severity: Severity::Error, path: None, at, message: message.to_owned() };
        Outcome { ignition: None, report: Report { entries: vec![entry] }, failure: Some(Failure::Yaml) }
    };
    if let Some(text) = utf16(source) {
        return match text {
            Some(text) => translate(&text, files, options),
            None => unreadable(None, "this begins as UTF-16, and is none"),
        };
    }
    match std::str::from_utf8(source) {
        Ok(text) => translate(text, files, options),
        Err(error) => {
            let before = String::from_utf8_lossy(&source[..error.valid_up_to()]);
            unreadable(Some(Position::after(&before)), "this is not UTF-8")
        }
    }
}

/// A text in UTF-16, if its byte order mark says so; none within, if it is broken.
fn utf16(source: &[u8]) -> Option<Option<String>> {
    let unit: fn([u8; 2]) -> u16 = match source {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return None,
    };
    let units: Vec<u16> = source[2..].chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
    Some(String::from_utf16(&units).ok().filter(|_| source.len().is_multiple_of(2)))
}

fn stages(source: &str, files: &dyn Files, options: Options, report: &mut Report) -> Result<String, Failure> {
    let document = Document::parse(source).map_err(|error| {
        report.entries.push(Entry { severity: Severity::Error, path: None, at: error.at, message: error.message });
        Failure::Yaml
    })?;
    let dialect = dialect_of(source, &document, report)?;
    let (config, unused) = decode::decode(&document, &schema::CONFIG, &dialect).map_err(|errors| {
        report.merge(errors);
        Failure::Yaml
    })?;
    report.merge(unused);

    let place = |path: &Path| document.place(path);
    let mut check = check::Check { dialect: &dialect, place: &place, report: Report::default() };
    check.object(&config, &schema::CONFIG);
    stop_after(check.report, report, Failure::InvalidSource)?;

    let mut translator =
        translate::Translator { dialect, files, report: Report::default(), packer: data_url::Packer::default() };
    let translated = translator.config(config);
    stop_after(translator.report, report, Failure::InvalidSource)?;
    stop_after(filter::verify(&translated, &dialect), report, Failure::InvalidSource)?;

    let mut last = ignition::duplicates(&translated, dialect.ignition);
    last.merge(ignition::validate(&translated, dialect.ignition, &|path, _| missing(&document, path)));
    stop_after(last, report, Failure::InvalidResult)?;
    Ok(ignition::to_json(&translated, dialect.ignition, options.pretty))
}

/// Adds what a stage says to the report. An error ends the translation.
fn stop_after(stage: Report, report: &mut Report, failure: Failure) -> Result<(), Failure> {
    let fatal = stage.is_fatal();
    report.merge(stage);
    if fatal { Err(failure) } else { Ok(()) }
}

/// The language that a document says it is written in.
fn dialect_of(source: &str, document: &Document, report: &mut Report) -> Result<Dialect, Failure> {
    let (header, _) = decode::decode(document, &schema::HEADER, &Dialect::ANY).map_err(|errors| {
        report.merge(errors);
        Failure::Yaml
    })?;
    let text = |field| sugar::text(&header, field).unwrap_or_default();
    match text("variant") {
        "" => Err(Failure::NoVariant(Foreign::of_text(source.as_bytes()))),
        variant => Dialect::find(variant, text("version")),
    }
}

/// The place of what a translated config lacks: its way there, in Butane's spelling, as far as the user's text has it.
fn missing(document: &Document, path: &Path) -> Origin {
    let snake = path.segments().into_iter().fold(Path::ROOT, |path, segment| match segment {
        Segment::Key(key) => path.key(snake(key)),
        Segment::Index(index) => path.index(*index),
    });
    Origin { at: document.place(&snake), path: snake }
}

/// `sizeMiB` as `size_mib`.
fn snake(camel: &str) -> String {
    let mut snake = String::with_capacity(camel.len() + 4);
    let mut rest = camel;
    while let Some(letter) = rest.chars().next() {
        let word = if rest.starts_with("MiB") { &rest[..3] } else { &rest[..letter.len_utf8()] };
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push_str(&word.to_lowercase());
        rest = &rest[word.len()..];
    }
    snake
}
