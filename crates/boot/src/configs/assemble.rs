//! Rendered parts → the config that is served, in the way of its kind.

use super::{Finding, cloud_init, installers, lines::source_line};
use firstlight_site::{Config, ConfigKind};

/// A part, rendered.
pub(super) struct Part<'a> {
    pub(super) config: &'a Config,
    pub(super) text: String,
}

/// The text, and what is odd about it.
pub(super) type Assembled = (String, Vec<Finding>);

/// Puts the parts together, the most general first.
pub(super) fn assemble(kind: ConfigKind, parts: &[Part<'_>]) -> Result<Assembled, Vec<Finding>> {
    match kind {
        ConfigKind::Preseed => checked(concatenated(parts), parts.iter().flat_map(installers::preseed).collect()),
        ConfigKind::Kickstart => checked(concatenated(parts), parts.iter().flat_map(installers::kickstart).collect()),
        ConfigKind::UserData | ConfigKind::VendorData | ConfigKind::MetaData | ConfigKind::NetworkConfig => {
            cloud_init::assemble(kind.usual_name().unwrap_or_default(), parts)
        }
        _ => checked(parts.last().map(|part| part.text.clone()).unwrap_or_default(), Vec::new()),
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
    /// The same with a column, where its line is the user's own as it stands.
    pub(super) fn finding_at(&self, line: usize, column: usize, message: &str) -> Finding {
        let finding = self.finding(line, message);
        let own = self.config.file.text.lines().nth(finding.line.saturating_sub(1));
        let same = own.is_some() && own == self.text.lines().nth(line.saturating_sub(1));
        Finding { column: if same { column } else { 1 }, ..finding }
    }

    /// Something about a line of its text: at the user's own line, where that can be told.
    pub(super) fn finding(&self, line: usize, message: &str) -> Finding {
        let file = &self.config.file;
        match source_line(&file.text, &self.text, line) {
            Some(own) => Finding::error(&file.file, own, message.to_owned()),
            None => {
                let quoted: String =
                    self.text.lines().nth(line.saturating_sub(1)).unwrap_or_default().trim().chars().take(80).collect();
                Finding::error(&file.file, 1, format!("{message} (line {line} of the rendered text: `{quoted}`)"))
            }
        }
    }
}
