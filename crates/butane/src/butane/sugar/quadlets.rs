//! `systemd.quadlets`: Podman's units (podman-systemd.unit(5)), which lie in folders of their own.

use super::{
    From, is_true, items,
    nodes::{Nodes, Sort},
    set, text,
};
use crate::{
    butane::{NODE_EXISTS, translate::Translator},
    text::path,
    tree::Node,
};

impl Translator<'_> {
    /// Adds the files and links that quadlets are to a config.
    pub(in crate::butane) fn quadlets(&mut self, quadlets: &Node, config: &mut Node) {
        let mut nodes = Nodes::of(config);
        for quadlet in quadlets.items() {
            let name = text(quadlet, "name").unwrap_or_default();
            let folder = match is_true(quadlet, "rootful") {
                true => "/etc/containers/systemd",
                false => "/etc/containers/systemd/users",
            };
            let to = path::clean(&format!("{folder}/{name}"));
            match template_of(name) {
                Some(template) => self.quadlet_link(quadlet, to.clone(), template, &mut nodes),
                None => self.quadlet_file(quadlet, to.clone(), &mut nodes),
            }
            for dropin in items(quadlet, "dropins") {
                let name = text(dropin, "name").unwrap_or_default();
                self.quadlet_file(dropin, format!("{to}.d/{name}"), &mut nodes);
            }
        }
    }

    fn quadlet_link(&mut self, quadlet: &Node, to: String, template: String, nodes: &mut Nodes<'_>) {
        if nodes.exists(&to) {
            return self.report.error(&quadlet.origin, NODE_EXISTS);
        }
        let path = From(&quadlet.origin_of("name")).text(to.as_str());
        let target = From(&quadlet.origin).text(template);
        nodes.add(Sort::Link, to, From(&quadlet.origin).map([("path", path), ("target", target)]));
    }

    fn quadlet_file(&mut self, object: &Node, to: String, nodes: &mut Nodes<'_>) {
        if nodes.exists(&to) {
            return self.report.error(&object.origin, NODE_EXISTS);
        }
        let from = From(&object.origin);
        let mut file = from.map([("path", From(&object.origin_of("name")).text(to.as_str()))]);
        if let Ok((contents, origin)) = self.inline_or_local(object) {
            self.fill(&mut file, &contents, &origin);
        }
        set(&mut file, "mode", from.number(0o644));
        nodes.add(Sort::File, to, file);
    }
}

/// The template that a name is an instance of: `web@.container` for `web@1.container`. An instance is a link to it.
pub(in crate::butane) fn template_of(name: &str) -> Option<String> {
    let (at, dot) = (name.find('@')?, name.rfind('.')?);
    (at + 1 != dot).then(|| format!("{}@{}", &name[..at], &name[dot..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_are_told_from_templates() {
        assert_eq!(template_of("web@1.container").as_deref(), Some("web@.container"));
        assert_eq!(template_of("web@a.b.pod").as_deref(), Some("web@.pod"));
        for name in ["web.container", "web@.container", "web@", "web@x"] {
            assert_eq!(template_of(name), None, "{name}");
        }
    }
}
