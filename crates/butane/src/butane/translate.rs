//! A checked config into Ignition's shape: keys get their names there, and sugar becomes what it stands for.

use super::{
    data_url::Packer,
    dialect::{Dialect, Variant},
    partitions,
    schema::{CONFIG, Holds, Type},
    sugar::{self, mount_units::mount_units, take},
};
use crate::{
    files::Files,
    ignition,
    report::Report,
    tree::{Key, Node, Origin, Value},
};

/// Translates objects, reads what they embed, and notes what goes wrong on the way.
pub(super) struct Translator<'a> {
    pub(super) dialect: Dialect,
    pub(super) files: &'a dyn Files,
    pub(super) report: Report,
    pub(super) packer: Packer,
}

impl Translator<'_> {
    /// A whole config. After an error it is of no use.
    pub(super) fn config(&mut self, mut source: Node) -> Node {
        let units = mount_units(&source, &self.dialect);
        let boot_device = take(&mut source, "boot_device");
        let grub = sugar::grub::grub(&source, &mut self.packer);
        let trees = take_from(&mut source, "storage", "trees");
        let quadlets = take_from(&mut source, "systemd", "quadlets");

        let version = source.origin_of("version");
        let mut config = self.object(source, &CONFIG);
        set_version(&mut config, &version, self.dialect.ignition);
        config = self.over(units, config);
        if let Some(trees) = trees {
            self.trees(&trees, &mut config);
        }
        if let Some(quadlets) = quadlets {
            self.quadlets(&quadlets, &mut config);
        }
        if self.report.is_fatal() {
            return config;
        }
        if let Some(device) = boot_device {
            let rendered = self.boot_device(&device);
            config = self.over(rendered, config);
        }
        if let Variant::Fcos(minor) = self.dialect.variant {
            partitions::warn(&config, minor, &mut self.report);
        }
        self.over(grub, config)
    }

    /// An object and all that is in it.
    pub(super) fn object(&mut self, mut node: Node, of: &'static Type) -> Node {
        self.sweeten(&mut node, of.sugar);
        let Value::Map(entries) = node.value else { return node };
        let renamed = entries.into_iter().filter_map(|(key, value)| {
            let field = of.field(&key.name)?;
            let json = field.json?;
            Some((Key { name: json.into(), at: key.at }, self.held(value, field.holds)))
        });
        let value = Value::Map(renamed.collect());
        Node::new(value, node.origin)
    }

    fn held(&mut self, mut node: Node, holds: Holds) -> Node {
        match holds {
            Holds::Object(of) => self.object(node, of),
            Holds::Objects(of) => {
                if let Value::List(items) = &mut node.value {
                    for item in items {
                        *item = self.object(std::mem::take(item), of);
                    }
                }
                node
            }
            Holds::Text | Holds::Number | Holds::Truth | Holds::Texts => node,
        }
    }

    /// What the user wrote, laid over what sugar stands for.
    fn over(&self, rendered: Option<Node>, config: Node) -> Node {
        match rendered {
            Some(rendered) => ignition::merge(rendered, config, self.dialect.ignition),
            None => config,
        }
    }
}

fn take_from(source: &mut Node, section: &str, field: &str) -> Option<Node> {
    take(source.get_mut(section)?, field)
}

fn set_version(config: &mut Node, origin: &Origin, version: ignition::Version) {
    let place = config.origin_of("ignition");
    let mut section = take(config, "ignition").unwrap_or_else(|| Node::new(Value::Map(Vec::new()), place));
    sugar::set(&mut section, "version", Node::new(Value::Str(version.to_string()), origin.clone()));
    sugar::set(config, "ignition", section);
}
