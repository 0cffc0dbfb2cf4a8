//! For whom something is rendered, and what a template sees of it. docs/configs.md lists the same for users.

use crate::{
    Ask, Decision, Token, Urls, configs,
    find_disk::find_disk,
    templates::{Fleet, Vault, fqdn},
};
use firstlight_model::{Domain, Ipv4Net, Mac, Uuid};
use firstlight_site::{DiskChoice, DiskMatch, Network, Profile, Site, Vars};
use minijinja::{Value, value::Serde};
use serde::Serialize;
use std::{collections::BTreeMap, net::Ipv4Addr, sync::Arc};

/// For whom something is rendered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) ask: &'a Ask,
    pub(crate) decision: &'a Decision<'a>,
    pub(crate) network: &'a Network,
    pub(crate) urls: Urls,
    pub(crate) token: &'a Token,
}

impl Subject<'_> {
    /// The machine's name, or for a stranger its hardware address with hyphens, which is a valid host name.
    pub(crate) fn name(&self) -> String {
        match self.decision.machine {
            Some(machine) => machine.name.to_string(),
            None => self.ask.mac.to_string().replace(':', "-"),
        }
    }

    /// What a template of `profile` sees.
    pub(crate) fn context(&self, site: &Site, fleet: &Fleet, vault: Arc<Vault>, profile: &Profile) -> Value {
        let machine = self.decision.machine;
        let class = self.decision.class.map(|class| class.name.as_str());
        let name = self.name();
        let of_attempt = |url: String| self.token.is_of_attempt().then_some(url);
        let documents = match self.token.is_of_attempt() {
            true => configs::documents(self.decision),
            false => Vec::new(),
        };
        let config_url = documents.first().map(|document| self.urls.config(self.token, &document.name));
        let config_urls =
            documents.iter().map(|document| (document.name.clone(), self.urls.config(self.token, &document.name)));
        // The first of each kind: the others have to be named.
        let by_kind = documents.iter().rev();
        let by_kind = by_kind.map(|d| (d.kind.to_string(), self.urls.config(self.token, &d.name))).collect();
        let domain = self.network.domain.as_ref().or(site.domain.as_ref());
        Value::from(Serde(Context {
            machine: OfMachine {
                fqdn: fqdn(&name, domain),
                name,
                declared: machine.is_some(),
                mac: self.ask.mac,
                bootif: self.ask.mac.bootif(),
                uuid: machine.and_then(|m| m.uuid).or(self.ask.uuid),
                serial: machine.and_then(|m| m.serial.as_deref()).or(self
                    .ask
                    .serial
                    .as_deref()
                    .filter(|said| is_plain(said))),
                address: machine.and_then(|m| m.address),
                class,
            },
            peers: class.map(|class| fleet.members(class, machine.map(|machine| machine.name.as_str()))),
            members: class.map(|class| fleet.members(class, None)),
            vars: self.decision.vars(),
            secrets: Value::from_dyn_object(vault),
            install: profile.install.as_ref().map(|install| OfInstall {
                disk: install.disk.path(),
                wanted: match &install.disk {
                    DiskChoice::Path(_) => None,
                    DiskChoice::Fitting(wanted) => Some(wanted),
                },
                find_disk: find_disk(&install.disk, &self.urls.report(self.token)),
            }),
            profile: OfProfile { name: &profile.name, title: &profile.title },
            site: OfSite { name: &site.name, domain },
            network: OfNetwork {
                name: &self.network.name,
                subnet: self.network.subnet,
                mask: self.network.subnet.mask(),
                gateway: self.network.gateway,
                dns: &self.network.dns,
                ntp: &self.network.ntp,
                domain,
            },
            server: OfServer { address: self.urls.address, url: self.urls.base() },
            config_url,
            config_urls: config_urls.collect(),
            config_by_kind: by_kind,
            seed_url: of_attempt(self.urls.configs(self.token)),
            report_url: of_attempt(self.urls.report(self.token)),
            inventory_url: of_attempt(self.urls.inventory(self.token)),
            parked_url: of_attempt(self.urls.parked(self.token)),
        }))
    }
}

/// True for a serial number that stays one word wherever a template puts it: what a stranger says of itself must not
/// become a command of iPXE (`||`, `${…}`), another kernel argument or another line of a config.
fn is_plain(serial: &str) -> bool {
    serial.chars().all(|c| c.is_ascii_alphanumeric() || "-._:/+".contains(c))
}

/// What a template sees. What is not set is left out, so that using it is an error and not the word `none`.
#[derive(Serialize)]
struct Context<'a> {
    machine: OfMachine<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    peers: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<Value>,
    vars: Vars,
    secrets: Value,
    profile: OfProfile<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    install: Option<OfInstall<'a>>,
    site: OfSite<'a>,
    network: OfNetwork<'a>,
    server: OfServer,
    #[serde(skip_serializing_if = "Option::is_none")]
    config_url: Option<String>,
    config_urls: BTreeMap<String, String>,
    config_by_kind: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    report_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inventory_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parked_url: Option<String>,
}

#[derive(Serialize)]
struct OfMachine<'a> {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    fqdn: Option<String>,
    declared: bool,
    mac: Mac,
    bootif: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uuid: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<Ipv4Addr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<&'a str>,
}

#[derive(Serialize)]
struct OfProfile<'a> {
    name: &'a str,
    title: &'a str,
}

#[derive(Serialize)]
struct OfInstall<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    disk: Option<&'a str>,
    #[serde(rename = "match", skip_serializing_if = "Option::is_none")]
    wanted: Option<&'a DiskMatch>,
    find_disk: String,
}

#[derive(Serialize)]
struct OfSite<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<&'a Domain>,
}

#[derive(Serialize)]
struct OfNetwork<'a> {
    name: &'a str,
    subnet: Ipv4Net,
    mask: Ipv4Addr,
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway: Option<Ipv4Addr>,
    dns: &'a [Ipv4Addr],
    ntp: &'a [Ipv4Addr],
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<&'a Domain>,
}

#[derive(Serialize)]
struct OfServer {
    address: Ipv4Addr,
    url: String,
}
