//! cloud-init's four parts (crate `cloudinit`): those that the site has are checked and put together, those that it has none
//! of are made from what it says of the machine.

use super::{
    Finding, NotRendered, Recipient, Rendered,
    assemble::{Assembled, Part, media_type},
    documents, report,
};
use crate::{Ask, BootSet, Decision, Outcome, Secrets, Token, decide::Why};
use firstlight_cloudinit::{
    self as cloudinit, Instance, Link, META_DATA, NAMES, NETWORK_CONFIG, USER_DATA, VENDOR_DATA, check::Weight,
};
use firstlight_site::{Boot, ConfigKind, DhcpMode, Machine, Profile};
use sha2::{Digest, Sha256};

/// What a template calls the folder of URLs that cloud-init fetches its parts from.
const SEED_URL: &str = "seed_url";
/// The four parts.
pub(super) const KINDS: [(&str, ConfigKind); 4] = [
    (USER_DATA, ConfigKind::UserData),
    (META_DATA, ConfigKind::MetaData),
    (VENDOR_DATA, ConfigKind::VendorData),
    (NETWORK_CONFIG, ConfigKind::NetworkConfig),
];
/// How much of an attempt's id makes another instance.
const ID_LENGTH: usize = 8;

/// The site's own parts of one of the four, checked and joined.
pub(super) fn assemble(name: &str, parts: &[Part<'_>]) -> Result<Assembled, Vec<Finding>> {
    let mut findings: Vec<Finding> = parts.iter().flat_map(|part| checked(name, part)).collect();
    // A server that no longer checks its own site must not serve what none of its parts can be.
    if findings.iter().any(|finding| !finding.warning) {
        return Err(findings);
    }
    if name == META_DATA || name == NETWORK_CONFIG {
        return Ok((parts.last().map(|part| part.text.clone()).unwrap_or_default(), findings));
    }
    let names: Vec<String> = parts.iter().map(|part| base_name(&part.config.file.file)).collect();
    let texts: Vec<_> =
        names.iter().zip(parts).map(|(name, part)| cloudinit::Part { name, text: &part.text }).collect();
    match (cloudinit::join(&texts), parts.last()) {
        (Ok(text), _) => Ok((text, findings)),
        (Err(unjoined), part) => {
            findings.extend(part.map(|part| part.finding(1, 1, &unjoined.to_string())));
            Err(findings)
        }
    }
}

fn checked(name: &str, part: &Part<'_>) -> Vec<Finding> {
    let findings = cloudinit::check(name, &part.text).unwrap_or_default();
    let place = |found: cloudinit::check::Finding| Finding {
        warning: found.weight == Weight::Warning,
        help: found.help,
        ..part.finding(found.line, found.column, &found.message)
    };
    findings.into_iter().map(place).collect()
}

/// A file's name as one word of a header.
fn base_name(file: &str) -> String {
    let base = file.rsplit('/').next().unwrap_or(file);
    base.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' }).collect()
}

/// True where a machine reports when cloud-init is done, by what is made for it.
pub(crate) fn reports(decision: &Decision<'_>) -> bool {
    let Outcome::Profile(profile) = &decision.outcome else { return false };
    let has_own = documents(decision).iter().any(|document| document.kind == ConfigKind::VendorData);
    fetches_seed(profile) && profile.install.is_none() && !has_own && !says_where_to_report(profile, decision)
}

fn says_where_to_report(profile: &Profile, decision: &Decision<'_>) -> bool {
    profile.reports() || report(decision)
}

fn fetches_seed(profile: &Profile) -> bool {
    match &profile.boot {
        Boot::Linux(linux) => linux.args.contains(SEED_URL),
        Boot::Script(script) => script.text.contains(SEED_URL),
        Boot::Disk(_) | Boot::Menu => false,
    }
}

/// True where a machine is booted into something that reads what cloud-init reads.
fn is_read(decision: &Decision<'_>) -> bool {
    let Outcome::Profile(profile) = &decision.outcome else { return false };
    fetches_seed(profile) || documents(decision).iter().any(|document| NAMES.contains(&&*document.name))
}

impl BootSet {
    /// One of the four parts for a machine that is booted into cloud-init, where the site has no config of that name.
    pub(super) fn made_for_cloud_init(&self, recipient: &Recipient<'_>, name: &str) -> Option<Rendered> {
        let Outcome::Profile(profile) = &recipient.decision.outcome else { return None };
        let attempt = || Sha256::digest(recipient.token.as_str()).iter().map(|byte| format!("{byte:02x}")).collect();
        let instance: Option<String> = profile.install.is_some().then(attempt);
        let instance = instance.as_deref().and_then(|id| id.get(..ID_LENGTH));
        let text = is_read(recipient.decision).then(|| self.made(recipient, name, instance)).flatten()?;
        let media_type = media_type(ConfigKind::UserData);
        Some(Rendered { text, media_type, warnings: Vec::new(), secrets: Vec::new() })
    }

    fn made(&self, recipient: &Recipient<'_>, name: &str, instance: Option<&str>) -> Option<String> {
        match name {
            USER_DATA => cloudinit::join(&[]).ok(),
            META_DATA => Some(self.meta_data(recipient, instance)),
            NETWORK_CONFIG => network_config(recipient),
            VENDOR_DATA => {
                let url = || self.urls(recipient.network).report(recipient.token);
                Some(cloudinit::vendor_data(reports(recipient.decision).then(url).as_deref()))
            }
            _ => None,
        }
    }

    fn meta_data(&self, recipient: &Recipient<'_>, install: Option<&str>) -> String {
        let machine = recipient.subject(self).name();
        let domain = recipient.network.domain.as_ref().or(self.site.domain.as_ref());
        Instance { machine: &machine, domain, install, site: &self.site.name }.meta_data()
    }

    /// Everything that cloud-init reads of a machine from a drive: name and text of each file. There is no attempt, so that
    /// a template that uses one of its URLs is an error. `instance` makes it another instance than one before.
    ///
    /// # Errors
    /// What is wrong with the site's own parts.
    pub fn seed(&self, machine: &Machine, instance: Option<&str>) -> Result<Vec<(String, String)>, NotRendered> {
        let (ask, token) = (Ask::of(machine), Token::of_no_attempt());
        let decision = self.by_site(&ask, None, Why::nothing());
        let Some(network) = self.network_for(Some(machine)) else { return Ok(Vec::new()) };
        let recipient = Recipient { ask: &ask, decision: &decision, network, token: &token, secrets: Secrets::Shown };
        let mut files = Vec::new();
        for name in NAMES {
            let own = self.own_config(&recipient, name).transpose()?.map(|config| config.text);
            let text = own.or_else(|| match name {
                // It would report, and knows not where.
                VENDOR_DATA => None,
                // Without a hardware address it is not known which card is meant: cloud-init asks DHCP by itself.
                NETWORK_CONFIG if machine.mac.is_none() => None,
                name => self.made(&recipient, name, instance),
            });
            files.extend(text.map(|text| (name.to_owned(), text)));
        }
        Ok(files)
    }
}

/// The machine's own address, where it is ours to give and of the network that it asks from.
fn network_config(recipient: &Recipient<'_>) -> Option<String> {
    let (network, machine) = (recipient.network, recipient.decision.machine);
    let is_ours = network.dhcp.mode == DhcpMode::Authoritative;
    let address = machine.and_then(|machine| machine.address).filter(|it| is_ours && network.subnet.contains(*it));
    let link = Link {
        network: &network.name,
        mac: recipient.ask.mac,
        address,
        subnet: network.subnet,
        gateway: network.gateway,
        dns: &network.dns,
        search: network.search.iter().collect(),
        mtu: network.mtu,
        routes: network.routes.iter().map(|route| (route.to, route.via)).collect(),
    };
    Some(link.network_config())
}
