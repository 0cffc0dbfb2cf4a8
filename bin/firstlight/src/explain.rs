//! `firstlight explain`: what a machine would boot, and why. The same pure decision as the servers'.

mod text;

use crate::{Failure, Outcome, output, site, timeline};
use firstlight_boot::{Ask, BootSet, Client, Content, FirstStep, Recipient, Secrets, Token, loaders};
use firstlight_model::{Firmware, Mac, Uuid};
use firstlight_plan::Standing;
use firstlight_serve::now;
use firstlight_site::{Machine, Network, Site, Then};
use firstlight_state::{Diagnosis, Event, Who, read_events, read_standings};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    path::{Path, PathBuf},
};

#[derive(clap::Args)]
#[command(override_usage = "firstlight explain [OPTIONS] [SITE] <MACHINE>")]
pub(crate) struct Args {
    /// The machine: a declared name, a MAC address, a UUID or a declared serial number; before it the site's folder
    #[arg(required = true, num_args = 1..=2, value_names = ["SITE", "MACHINE"])]
    site_and_machine: Vec<String>,
    /// What the machine's firmware would say of itself; by default every one that there is a loader for
    #[arg(long, value_enum)]
    firmware: Option<FirmwareName>,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
    /// Where the server keeps where machines stand; `.firstlight/state` in the site where not given
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum FirmwareName {
    Bios,
    Uefi,
    UefiHttp,
}

/// Stands for a hardware address that is not known: from the block that RFC 7042 keeps for documentation.
const UNKNOWN_MAC: Mac = Mac([0x00, 0x00, 0x5e, 0x00, 0x53, 0xfe]);

/// The whole explanation.
#[derive(Serialize)]
struct Explanation {
    /// `None` for a machine that is known by its UUID or serial number alone: `MAC` stands for it then.
    #[serde(skip_serializing_if = "Option::is_none")]
    mac: Option<Mac>,
    #[serde(skip_serializing_if = "Option::is_none")]
    machine: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uuid: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial: Option<String>,
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
    /// What was recorded of its last boot.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    last_boot: Vec<Event>,
    /// What that waits for, where it has come to a halt.
    #[serde(skip_serializing_if = "Option::is_none")]
    halted: Option<Diagnosis>,
}

pub(crate) fn run(args: Args) -> Outcome {
    let (dir, machine) = match args.site_and_machine.as_slice() {
        [site, machine] => (PathBuf::from(site), machine),
        [machine] => (std::env::var_os("FIRSTLIGHT_SITE").map_or_else(|| PathBuf::from("."), PathBuf::from), machine),
        _ => return Err(Failure::Failed("expected a site and a machine".to_owned())),
    };
    let site = site::load(&dir)?;
    let ask = ask_for(&site, machine, args.firmware)?;
    let set = with_placeholders(site);
    let state = site::state_dir(&dir, args.state.as_ref());
    let standing = standing(&set, &ask, &state)?;
    let mut explanation = explain(&set, &ask, &standing, args.firmware)?;
    let events = recorded(&set, &ask, &state)?;
    explanation.halted = timeline::halted(&events, now());
    explanation.last_boot = timeline::boots(&events).last().map(|boot| boot.to_vec()).unwrap_or_default();
    if args.json { output::json(&explanation) } else { output::print(&explanation.text(output::width())) }
}

/// Who is meant: a declared machine's name or serial number, or a hardware address or UUID, declared or not.
pub(crate) fn ask_for(site: &Site, who: &str, firmware: Option<FirmwareName>) -> Result<Ask, Failure> {
    let client = Client::Ipxe(Some(match firmware {
        None | Some(FirmwareName::Bios) => Firmware::Bios,
        Some(FirmwareName::Uefi | FirmwareName::UefiHttp) => Firmware::UefiAmd64,
    }));
    let by_serial = || site.machines.values().find(|machine| machine.serial.as_deref() == Some(who));
    if let Some(declared) = site.machines.get(&who.to_lowercase()).or_else(by_serial) {
        let mac = declared.mac.unwrap_or(UNKNOWN_MAC);
        return Ok(Ask { mac, uuid: declared.uuid, serial: declared.serial.clone(), client });
    }
    if let Ok(mac) = who.parse() {
        return Ok(Ask { mac, uuid: None, serial: None, client });
    }
    if let Ok(uuid) = who.parse() {
        return Ok(Ask { mac: UNKNOWN_MAC, uuid: Some(uuid), serial: None, client });
    }
    Err(Failure::Failed(format!("{who} is no MAC address or UUID, and no declared machine; declared: {}", names(site))))
}

/// The names of the declared machines; of many, the first ones.
fn names(site: &Site) -> String {
    const SHOWN: usize = 12;
    let names: Vec<&str> = site.machines.keys().map(String::as_str).take(SHOWN).collect();
    match site.machines.len().saturating_sub(SHOWN) {
        0 if names.is_empty() => "none".to_owned(),
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

/// A BootSet for looking at: every asset and loader stands for itself, nothing is read.
fn with_placeholders(site: Site) -> BootSet {
    let nothing = || Content::Bytes(Vec::new().into());
    let assets = site.assets.keys().map(|name| (name.clone(), nothing())).collect();
    let files = loaders(&site).into_iter().flat_map(|loader| loader.files).filter(|file| file.path.is_file());
    let loaders = files.map(|file| (file.name, nothing())).collect();
    BootSet::new(site, assets, loaders, 0)
}

/// Where the machine stands, by what the server has kept; at the beginning where it has kept nothing.
fn standing(set: &BootSet, ask: &Ask, state: &Path) -> Result<Standing, Failure> {
    let machine = set.machine_of(ask).map(|machine| Who::Machine(machine.name.to_string()));
    let who = machine.unwrap_or(Who::Stranger(ask.mac));
    let known = read_standings(state)?.into_iter().find(|(other, _)| *other == who);
    Ok(known.map(|(_, standing)| standing).unwrap_or_default())
}

/// What the server has recorded of it.
fn recorded(set: &BootSet, ask: &Ask, state: &Path) -> Result<Vec<Event>, Failure> {
    let machine = set.machine_of(ask).map(|machine| machine.name.to_string());
    let mac = (ask.mac != UNKNOWN_MAC).then_some(ask.mac);
    if machine.is_none() && mac.is_none() {
        return Ok(Vec::new());
    }
    Ok(read_events(state, site::events_of(state, mac, machine)?).collect::<Result<_, _>>()?)
}

/// What would be answered if the machine, where it stands, asked now.
fn explain(set: &BootSet, ask: &Ask, standing: &Standing, only: Option<FirmwareName>) -> Result<Explanation, Failure> {
    let decision = set.decide(ask, None, &set.foresee(ask, None, standing, now()));
    let network = network_for(set, decision.machine)?;
    let token = Token::placeholder();
    let secure = decision.secure_boot(set.site.secure_boot);
    let script = match grub_asks(set, only, secure) {
        Some(firmware) => {
            let ask = Ask { client: Client::Grub(Some(firmware)), ..ask.clone() };
            set.grub_script(&ask, &decision, network, &token).map(Some)
        }
        None => set.script(ask, &decision, network, &token),
    };
    let script = script.map_err(|error| Failure::Failed(error.to_string()))?.map(|script| veiled(ask, &script));
    let recipient = Recipient { ask, decision: &decision, network, token: &token, secrets: Secrets::Redacted };
    Ok(Explanation {
        mac: (ask.mac != UNKNOWN_MAC).then_some(ask.mac),
        machine: decision.machine.map(|machine| machine.name.to_string()),
        uuid: ask.uuid,
        serial: ask.serial.clone(),
        address: decision.machine.and_then(|machine| machine.address),
        network: network.name.clone(),
        boots: decision.summary(),
        reasons: decision.reasons.iter().map(|reason| veiled(ask, &reason.to_string())).collect(),
        first_step: first_steps(set, ask, network, only, secure),
        script,
        configs: configs(set, &recipient)?,
        last_boot: Vec::new(),
        halted: None,
    })
}

/// What it would be served, by name.
fn configs(set: &BootSet, recipient: &Recipient<'_>) -> Result<BTreeMap<String, String>, Failure> {
    let mut configs = BTreeMap::new();
    for document in set.all_documents(recipient)? {
        if let Some(config) = set.config(recipient, &document.name) {
            configs.insert(document.name, veiled(recipient.ask, &config?.text));
        }
    }
    Ok(configs)
}

/// A text in which a made-up hardware address, however it is written, is not taken for a real one.
pub(crate) fn veiled(ask: &Ask, text: &str) -> String {
    if ask.mac != UNKNOWN_MAC {
        return text.to_owned();
    }
    let written = UNKNOWN_MAC.to_string();
    text.replace(&written, "MAC").replace(&written.replace(':', "-"), "MAC")
}

/// The network that a machine is on.
pub(crate) fn network_for<'a>(set: &'a BootSet, machine: Option<&Machine>) -> Result<&'a Network, Failure> {
    set.network_for(machine).ok_or_else(|| Failure::Failed("the site has no network".to_owned()))
}

/// What DHCP tells the firmware, and then iPXE. It is not told the serial number.
fn first_steps(
    set: &BootSet,
    ask: &Ask,
    network: &Network,
    only: Option<FirmwareName>,
    secure: bool,
) -> BTreeMap<String, String> {
    let usual = [
        (Some(FirmwareName::Bios), Client::Pxe(Firmware::Bios)),
        (Some(FirmwareName::Uefi), Client::Pxe(Firmware::UefiAmd64)),
        (Some(FirmwareName::UefiHttp), Client::HttpBoot(Firmware::UefiAmd64Http)),
    ];
    let all = usual.into_iter().chain(by_loaders(set, &usual)).chain([(None, ask.client)]);
    let asked = all.filter(|(name, client)| only.is_none() || *name == only || *client == ask.client);
    let step = |(_, client)| {
        let step = match set.greet(&Ask { client, serial: None, ..ask.clone() }, network).step {
            FirstStep::Silence => "no answer".to_owned(),
            FirstStep::AddressOnly => "an address and nothing to boot: no loader for it is there".to_owned(),
            FirstStep::Tftp(file) => {
                format!("load {file} by TFTP from {}{}", network.address, then(set, client, secure))
            }
            FirstStep::Url(url) => {
                format!("load {}{}", veiled(ask, &url), then(set, client, secure))
            }
        };
        (client.to_string(), step)
    };
    asked.map(step).collect()
}

/// The firmware that only a loader of the site's own can start; shown where no firmware is asked for by name.
fn by_loaders(set: &BootSet, usual: &[(Option<FirmwareName>, Client)]) -> Vec<(Option<FirmwareName>, Client)> {
    let client =
        |firmware: Firmware| if firmware.is_http() { Client::HttpBoot(firmware) } else { Client::Pxe(firmware) };
    let all = set.loaders().iter().flat_map(|loader| &loader.firmware).map(|firmware| (None, client(*firmware)));
    all.filter(|(_, client)| !usual.iter().any(|(_, known)| known == client)).collect()
}

/// The firmware, where its loader asks for a script in GRUB's language. With `secure_boot` UEFI is meant, where no
/// firmware is named.
fn grub_asks(set: &BootSet, only: Option<FirmwareName>, secure: bool) -> Option<Firmware> {
    let firmware = match only {
        None if secure => Firmware::UefiAmd64,
        None | Some(FirmwareName::Bios) => Firmware::Bios,
        Some(FirmwareName::Uefi) => Firmware::UefiAmd64,
        Some(FirmwareName::UefiHttp) => Firmware::UefiAmd64Http,
    };
    let loader = set.loaders().iter().find(|l| l.secure_boot == secure && l.firmware.contains(&firmware))?;
    (loader.then == Then::Grub).then_some(firmware)
}

/// What follows on a loader, where that is not iPXE's script.
fn then(set: &BootSet, client: Client, secure: bool) -> &'static str {
    let (Client::Pxe(firmware) | Client::HttpBoot(firmware)) = client else { return "" };
    match set.loader_for(firmware, secure).map(|loader| loader.then) {
        Some(Then::Grub) => ", which asks for a script in GRUB's language",
        Some(Then::Nothing) => ", which asks for no script",
        Some(Then::Ipxe) | None => "",
    }
}
