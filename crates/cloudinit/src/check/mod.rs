//! What is wrong with a part before any machine has read it: cloud-init itself says little on a machine that did not
//! come up. Always the same, with nothing installed: the first line, the YAML, the keys and the types of what is used most.
//! What it does not know it lets pass; cloud-init's own schema knows more.

mod cloud_config;
mod first_line;
mod keys;
mod meta_data;
mod network;
mod network_keys;
mod shape;

use crate::Kind;
use firstlight_butane::{
    tree::{Node, Position},
    yaml,
};

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// cloud-init would not do what is written there.
    Error,
    /// It is probably not what was meant.
    Warning,
}

/// One thing that is wrong with a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How much it weighs.
    pub weight: Weight,
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted from 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// What is wrong with a part of that name, in the order of its lines. `None` where the name is none of cloud-init's.
pub fn check(name: &str, text: &str) -> Option<Vec<Finding>> {
    let mut findings = Findings::default();
    match name {
        crate::USER_DATA | crate::VENDOR_DATA => user_data(text, &mut findings),
        crate::META_DATA => in_yaml(text, &mut findings, meta_data::check),
        crate::NETWORK_CONFIG => in_yaml(text, &mut findings, network::check),
        _ => return None,
    }
    findings.0.sort_by_key(|finding| (finding.line, finding.column));
    Some(findings.0)
}

fn user_data(text: &str, findings: &mut Findings) {
    match Kind::of(text) {
        None => first_line::check(text, findings),
        Some(Kind::CloudConfig) => in_yaml(text, findings, cloud_config::check),
        Some(Kind::Archive) => in_yaml(text, findings, cloud_config::check_archive),
        Some(Kind::Jinja) if Kind::Jinja.inner(text).is_none() => first_line::check_template(text, findings),
        Some(Kind::Script | Kind::Boothook) => first_line::check_script(text, findings),
        Some(_) => {}
    }
}

/// Reads YAML and looks at it; YAML that cannot be read is the finding.
fn in_yaml(text: &str, findings: &mut Findings, look: impl FnOnce(&Node, &mut Findings)) {
    match yaml::read(text) {
        Ok(Some(node)) => look(&node, findings),
        Ok(None) => findings.warning(None, "there is nothing in it").next("leave it out, or write `{}`"),
        Err(error) => {
            let line = error.at.and_then(|at| text.lines().nth(at.line.saturating_sub(1) as usize)).unwrap_or_default();
            let tab = line.contains('\t').then(|| "YAML nests by spaces, never by tabs".to_owned());
            findings.error(error.at, format!("this YAML cannot be read: {}", error.message)).help(tab);
        }
    }
}

/// Findings, as they come.
#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn error(&mut self, at: Option<Position>, message: impl Into<String>) -> Note<'_> {
        self.add(Weight::Error, at, message.into())
    }

    fn warning(&mut self, at: Option<Position>, message: impl Into<String>) -> Note<'_> {
        self.add(Weight::Warning, at, message.into())
    }

    fn add(&mut self, weight: Weight, at: Option<Position>, message: String) -> Note<'_> {
        let (line, column) = at.map_or((1, 1), |at| (at.line as usize, at.column as usize));
        self.0.push(Finding { weight, line, column, message, help: None });
        Note(self.0.last_mut())
    }
}

/// The finding that was just made.
struct Note<'a>(Option<&'a mut Finding>);

impl Note<'_> {
    fn next(self, help: &str) {
        self.help(Some(help.to_owned()));
    }

    fn help(self, help: Option<String>) {
        if let Some(finding) = self.0 {
            finding.help = help;
        }
    }
}

#[cfg(test)]
mod tests;
