//! `firstlight explain`: what a machine would boot, and why. The same pure decision as the servers'.

use crate::{Failure, Outcome, output, site};
use firstlight_boot::{Ask, BootSet, Client, Content, FirstStep, LOADERS, Outcome as Boots, Token};
use firstlight_model::{Firmware, Mac};
use firstlight_site::{Boot, Machine, Network, Site};
use serde::Serialize;
use std::{collections::BTreeMap, net::Ipv4Addr, path::PathBuf};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The site's folder, then the machine; or just the machine, for the site in this folder
    #[arg(required = true, num_args = 1..=2, value_names = ["SITE", "MACHINE"])]
    site_and_machine: Vec<String>,
    /// What the machine's firmware would say of itself; by default every one that we have a loader for
    #[arg(long, value_enum)]
    firmware: Option<FirmwareName>,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FirmwareName {
    Bios,
    Uefi,
    UefiHttp,
}

/// The whole explanation.
#[derive(Serialize)]
struct Explanation {
    mac: Mac,
    #[serde(skip_serializing_if = "Option::is_none")]
    machine: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<Ipv4Addr>,
    network: String,
    boots: String,
    reasons: Vec<String>,
    /// By firmware: what DHCP tells it.
    first_step: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    script: Option<String>,
    configs: BTreeMap<String, String>,
}

pub(crate) fn run(args: Args) -> Outcome {
    let (dir, machine) = match args.site_and_machine.as_slice() {
        [site, machine] => (PathBuf::from(site), machine),
        [machine] => (std::env::var_os("FIRSTLIGHT_SITE").map_or_else(|| PathBuf::from("."), PathBuf::from), machine),
        _ => return Err(Failure::Failed("expected a site and a machine".to_owned())),
    };
    let site = site::load(&dir)?;
    let ask = ask_for(&site, machine)?;
    let explanation = explain(with_placeholders(site), ask, args.firmware)?;
    if args.json { output::json(&explanation) } else { output::print(&explanation.text()) }
}

/// Who is meant: a declared machine's name, or a hardware address, declared or not.
fn ask_for(site: &Site, machine: &str) -> Result<Ask, Failure> {
    let client = Client::Ipxe(Some(Firmware::Bios));
    if let Some(declared) = site.machines.get(&machine.to_lowercase()) {
        // One that is known by its UUID or serial number alone has no address that we know: any will do.
        let mac = declared.mac.unwrap_or(Mac([2, 0, 0, 0, 0, 0]));
        return Ok(Ask { mac, uuid: declared.uuid, serial: declared.serial.clone(), client });
    }
    match machine.parse() {
        Ok(mac) => Ok(Ask { mac, uuid: None, serial: None, client }),
        Err(_) => {
            let names: Vec<&str> = site.machines.keys().map(String::as_str).collect();
            let known = if names.is_empty() { "no machine".to_owned() } else { names.join(", ") };
            Err(Failure::Failed(format!(
                "{machine} is neither a MAC address nor a declared machine; declared: {known}"
            )))
        }
    }
}

/// A BootSet for looking at: every asset and loader stands for itself, nothing is read.
fn with_placeholders(site: Site) -> BootSet {
    let nothing = || Content::Bytes(Vec::new().into());
    let assets = site.assets.keys().map(|name| (name.clone(), nothing())).collect();
    let present = |file: &str| site.ipxe_dir.join(file).is_file();
    let loaders = LOADERS.iter().filter(|l| present(l.file)).map(|l| (l.file.to_owned(), nothing())).collect();
    BootSet::new(site, assets, loaders, 0)
}

fn explain(set: BootSet, ask: Ask, only: Option<FirmwareName>) -> Result<Explanation, Failure> {
    let decision = set.decide(&ask, None);
    let network = network_for(&set, decision.machine)?;
    let token = Token::placeholder();
    let script = match set.script(&ask, &decision, network, &token) {
        Ok(script) => script,
        Err(error) => return Err(Failure::Failed(error.to_string())),
    };
    let mut configs = BTreeMap::new();
    if let Boots::Profile(profile) = &decision.outcome
        && let Boot::Linux(linux) = &profile.boot
    {
        for name in linux.configs.keys() {
            if let Some(text) = set.config(&ask, &decision, network, &token, name) {
                configs.insert(name.clone(), text?);
            }
        }
    }
    Ok(Explanation {
        mac: ask.mac,
        machine: decision.machine.map(|machine| machine.name.to_string()),
        address: decision.machine.and_then(|machine| machine.address),
        network: network.name.clone(),
        boots: decision.outcome.summary(),
        reasons: decision.reasons.iter().map(ToString::to_string).collect(),
        first_step: first_steps(&set, &ask, network, only),
        script,
        configs,
    })
}

/// The network that a machine is on: its address tells; else the first.
fn network_for<'a>(set: &'a BootSet, machine: Option<&Machine>) -> Result<&'a Network, Failure> {
    let by_address = machine.and_then(|machine| machine.address).and_then(|address| set.network_of(address));
    by_address.or(set.site.networks.first()).ok_or_else(|| Failure::Failed("the site has no network".to_owned()))
}

fn first_steps(set: &BootSet, ask: &Ask, network: &Network, only: Option<FirmwareName>) -> BTreeMap<String, String> {
    let all = [
        (FirmwareName::Bios, Client::Pxe(Firmware::Bios)),
        (FirmwareName::Uefi, Client::Pxe(Firmware::UefiAmd64)),
        (FirmwareName::UefiHttp, Client::HttpBoot(Firmware::UefiAmd64Http)),
        (FirmwareName::Bios, Client::Ipxe(Some(Firmware::Bios))),
    ];
    let asked = all.into_iter().filter(|(name, _)| only.is_none_or(|only| only == *name));
    let step = |(_, client)| {
        let step = match set.greet(&Ask { client, ..ask.clone() }, network).step {
            FirstStep::Silence => "no answer".to_owned(),
            FirstStep::AddressOnly => "an address and nothing to boot (no loader for it)".to_owned(),
            FirstStep::Tftp(file) => format!("load {file} by TFTP from {}", network.address),
            FirstStep::Url(url) => format!("load {url}"),
        };
        (client.to_string(), step)
    };
    asked.map(step).collect()
}

impl Explanation {
    fn text(&self) -> String {
        let name = self.machine.as_deref().unwrap_or("an undeclared machine");
        let mut text =
            format!("{} is {name}, on network {}, and boots: {}\n\nWhy\n", self.mac, self.network, self.boots);
        for (n, reason) in self.reasons.iter().enumerate() {
            text.push_str(&format!("  {}. {reason}\n", n + 1));
        }
        let address = self.address.map_or_else(|| "one from the range".to_owned(), |address| address.to_string());
        text.push_str(&format!("\nAddress\n  {address}\n\nWhat DHCP tells it\n"));
        for (client, step) in &self.first_step {
            text.push_str(&format!("  {client:16} {step}\n"));
        }
        match &self.script {
            Some(script) => {
                text.push_str(&format!("\nIts script (TOKEN stands for the attempt's own)\n{}", indent(script)))
            }
            None => text.push_str("\nIts script\n  none: the answer is 404, and the firmware goes on to the disk\n"),
        }
        for (name, config) in &self.configs {
            text.push_str(&format!("\nConfig {name}\n{}", indent(config)));
        }
        text
    }
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}
