//! From one version of the specification to a later one, as the reference does it. Nothing but what is here changed its
//! meaning on the way.

use super::{
    schema::{CONFIG, Form, Kind, Type},
    version::Version,
};
use crate::tree::{Key, Node, Value};

/// The same config in a later version: it claims that, and what it says there is what it said before.
pub fn upgrade(mut config: Node, from: Version, to: Version) -> Node {
    if from < Version::V3_3 && Version::V3_3 <= to {
        write_out_empty(&mut config, &CONFIG, from);
    }
    if from < Version::V3_6 && Version::V3_6 <= to {
        drop_special_bits(&mut config);
    }
    if let Some(ignition) = config.get_mut("ignition") {
        set(ignition, "version", to.to_string());
    }
    config
}

/// In 3.2.0 a link's target, a RAID's level and the like were plain: absent was empty. From 3.3.0 absent would leave
/// the parent's in a merge, so that what was empty is written out.
fn write_out_empty(node: &mut Node, kind: &'static Type, from: Version) {
    let becomes_optional = |name: &str| {
        let later = kind.fields(Version::V3_3).find(|field| field.name == name);
        later.is_some_and(|field| field.form == Form::Optional && matches!(field.kind, Kind::Text))
    };
    for field in kind.fields(from) {
        if field.form == Form::Required && node.get(field.name).is_none() && becomes_optional(field.name) {
            set(node, field.name, String::new());
        }
        let Some(child) = node.get_mut(field.name) else { continue };
        match (field.kind, &mut child.value) {
            (Kind::Mapping(kind), _) => write_out_empty(child, kind, from),
            (Kind::Mappings(kind, _), Value::List(items)) => {
                items.iter_mut().for_each(|item| write_out_empty(item, kind, from));
            }
            _ => {}
        }
    }
}

/// Before 3.6.0 set-user-ID and its like were never applied, and a later version must not begin to.
fn drop_special_bits(config: &mut Node) {
    let Some(storage) = config.get_mut("storage") else { return };
    for list in ["files", "directories"] {
        let Some(Value::List(items)) = storage.get_mut(list).map(|node| &mut node.value) else { continue };
        for mode in items.iter_mut().filter_map(|item| item.get_mut("mode")) {
            if let Value::Int(bits) = &mut mode.value {
                *bits &= !0o7000;
            }
        }
    }
}

fn set(node: &mut Node, name: &'static str, text: String) {
    let origin = node.origin_of(name);
    let value = Value::Str(text);
    match node.get_mut(name) {
        Some(field) => field.value = value,
        None => {
            if let Value::Map(entries) = &mut node.value {
                entries.push((Key::new(name), Node::new(value, origin)));
            }
        }
    }
}
