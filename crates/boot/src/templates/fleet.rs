//! The site's machines as templates see them: so that a list of those to join writes itself.
//!
//! Of another machine a template sees what the site says of it. Secrets and tokens are not among that.

use firstlight_model::{Domain, Hostname, Mac, Uuid};
use firstlight_site::{Class, Machine, Site, Vars};
use minijinja::{Value, value::Serde};
use serde::Serialize;
use std::{collections::BTreeMap, net::Ipv4Addr};

/// The names by which templates ask for other machines.
const ASKED_FOR_BY: [&str; 3] = ["peers", "members", "of_class"];

/// The declared machines, by class.
#[derive(Debug, Default)]
pub(crate) struct Fleet {
    /// For each class: its machines by name, and whether they are of that class itself or of one that extends it.
    by_class: BTreeMap<String, BTreeMap<String, Member>>,
}

#[derive(Debug, Clone)]
struct Member {
    value: Value,
    itself: bool,
}

/// What one machine's templates see of another.
#[derive(Serialize)]
struct Seen<'a> {
    name: &'a Hostname,
    #[serde(skip_serializing_if = "Option::is_none")]
    fqdn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<Ipv4Addr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mac: Option<Mac>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uuid: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial: Option<&'a str>,
    class: &'a str,
    vars: Vars,
}

impl Fleet {
    /// The site's machines. They are not made where no template asks for them: a site may have many.
    pub(crate) fn of<'t>(site: &Site, mut texts: impl Iterator<Item = &'t str>) -> Fleet {
        let mut by_class: BTreeMap<String, BTreeMap<String, Member>> =
            site.classes.keys().map(|name| (name.clone(), BTreeMap::new())).collect();
        if !texts.any(|text| ASKED_FOR_BY.iter().any(|word| text.contains(word))) {
            return Fleet { by_class };
        }
        for machine in site.machines.values() {
            let Some(class) = machine.class.as_deref().and_then(|name| site.classes.get(name)) else { continue };
            let value = Value::from(Serde(seen(site, machine, class)));
            for of in site.line_of(class) {
                let member = Member { value: value.clone(), itself: of.name == class.name };
                by_class.entry(of.name.clone()).or_default().insert(machine.name.to_string(), member);
            }
        }
        Fleet { by_class }
    }

    /// The machines of exactly this class, sorted by name, but for one.
    pub(crate) fn members(&self, class: &str, but: Option<&str>) -> Value {
        let members = self.by_class.get(class).into_iter().flatten();
        members
            .filter(|(name, member)| member.itself && but != Some(*name))
            .map(|(_, member)| member.value.clone())
            .collect()
    }

    /// The machines of this class and of those that extend it, sorted by name.
    ///
    /// # Errors
    /// There is no such class: which there are.
    pub(super) fn of_class(&self, class: &str) -> Result<Value, String> {
        match self.by_class.get(class) {
            Some(members) => Ok(members.values().map(|member| member.value.clone()).collect()),
            None => {
                let known: Vec<&str> = self.by_class.keys().map(String::as_str).take(24).collect();
                Err(format!("there is no class `{class}`; known here: {}", known.join(", ")))
            }
        }
    }
}

fn seen<'s>(site: &'s Site, machine: &'s Machine, class: &'s Class) -> Seen<'s> {
    let network = machine.address.and_then(|address| site.networks.iter().find(|n| n.subnet.contains(address)));
    let domain = network.and_then(|network| network.domain.as_ref()).or(site.domain.as_ref());
    let profile = machine.profile.as_ref().or(class.profile.as_ref()).or(site.default_profile.as_ref());
    let mut vars = profile.and_then(|name| site.profiles.get(name)).map(|p| p.vars.clone()).unwrap_or_default();
    vars.extend(class.vars.clone());
    vars.extend(machine.vars.clone());
    Seen {
        name: &machine.name,
        fqdn: fqdn(machine.name.as_str(), domain),
        address: machine.address,
        mac: machine.mac,
        uuid: machine.uuid,
        serial: machine.serial.as_deref(),
        class: &class.name,
        vars,
    }
}

/// A machine's whole name, where it is in a domain.
pub(crate) fn fqdn(name: &str, domain: Option<&Domain>) -> Option<String> {
    domain.map(|domain| format!("{name}.{}", domain.as_str()))
}
