//! Each `#cloud-config` of a site as one of its machines gets it: for a checker outside of this program, such as cloud-init's
//! own schema. One machine is enough there, for what differs from one to the next are values. Secrets are not in it.

use super::{Finding, Recipient, assemble::Part, documents};
use crate::{Ask, BootSet, ConfigProblem, Secrets, Token, decide::Why};
use firstlight_cloudinit::Kind;
use firstlight_site::{Config, ConfigKind, Machine, Site};
use std::collections::{BTreeMap, BTreeSet};

/// A file, rendered.
#[derive(Debug, Clone)]
pub struct CloudConfig {
    /// What cloud-init would read.
    pub text: String,
    config: Config,
}

impl CloudConfig {
    /// The file, relative to the site's folder.
    pub fn file(&self) -> &str {
        &self.config.file.file
    }

    /// Something odd about a line of the rendered text, for the site's report.
    pub fn warning(&self, line: usize, message: &str) -> ConfigProblem {
        let part = Part { config: &self.config, text: self.text.clone() };
        let finding = Finding { warning: true, ..part.finding(line, 1, message) };
        let (text, named_at) = (self.config.file.text.to_string(), self.config.file.place.clone());
        ConfigProblem { finding, text, named_at, machines: Vec::new() }
    }
}

/// Those of all machines; each file once.
pub fn cloud_configs(site: &Site) -> Vec<CloudConfig> {
    let set = BootSet::new(site.clone(), BTreeMap::new(), BTreeMap::new(), 0);
    let mut seen = BTreeSet::new();
    site.machines.values().flat_map(|machine| set.cloud_configs_of(machine, &mut seen)).collect()
}

impl BootSet {
    fn cloud_configs_of(&self, machine: &Machine, seen: &mut BTreeSet<String>) -> Vec<CloudConfig> {
        let (ask, token) = (Ask::of(machine), Token::placeholder());
        let decision = self.by_site(&ask, None, Why::nothing());
        let Some(network) = self.network_for(Some(machine)) else { return Vec::new() };
        let recipient =
            Recipient { ask: &ask, decision: &decision, network, token: &token, secrets: Secrets::Redacted };
        let read = [ConfigKind::UserData, ConfigKind::VendorData];
        let documents = documents(&decision).into_iter().filter(|document| read.contains(&document.kind));
        let parts = documents.flat_map(|document| self.rendered_parts(&recipient, &document));
        let new = parts.filter(|(config, _)| seen.insert(config.file.file.clone()));
        let rendered = new.filter_map(|(config, text)| Some((config, text.ok()?)));
        let cloud_configs = rendered.filter(|(_, text)| Kind::of(text) == Some(Kind::CloudConfig));
        cloud_configs.map(|(config, text)| CloudConfig { text, config: config.clone() }).collect()
    }
}
