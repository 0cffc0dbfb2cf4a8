//! Rendered parts → the config that is served, in the way of its kind.

use super::{Finding, cloud_init, ignition::ignition, installers, lines::source_line, plain::plain};
use firstlight_site::{Config, ConfigKind, Files};

/// A part, rendered.
pub(super) struct Part<'a> {
    pub(super) config: &'a Config,
    pub(super) text: String,
}

/// The text, and what is odd about it.
pub(super) type Assembled = (String, Vec<Finding>);

/// Puts the parts together, the most general first.
/// `files` are what they may embed.
pub(super) fn assemble(kind: ConfigKind, parts: &[Part<'_>], files: &Files) -> Result<Assembled, Vec<Finding>> {
    match kind {
        ConfigKind::Ignition => ignition(parts, files),
        ConfigKind::Preseed => checked(concatenated(parts), parts.iter().flat_map(installers::preseed).collect()),
        ConfigKind::Kickstart => checked(concatenated(parts), parts.iter().flat_map(installers::kickstart).collect()),
        ConfigKind::UserData | ConfigKind::VendorData | ConfigKind::MetaData | ConfigKind::NetworkConfig => {
            cloud_init::assemble(kind.usual_name().unwrap_or_default(), parts)
        }
        ConfigKind::AutoYast | ConfigKind::Text => {
            let last = parts.last();
            let findings = last.filter(|_| kind == ConfigKind::Text).map(plain).unwrap_or_default();
            checked(last.map(|part| part.text.clone()).unwrap_or_default(), findings)
        }
    }
}

fn checked(text: String, findings: Vec<Finding>) -> Result<Assembled, Vec<Finding>> {
    match findings.iter().all(|finding| finding.warning) {
        true => Ok((text, findings)),
        false => Err(findings),
    }
}

/// What it is, for HTTP.
pub(super) fn media_type(kind: ConfigKind) -> &'static str {
    match kind {
        ConfigKind::Ignition => "application/vnd.coreos.ignition+json",
        ConfigKind::AutoYast => "application/xml; charset=utf-8",
        _ => "text/plain; charset=utf-8",
    }
}

/// One after another: debconf and Anaconda take the last of several answers to the same question.
fn concatenated(parts: &[Part<'_>]) -> String {
    let mut text = String::new();
    for part in parts {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(&part.text);
    }
    text
}

impl Part<'_> {
    /// Something about a place in its text, line and column counted from 1: at the user's own line, where that can be told.
    pub(super) fn finding(&self, line: usize, column: usize, message: &str) -> Finding {
        let file = &self.config.file;
        let nth = |text: &str, line: usize| text.lines().nth(line.saturating_sub(1)).unwrap_or_default().to_owned();
        let rendered = nth(&self.text, line);
        match source_line(&file.text, &self.text, line) {
            Some(own) => {
                // Where the template has changed the line, columns are others.
                let column = if nth(&file.text, own) == rendered { column } else { 1 };
                Finding { column, ..Finding::error(&file.file, own, message.to_owned()) }
            }
            None => {
                let quoted: String = rendered.trim().chars().take(80).collect();
                Finding::error(&file.file, 1, format!("{message} (line {line} of the rendered text: `{quoted}`)"))
            }
        }
    }
}
