//! Ignition: each part is Butane, which is translated, or Ignition's own JSON. Parts are merged as Ignition itself merges a
//! config and one that it refers to, the most general being the parent.

use super::{
    Finding,
    assemble::{Assembled, Part},
};
use firstlight_butane::{
    Files, FilesError, Options, TreeEntry, TreeKind,
    files::beneath,
    ignition::{Refusal, merge_documents, parse},
    report::{Entry, Report, Severity},
    translate,
};
use firstlight_site::{Entry as Lying, NoFile};
use std::io;

/// Numbers of the system's errors, the words of which users of Butane know (errno(3)).
const ENOENT: i32 = 2;
const EISDIR: i32 = 21;
const ELOOP: i32 = 40;

pub(super) fn ignition(parts: &[Part<'_>], files: &firstlight_site::Files) -> Result<Assembled, Vec<Finding>> {
    let (mut documents, mut findings) = (Vec::new(), Vec::new());
    for part in parts {
        let (document, said) = document(part, files);
        documents.extend(document);
        findings.extend(said);
    }
    if findings.iter().any(|finding| !finding.warning) {
        return Err(findings);
    }
    let mut documents = documents.into_iter();
    let first = documents.next().unwrap_or_default();
    match documents.try_fold(first, |parent, child| merge_documents(&parent, &child)) {
        Ok(whole) => Ok((whole, findings)),
        Err(report) => Err(together(parts, &report)),
    }
}

/// A part as Ignition, and what is said of it. There is an error where there is no Ignition.
fn document(part: &Part<'_>, files: &firstlight_site::Files) -> (Option<String>, Vec<Finding>) {
    if part.text.trim_start().starts_with('{') {
        return match parse(part.text.as_bytes()) {
            Ok(parsed) => (Some(part.text.clone()), said(part, &parsed.report)),
            Err(refusal) => (None, refused(part, refusal)),
        };
    }
    let outcome = translate(&part.text, &Snapshot(files), Options::default());
    let mut findings = said(part, &outcome.report);
    if let (Some(failure), false) = (&outcome.failure, outcome.report.is_fatal()) {
        let advice = match failure {
            firstlight_butane::Failure::NoVariant(Some(foreign)) => Some(foreign.advice().to_owned()),
            firstlight_butane::Failure::NoVariant(None) => {
                Some("write its variant and version, like: variant: flatcar, version: 1.1.0".to_owned())
            }
            _ => None,
        };
        findings.push(Finding { help: advice, ..part.finding(1, 1, &failure.to_string()) });
    }
    (outcome.ignition, findings)
}

fn refused(part: &Part<'_>, refusal: Refusal) -> Vec<Finding> {
    let help = refusal.advice().map(str::to_owned);
    let mut findings = match &refusal {
        Refusal::Syntax(report, _) | Refusal::Invalid(report) => said(part, report),
        Refusal::Empty | Refusal::Version(..) => vec![part.finding(1, 1, &refusal.to_string())],
    };
    if let Some(first) = findings.first_mut() {
        first.help = help;
    }
    findings
}

fn said(part: &Part<'_>, report: &Report) -> Vec<Finding> {
    let finding = |entry: &Entry| {
        let warning = entry.severity != Severity::Error;
        let finding = match entry.at {
            Some(at) => {
                let number = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
                part.finding(number(at.line), number(at.column), &entry.message)
            }
            None => part.finding(1, 1, &with_path(entry)),
        };
        Finding { warning, ..finding }
    };
    report.entries.iter().map(finding).collect()
}

fn with_path(entry: &Entry) -> String {
    match entry.path.as_ref().filter(|path| !path.is_root()) {
        Some(path) => format!("{} (at {path})", entry.message),
        None => entry.message.clone(),
    }
}

/// What is wrong only with all of them, where nothing stands in a file of the user's.
fn together(parts: &[Part<'_>], report: &Report) -> Vec<Finding> {
    let files: Vec<&str> = parts.iter().map(|part| part.config.file.file.as_str()).collect();
    let Some(last) = parts.last() else { return Vec::new() };
    let errors = report.entries.iter().filter(|entry| entry.severity == Severity::Error);
    let finding = |entry: &Entry| {
        last.finding(1, 1, &format!("put together, {} are no valid config: {}", files.join(" and "), with_path(entry)))
    };
    errors.map(finding).collect()
}

/// The site's files, as Butane asks for them.
struct Snapshot<'f>(&'f firstlight_site::Files);

impl Files for Snapshot<'_> {
    fn read(&self, local: &str) -> Result<Vec<u8>, FilesError> {
        let path = beneath(local)?;
        self.0.read(&path).map(<[u8]>::to_vec).map_err(|why| self.failed("open", &path, &why))
    }

    fn walk(&self, local: &str) -> Result<Vec<TreeEntry>, FilesError> {
        let path = beneath(local)?;
        let (own, root) = self.0.find(&path).map_err(|why| self.failed("stat", &path, &why))?;
        if *root != Lying::Folder {
            return Err(FilesError::NotADirectory);
        }
        let entry = |(path, entry): (&str, &Lying)| TreeEntry { path: path.to_owned(), kind: kind(entry) };
        let mut found: Vec<TreeEntry> = self.0.below(&own).map(entry).collect();
        // By name in each folder, and not by the whole path, in which `-` would come before `/`.
        found.sort_by(|a, b| a.path.split('/').cmp(b.path.split('/')));
        found.insert(0, TreeEntry { path: String::new(), kind: TreeKind::Directory });
        Ok(found)
    }
}

fn kind(entry: &Lying) -> TreeKind {
    match entry {
        Lying::Folder => TreeKind::Directory,
        Lying::File { executable, .. } => TreeKind::File { executable: *executable },
        Lying::Link(target) => TreeKind::Link { target: target.clone() },
    }
}

impl Snapshot<'_> {
    fn failed(&self, operation: &'static str, path: &str, why: &NoFile) -> FilesError {
        let folder = self.0.folder();
        let name = format!("{folder}/{path}");
        let error = match why {
            NoFile::Outside(_) => return FilesError::LinkOutside(name),
            NoFile::Missing { .. } if folder.is_empty() => {
                io::Error::other("the site has no folder of files (`files`, or what `files_dir` says)")
            }
            NoFile::Missing { .. } => io::Error::from_raw_os_error(ENOENT),
            NoFile::IsFolder(_) => io::Error::from_raw_os_error(EISDIR),
            NoFile::Circle(_) => io::Error::from_raw_os_error(ELOOP),
        };
        FilesError::Io { operation, path: if folder.is_empty() { path.to_owned() } else { name }, error }
    }
}
