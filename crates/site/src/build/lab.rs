//! The `lab` block: the machines that `firstlight lab up` makes.

use super::machines::{mac, serial, uuid};
use crate::{
    Expect, Lab, LabFirmware, LabMachine, Machine, Network,
    fields::Fields,
    source::{At, Span},
    world::World,
};
use firstlight_model::{ByteSize, Hostname, Mac};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

const FIRMWARE: &[(&str, LabFirmware)] = &[
    ("bios", LabFirmware::Bios),
    ("uefi", LabFirmware::Uefi),
    ("uefi-http", LabFirmware::UefiHttp),
    ("uefi-secure", LabFirmware::UefiSecure),
    ("uefi-secure-http", LabFirmware::UefiSecureHttp),
    ("arm64", LabFirmware::Arm64),
    ("arm64-http", LabFirmware::Arm64Http),
];
const EXPECT: &[(&str, Expect)] =
    &[("config", Expect::Config), ("reported", Expect::Reported), ("parked", Expect::Parked)];
/// Less memory than this boots nothing; whoever writes it has left the unit out.
const LEAST_MEMORY: ByteSize = ByteSize(32 << 20);

pub(super) fn read(world: &World<'_>, declared: &BTreeMap<String, Machine>, networks: &[Network]) -> Option<Lab> {
    let block = world.find("lab", "")?;
    let fields = Fields::new(world, block);
    let mut machines: BTreeMap<String, LabMachine> = BTreeMap::new();
    let mut owners: BTreeMap<Mac, (Hostname, Span)> = BTreeMap::new();
    for inner in &block.blocks {
        let Some((machine, at)) = machine(&Fields::new(world, inner), declared, networks) else { continue };
        if let Some((owner, first)) = owners.insert(machine.mac, (machine.name.clone(), at)) {
            let note = fields.error(at, format!("the MAC address `{}` belongs to `{owner}` already", machine.mac));
            note.related(first, "first used here").next("give each lab machine its own");
        }
        machines.insert(machine.name.to_string(), machine);
    }
    Some(Lab { place: fields.place(), machines })
}

fn machine(
    fields: &Fields<'_, '_>,
    declared: &BTreeMap<String, Machine>,
    networks: &[Network],
) -> Option<(LabMachine, Span)> {
    let name: Option<At<Hostname>> = fields.parse(fields.label(), "name");
    let twin = name.as_ref().and_then(|name| declared.get(name.value.as_str()));
    let (own_mac, own_uuid, own_serial) = (mac(fields), uuid(fields), serial(fields));
    let network = network(fields, networks);
    let sizes = (memory(fields), fields.parsed::<ByteSize>("disk"));
    let (firmware, expect) = (fields.word("firmware", FIRMWARE), fields.word("expect", EXPECT));
    let cpus = fields.number("cpus", 1..=64);
    let seed = seed(fields, twin);
    let name = name?;
    let machine = LabMachine {
        mac: own_mac.map(|at| at.value).or(twin.and_then(|twin| twin.mac)).unwrap_or_else(|| made_mac(&name.value)),
        uuid: own_uuid.map(|at| at.value).or(twin.and_then(|twin| twin.uuid)),
        serial: own_serial.map(|at| at.value).or_else(|| twin.and_then(|twin| twin.serial.clone())),
        name: name.value,
        place: fields.place(),
        network: network?,
        firmware: firmware.map_or(LabFirmware::Bios, |at| at.value),
        memory: sizes.0.unwrap_or(ByteSize(1 << 30)),
        cpus: cpus.unwrap_or(1),
        disk: sizes.1.map(|at| at.value),
        seed,
        expect: expect.map_or(Expect::Reported, |at| at.value),
    };
    let at = fields.written("mac").map_or(fields.block.header, |written| written.span);
    Some((machine, at))
}

fn network(fields: &Fields<'_, '_>, networks: &[Network]) -> Option<String> {
    if fields.is_written("network") {
        return fields.reference("network", "network").map(|at| at.value);
    }
    let first = networks.first().map(|network| network.name.clone());
    if first.is_none() && fields.world.names("network").next().is_none() {
        let note = fields.error(fields.block.header, "a lab machine needs a network to be plugged into");
        note.next("declare a `network`");
    }
    first
}

fn memory(fields: &Fields<'_, '_>) -> Option<ByteSize> {
    let memory: At<ByteSize> = fields.parsed("memory")?;
    if memory.value < LEAST_MEMORY {
        let note = fields.error(memory.span, format!("`memory` is `{}`, which boots nothing", memory.value));
        note.next("a size has a unit, like \"512M\" or \"2G\"");
        return None;
    }
    Some(memory.value)
}

/// What a seed holds is made from the site's configs for a machine that it declares.
fn seed(fields: &Fields<'_, '_>, twin: Option<&Machine>) -> bool {
    let wanted = fields.flag("seed").unwrap_or(false);
    if let (true, None, Some(written)) = (wanted, twin, fields.written("seed")) {
        let name = fields.label().value;
        let note = fields.error(written.span, format!("there is nothing to make a seed for `{name}` from"));
        note.label("no machine of this name is declared").next(&format!("add a block: machine \"{name}\" {{ … }}"));
    }
    wanted
}

/// A MAC address in QEMU's block, always the same for the same name.
fn made_mac(name: &Hostname) -> Mac {
    let digest = Sha256::digest(name.as_str());
    Mac([0x52, 0x54, 0x00, digest[0], digest[1], digest[2]])
}
