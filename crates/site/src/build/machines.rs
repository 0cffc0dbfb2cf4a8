//! `machine` blocks, each of which makes one machine, or many by `count` and `for_each`.

use super::{LEAVE_BY, configs, networks::Draft as Network};
use crate::{
    Class, Config, LeaveBy, Machine, Place, Vars,
    eval::Binding,
    fields::Fields,
    fragment::Fragment,
    source::{At, Span},
    world::{Instances, World},
};
use firstlight_model::{Hostname, Mac, Uuid};
use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
    net::Ipv4Addr,
};

/// A machine with the positions of what must be unique about it.
pub(super) struct Draft {
    pub(super) name: At<Hostname>,
    place: Place,
    mac: Option<At<Mac>>,
    uuid: Option<At<Uuid>>,
    serial: Option<At<String>>,
    class: Option<String>,
    profile: Option<String>,
    pub(super) address: Option<At<Ipv4Addr>>,
    leave_by: Option<LeaveBy>,
    secure_boot: Option<bool>,
    pub(super) configs: Vec<Config>,
    /// Where they are named.
    pub(super) configs_at: Option<Span>,
    vars: Vars,
    /// Names a class or a profile, be it a wrong one.
    names_one: bool,
}

impl Draft {
    /// Its profile, its own or its class's.
    pub(super) fn profile_of<'d>(&'d self, classes: &'d BTreeMap<String, Class>) -> Option<&'d str> {
        let class = || classes.get(self.class.as_ref()?)?.profile.as_deref();
        self.profile.as_deref().or_else(class)
    }

    pub(super) fn finish(self) -> Machine {
        Machine {
            name: self.name.value,
            place: self.place,
            mac: self.mac.map(|at| at.value),
            uuid: self.uuid.map(|at| at.value),
            serial: self.serial.map(|at| at.value),
            class: self.class,
            profile: self.profile,
            address: self.address.map(|at| at.value),
            leave_by: self.leave_by,
            secure_boot: self.secure_boot,
            configs: self.configs,
            vars: self.vars,
        }
    }
}

pub(super) fn read(world: &World<'_>) -> Vec<Draft> {
    world.blocks("machine").flat_map(|block| block_machines(world, block)).collect()
}

fn block_machines<'a>(world: &World<'a>, block: &Fragment<'a>) -> Vec<Draft> {
    let keys: Vec<Option<String>> = match world.instances(block, block.header).as_deref() {
        Err(_) => return Vec::new(),
        Ok(Instances::One) => vec![None],
        Ok(Instances::Count(n)) => (0..*n).map(|at| Some(at.to_string())).collect(),
        Ok(Instances::Each(values)) => values.keys().cloned().map(Some).collect(),
    };
    keys.into_iter()
        .filter_map(|key| {
            let (name, value) = world.instance_value(block, key.as_deref(), block.header).ok()?.unzip();
            let binding = name.zip(value.as_ref()).map(|(name, value)| Binding::new(name, value));
            machine(&Fields::new(world, block).with(binding.as_ref()), key)
        })
        .collect()
}

fn machine(fields: &Fields<'_, '_>, key: Option<String>) -> Option<Draft> {
    let (mac, uuid, serial) = (mac(fields), uuid(fields), serial(fields));
    let draft_name = name(fields, key);
    if !["mac", "uuid", "serial"].iter().any(|id| fields.is_set(id)) {
        let note =
            fields.error(fields.block.header, format!("nothing identifies the machine `{}`", fields.label().value));
        note.label("required").next("add `mac = \"52:54:00:…\"`, `uuid = \"…\"` or `serial = \"…\"`");
    }
    Some(Draft {
        place: fields.place(),
        mac,
        uuid,
        serial,
        class: fields.reference("class", "class").map(|at| at.value),
        profile: fields.reference("profile", "profile").map(|at| at.value),
        address: fields.parsed("address"),
        leave_by: fields.word("leave_by", LEAVE_BY).map(|at| at.value),
        secure_boot: fields.flag("secure_boot"),
        configs: configs::read(fields),
        configs_at: fields.written("config").map(|written| written.span),
        vars: fields.vars(),
        names_one: fields.is_set("class") || fields.is_set("profile"),
        name: draft_name?,
    })
}

/// The label, with the instance's key where there are many; or what `name` says.
fn name(fields: &Fields<'_, '_>, key: Option<String>) -> Option<At<Hostname>> {
    if fields.is_written("name") {
        return fields.parsed("name");
    }
    let label = fields.label();
    let Some(key) = key else { return fields.parse(label, "name") };
    let name = label.clone().with(format!("{}-{key}", label.value));
    match name.value.parse() {
        Ok(parsed) => Some(name.with(parsed)),
        Err(error) => {
            let note = fields.error(label.span, error.to_string());
            note.label("named after this and the instance's key").next("set `name` from `each.key` yourself");
            None
        }
    }
}

