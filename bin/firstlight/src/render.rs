//! `firstlight render`: a machine's configs, as the server renders them.

use crate::{Failure, Outcome, SiteOption, explain, output, site};
use firstlight_boot::{Ask, BootSet, Document, Finding, NotRendered, Recipient, Rendered, Secrets, Token, readable};
use firstlight_site::{ConfigKind, Report, SecretText};
use serde::Serialize;
use std::{collections::BTreeMap, path::Path};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The machine: a declared name, a MAC address, a UUID or a declared serial number
    machine: String,
    /// The config, by its name in the URL; without it they are listed
    config: Option<String>,
    /// Show each part after its template, before they are put together
    #[arg(long, requires = "config")]
    parts: bool,
    /// Show Ignition in many lines, with the texts that are packed into it
    #[arg(long, requires = "config")]
    readable: bool,
    /// Show secrets, which are otherwise redacted
    #[arg(long)]
    show_secrets: bool,
    /// Print it as JSON
    #[arg(long, conflicts_with = "parts")]
    json: bool,
    #[command(flatten)]
    site: SiteOption,
}

pub(crate) fn run(args: Args) -> Outcome {
    let secrets = if args.show_secrets { Secrets::Shown } else { Secrets::Redacted };
    let looked = Looked::at(&args.site.site, &args.machine)?;
    looked.with(secrets, |look| match &args.config {
        None => list(look, args.json),
        Some(name) if args.parts => parts(look, name),
        Some(name) => one(look, name, &args),
    })
}

/// A site that was read for one machine of it.
pub(crate) struct Looked {
    set: BootSet,
    /// What is known of the site's files, for complaints.
    files: Report,
    ask: Ask,
    named: String,
}

/// What a machine's configs are rendered from.
pub(crate) struct Look<'a> {
    set: &'a BootSet,
    recipient: Recipient<'a>,
    files: &'a Report,
    named: &'a str,
}

impl Looked {
    /// Reads the site. Mistakes in the configs of other machines do not matter.
    pub(crate) fn at(dir: &Path, machine: &str) -> Result<Looked, Failure> {
        let loaded = firstlight_site::load(dir).map_err(|report| {
            site::complain(&report);
            Failure::Silent
        })?;
        let mut files = loaded.warnings;
        files.problems.clear();
        let ask = explain::ask_for(&loaded.site, machine, None)?;
        let set = BootSet::new(loaded.site, BTreeMap::new(), BTreeMap::new(), 0);
        Ok(Looked { set, files, ask, named: machine.to_owned() })
    }

    /// Looks at what the site gives the machine, wherever it stands in its life.
    pub(crate) fn with<T>(
        &self,
        secrets: Secrets,
        look: impl FnOnce(&Look<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let decision = self.set.given_by_site(&self.ask);
        let network = explain::network_for(&self.set, decision.machine)?;
        let token = Token::placeholder();
        let recipient = Recipient { ask: &self.ask, decision: &decision, network, token: &token, secrets };
        look(&Look { set: &self.set, recipient, files: &self.files, named: &self.named })
    }

    /// The machine's declared name.
    pub(crate) fn declared(&self) -> Option<String> {
        self.set.machine_of(&self.ask).map(|machine| machine.name.to_string())
    }
}

impl<'a> Look<'a> {
    pub(crate) fn documents(&self) -> Result<Vec<Document<'a>>, Failure> {
        Ok(self.set.all_documents(&self.recipient)?)
    }

    /// Those of these secrets that the machine has, by name.
    pub(crate) fn secrets<'n>(&'n self, names: &'n [String]) -> impl Iterator<Item = (&'n str, &'n SecretText)> {
        self.set.secrets(self.recipient.decision, names)
    }

    fn document(&self, name: &str) -> Result<Document<'a>, Failure> {
        let documents = self.documents()?;
        let names: Vec<String> = documents.iter().map(|document| document.name.clone()).collect();
        let there = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let missing = || Failure::Failed(format!("{} has no config {name}; it has: {there}", self.named));
        documents.into_iter().find(|document| document.name == name).ok_or_else(missing)
    }

    /// The config. What is wrong with it is printed on standard error.
    pub(crate) fn rendered(&self, name: &str) -> Result<Rendered, Failure> {
        let rendered = match self.recipient.secrets {
            // Whoever may see the secrets may see what is said of them.
            Secrets::Shown => self.set.config_candidly(&self.recipient, name),
            _ => self.set.config(&self.recipient, name),
        };
        let rendered = rendered.unwrap_or_else(|| Err(NotRendered::default()));
        self.complain(match &rendered {
            Ok(rendered) => &rendered.warnings,
            Err(not) => &not.findings,
        });
        let text =
            |rendered: Rendered| Rendered { text: explain::veiled(self.recipient.ask, &rendered.text), ..rendered };
        rendered.map(text).map_err(|_| Failure::Silent)
    }

    fn complain(&self, findings: &[Finding]) {
        let mut report = self.files.clone();
        for finding in findings {
            let file = self.set.site.text_files().find(|file| file.file == finding.file);
            let (text, named_at) = file.map(|file| (file.text.to_string(), file.place.clone())).unzip();
            site::add_finding(&mut report, finding.clone(), &text.unwrap_or_default(), named_at);
        }
        site::complain(&report);
    }
}

