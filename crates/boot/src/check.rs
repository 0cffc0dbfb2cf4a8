//! Every template and config of a site, rendered for every machine that would be served it: so that mistakes are found at
//! `firstlight check` and not at a boot.

use crate::{
    Ask, BootSet, Client, Finding, Outcome, RenderError, Secrets, Token, configs::Recipient, decide::Why,
    subject::Subject, templates::Origin,
};
use firstlight_model::Firmware;
use firstlight_site::{Machine, Network, Place, Site};
use std::collections::{BTreeMap, BTreeSet};

/// Something about a template or a config that was found before any machine asks for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConfigProblem {
    /// What and where.
    pub finding: Finding,
    /// The text of the file that it stands in; empty where that is one of the site's own HCL files.
    pub text: String,
    /// Where the site names the template.
    pub named_at: Place,
    /// The machines that it is about; empty where that does not depend on the machine.
    pub machines: Vec<String>,
}

/// The same thing is found once, for all machines that have it.
#[derive(Default)]
struct Found(BTreeMap<(Finding, Place), BTreeSet<String>>);

impl Found {
    fn add(&mut self, finding: Finding, named_at: &Place, machine: Option<&Machine>) {
        let machines = self.0.entry((finding, named_at.clone())).or_default();
        machines.extend(machine.map(|machine| machine.name.to_string()));
    }

    fn add_error(&mut self, error: RenderError, named_at: &Place, machine: Option<&Machine>) {
        self.add(error.into(), named_at, machine);
    }
}

/// Renders every template for every machine that would be served it, puts its configs together and checks them, and
/// compiles the rest.
pub fn check_configs(site: &Site) -> Vec<ConfigProblem> {
    let set = BootSet::new(site.clone(), BTreeMap::new(), BTreeMap::new(), 0);
    let mut found = Found::default();
    for origin in Origin::all(site) {
        if let Some(error) = set.templates.broken(&origin) {
            found.add_error(error.clone(), origin.named_at, None);
        }
    }
    for machine in site.machines.values() {
        set.check_machine(machine, &mut found);
    }
    let problem = |((finding, named_at), machines): ((Finding, Place), BTreeSet<String>)| ConfigProblem {
        text: site
            .text_files()
            .find(|text| text.file == finding.file)
            .map_or(String::new(), |file| file.text.to_string()),
        finding,
        named_at,
        machines: machines.into_iter().collect(),
    };
    found.0.into_iter().map(problem).collect()
}

impl BootSet {
    /// The network that a machine is on: its address tells; else the first.
    pub fn network_for(&self, machine: Option<&Machine>) -> Option<&Network> {
        let by_address = machine.and_then(|machine| machine.address).and_then(|address| self.network_of(address));
        by_address.or(self.site.networks.first())
    }

    fn check_machine(&self, machine: &Machine, found: &mut Found) {
        let ask = Ask { client: Client::Ipxe(Some(Firmware::Bios)), ..Ask::of(machine) };
        let decision = self.by_site(&ask, None, Why::nothing());
        let (Outcome::Profile(profile), Some(network)) = (&decision.outcome, self.network_for(Some(machine))) else {
            return;
        };
        let token = Token::placeholder();
        let secrets = Secrets::Shown;
        let recipient = Recipient { ask: &ask, decision: &decision, network, token: &token, secrets };
        if let Some(origin) = Origin::of_boot(profile) {
            let subject = Subject { ask: &ask, decision: &decision, network, urls: self.urls(network), token: &token };
            if let Err(error) = self.templates.render(&origin, &self.open_context(&subject, profile)) {
                found.add_error(error, origin.named_at, self.unless_broken(&origin, machine));
            }
        }
        self.check_documents(&recipient, machine, found);
    }

    fn check_documents(&self, recipient: &Recipient<'_>, machine: &Machine, found: &mut Found) {
        let documents = match self.documents(recipient.decision) {
            Ok(documents) => documents,
            Err(unclear) => {
                let place = unclear.place.clone();
                return found.add(unclear.into(), &place, Some(machine));
            }
        };
        for document in &documents {
            let findings = match self.render_document(recipient, document) {
                Ok(rendered) => rendered.warnings,
                Err(not) => not.findings,
            };
            for finding in findings {
                let part = document.parts.iter().find(|part| part.file.file == finding.file);
                let Some(part) = part.or(document.parts.first()) else { continue };
                let machine = self.unless_broken(&Origin::of_file(&part.file), machine);
                found.add(finding, &part.file.place, machine);
            }
        }
    }

    /// What does not compile does so for nobody.
    fn unless_broken<'m>(&self, origin: &Origin<'_>, machine: &'m Machine) -> Option<&'m Machine> {
        self.templates.broken(origin).is_none().then_some(machine)
    }
}