pub(super) fn mac(fields: &Fields<'_, '_>) -> Option<At<Mac>> {
    let mac: At<Mac> = fields.parsed("mac")?;
    let wrong = match mac.value {
        Mac([0, 0, 0, 0, 0, 0]) => "all zeros: it identifies nobody",
        group if group.is_multicast() => "a group address: no machine owns it",
        _ => return Some(mac),
    };
    let note = fields.error(mac.span, format!("the MAC address `{}` is {wrong}", mac.value));
    note.next("look it up on the machine's label, in its firmware, or with `ip link`");
    None
}

pub(super) fn uuid(fields: &Fields<'_, '_>) -> Option<At<Uuid>> {
    let uuid: At<Uuid> = fields.parsed("uuid")?;
    if uuid.value.0 == [0; 16] || uuid.value.0 == [0xff; 16] {
        let note = fields.error(uuid.span, "this UUID is a filler that many boards share: it identifies nobody");
        note.next("identify the machine by `mac` or `serial`");
        return None;
    }
    Some(uuid)
}

pub(super) fn serial(fields: &Fields<'_, '_>) -> Option<At<String>> {
    let serial = fields.text("serial")?;
    let trimmed = serial.value.trim().to_owned();
    if trimmed.is_empty() || trimmed.chars().any(char::is_control) {
        fields.error(serial.span, "the serial number is empty or holds control characters");
        return None;
    }
    Some(serial.with(trimmed))
}

/// What concerns more than one machine, or a machine and a network.
pub(super) fn check(world: &World<'_>, machines: &[Draft], networks: &[Network]) {
    unique(world, "name", machines.iter().map(|m| (&m.name, Some(&m.name))));
    unique(world, "MAC address", machines.iter().map(|m| (&m.name, m.mac.as_ref())));
    unique(world, "UUID", machines.iter().map(|m| (&m.name, m.uuid.as_ref())));
    unique(world, "serial number", machines.iter().map(|m| (&m.name, m.serial.as_ref())));
    unique(world, "address", machines.iter().map(|m| (&m.name, m.address.as_ref())));
    let all_known =
        networks.iter().all(|network| network.subnet.is_some()) && networks.len() == world.names("network").count();
    for address in machines.iter().filter_map(|machine| machine.address.as_ref()) {
        match networks.iter().find(|network| network.subnet.is_some_and(|subnet| subnet.value.contains(address.value)))
        {
            Some(network) => network.check_reservation(world, address),
            None if all_known => {
                let subnets =
                    networks.iter().filter_map(|network| network.subnet).map(|subnet| subnet.value.to_string());
                let note =
                    world.problems.error(address.span, format!("`{}` lies in no network of this site", address.value));
                note.label("outside of every subnet").help(match subnets.collect::<Vec<_>>() {
                    none if none.is_empty() => "declare its network first".to_owned(),
                    subnets => format!("the subnets are {}", subnets.join(", ")),
                });
            }
            None => {}
        }
    }
}

/// Complains about values that two machines share.
fn unique<'d, T>(world: &World<'_>, what: &str, values: impl Iterator<Item = (&'d At<Hostname>, Option<&'d At<T>>)>)
where
    T: Eq + Hash + std::fmt::Display + 'd,
{
    let mut seen: HashMap<&T, (&At<T>, &At<Hostname>)> = HashMap::new();
    for (name, value) in values.filter_map(|(name, value)| Some((name, value?))) {
        let Some((first, owner)) = seen.get(&value.value) else {
            seen.insert(&value.value, (value, name));
            continue;
        };
        let message = match what {
            "name" => format!("two machines have the name `{}`", value.value),
            _ => format!("the {what} `{}` belongs to `{}` already", value.value, owner.value),
        };
        let note = world.problems.error(value.span, message).label("used again");
        if first.span == value.span {
            drop(note.next("make it depend on `each.key`, `each.value` or `count.index`"));
        } else {
            drop(note.first(first).help(format!("give each machine its own {what}")));
        }
    }
}

/// A machine that nothing gives a profile is parked: probably not what was meant.
pub(super) fn warn_parked(world: &World<'_>, machines: &[Draft], classes: &BTreeMap<String, Class>, default: bool) {
    for machine in machines.iter().filter(|_| !default) {
        let class = machine.class.as_ref().and_then(|name| classes.get(name));
        let by_class = class.is_some_and(|class| class.profile.is_some());
        if machine.profile.is_none() && !by_class && (class.is_some() || !machine.names_one) {
            let note = world.problems.warning(
                machine.name.span,
                format!("the machine `{}` has no profile: it will be parked", machine.name.value),
            );
            note.next("add `profile = \"…\"` to it or its class, or `default_profile` to the `site` block");
        }
    }
}