/// A config, for a list and for programs.
#[derive(Serialize)]
struct Listed {
    name: String,
    kind: ConfigKind,
    /// The files that it is made of; none for what is made for cloud-init.
    parts: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    secrets: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    media_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

fn listed(look: &Look<'_>, document: &Document<'_>) -> Listed {
    let rendered = look.set.config(&look.recipient, &document.name).unwrap_or_else(|| Err(NotRendered::default()));
    let error = rendered.as_ref().err().map(ToString::to_string);
    let secrets = rendered.map_or_else(|not| not.secrets, |rendered| rendered.secrets);
    let parts = document.parts.iter().map(|part| part.file.file.clone()).collect();
    Listed { name: document.name.clone(), kind: document.kind, parts, secrets, media_type: None, text: None, error }
}

fn list(look: &Look<'_>, json: bool) -> Outcome {
    let all: Vec<Listed> = look.documents()?.iter().map(|document| listed(look, document)).collect();
    if json {
        return output::json(&all);
    }
    if all.is_empty() {
        return output::print(&format!("{} has no config.\n", look.named));
    }
    let row = |one: &Listed| {
        let parts = if one.parts.is_empty() { "made from the site".to_owned() } else { one.parts.join(", ") };
        let secrets = one.secrets.iter().map(|secret| format!(" + secret {secret}")).collect::<String>();
        let error = one.error.as_ref().map(|error| format!("\n  cannot be rendered: {error}")).unwrap_or_default();
        [one.name.clone(), one.kind.to_string(), format!("{parts}{secrets}{error}")]
    };
    output::print(&table(all.iter().map(row).collect()))
}

/// Rows in columns.
fn table(mut rows: Vec<[String; 3]>) -> String {
    rows.insert(0, ["CONFIG", "KIND", "PARTS"].map(str::to_owned));
    let width = |cell: fn(&[String; 3]) -> &String| rows.iter().map(|row| cell(row).chars().count()).max().unwrap_or(0);
    let (first, second) = (width(|[name, ..]| name), width(|[_, kind, _]| kind));
    rows.iter().map(|[name, kind, parts]| format!("{name:first$}  {kind:second$}  {parts}\n")).collect()
}

fn parts(look: &Look<'_>, name: &str) -> Outcome {
    let document = look.document(name)?;
    let (mut text, mut findings) = (String::new(), Vec::new());
    for (part, rendered) in look.set.rendered_parts(&look.recipient, &document) {
        match rendered {
            Ok(rendered) => {
                let end = if rendered.ends_with('\n') { "" } else { "\n" };
                text.push_str(&format!("==> {} <==\n{rendered}{end}", part.file.file));
            }
            Err(error) => findings.push(Finding::from(error)),
        }
    }
    output::print(&explain::veiled(look.recipient.ask, &text))?;
    look.complain(&findings);
    if findings.is_empty() { Ok(()) } else { Err(Failure::Silent) }
}

fn one(look: &Look<'_>, name: &str, args: &Args) -> Outcome {
    let document = look.document(name)?;
    let Rendered { text, media_type, secrets, .. } = look.rendered(name)?;
    let text = if args.readable { readable(document.kind, &text) } else { text };
    if !args.json {
        let end = if text.ends_with('\n') { "" } else { "\n" };
        return output::print(&format!("{text}{end}"));
    }
    let of = listed(look, &document);
    output::json(&Listed { secrets, media_type: Some(media_type), text: Some(text), ..of })
}
