//! `storage.trees`: everything in a local folder, as files, links and, where owners or modes are asked for, directories.

use super::{
    From, filled,
    nodes::{Nodes, Sort},
    set,
};
use crate::{
    butane::{NODE_EXISTS, translate::Translator},
    files::{TreeEntry, TreeKind},
    text::path,
    tree::Node,
};

impl Translator<'_> {
    /// Adds what the trees hold to a config. The report has what cannot be added.
    pub(in crate::butane) fn trees(&mut self, trees: &Node, config: &mut Node) {
        let mut nodes = Nodes::of(config);
        for tree in trees.items() {
            let local = super::text(tree, "local").unwrap_or_default();
            match self.files.walk(local) {
                Ok(entries) => entries.iter().for_each(|entry| self.tree_entry(tree, local, entry, &mut nodes)),
                Err(error) => {
                    self.report.error(&tree.origin, error.to_string());
                    // Without a files directory, no tree can be read, and once is enough to say so.
                    if matches!(error, crate::files::FilesError::NoFilesDir) {
                        return;
                    }
                }
            }
        }
    }

    fn tree_entry(&mut self, tree: &Node, local: &str, entry: &TreeEntry, nodes: &mut Nodes<'_>) {
        let base = filled(tree, "path").unwrap_or("/");
        let to = path::clean(&format!("{base}/{}", entry.path));
        let done = match &entry.kind {
            TreeKind::Directory => directory(tree, to, nodes),
            TreeKind::File { executable } => {
                self.tree_file(tree, &format!("{local}/{}", entry.path), to, *executable, nodes)
            }
            TreeKind::Link { target } => link(tree, to, target, nodes),
            TreeKind::Other => Err("trees may only contain files, directories, and symlinks".to_owned()),
        };
        if let Err(message) = done {
            self.report.error(&tree.origin, message);
        }
    }

    /// A file of a tree gives its content, and its mode where none is asked for, to a file of that path in the config.
    fn tree_file(
        &mut self,
        tree: &Node,
        local: &str,
        to: String,
        executable: bool,
        nodes: &mut Nodes<'_>,
    ) -> Result<(), String> {
        if nodes.get(Sort::File, &to).is_none() {
            if nodes.exists(&to) {
                return Err(NODE_EXISTS.to_owned());
            }
            nodes.add(Sort::File, to.clone(), owned(tree, &to, []));
        }
        let Some(file) = nodes.get(Sort::File, &to) else { return Ok(()) };
        if file.get("contents").is_some_and(|contents| filled(contents, "source").is_some()) {
            return Err(NODE_EXISTS.to_owned());
        }
        let contents = self.files.read(local).map_err(|error| error.to_string())?;
        self.fill(file, &contents, &tree.origin);
        if file.get("mode").is_none() {
            let mode = if executable { 0o755 } else { 0o644 };
            let mode = tree.get("file_mode").and_then(Node::as_int).unwrap_or(mode);
            set(file, "mode", From(&tree.origin).number(mode));
        }
        Ok(())
    }

    /// Gives a file of a config its contents.
    pub(super) fn fill(&mut self, file: &mut Node, contents: &[u8], origin: &crate::tree::Origin) {
        let mut resource = super::take(file, "contents").unwrap_or_else(|| From(origin).map([]));
        resource.origin = origin.clone();
        let source = self.encode(&mut resource, "compression", contents, origin);
        set(&mut resource, "source", source);
        set(file, "contents", resource);
    }
}

fn directory(tree: &Node, to: String, nodes: &mut Nodes<'_>) -> Result<(), String> {
    let asks = |field| tree.get(field).is_some_and(|owner| !owner.entries().is_empty());
    let mode = tree.get("dir_mode").and_then(Node::as_int);
    if mode.is_none() && !asks("user") && !asks("group") {
        return Ok(());
    }
    if nodes.exists(&to) {
        return Err(NODE_EXISTS.to_owned());
    }
    let mode = From(&tree.origin).number(mode.unwrap_or(0o755));
    let node = owned(tree, &to, [("mode", mode)]);
    nodes.add(Sort::Directory, to, node);
    Ok(())
}

fn link(tree: &Node, to: String, target: &str, nodes: &mut Nodes<'_>) -> Result<(), String> {
    let from = From(&tree.origin);
    if let Some(link) = nodes.get(Sort::Link, &to) {
        if filled(link, "target").is_some() {
            return Err(NODE_EXISTS.to_owned());
        }
        set(link, "target", from.text(target));
        return Ok(());
    }
    if nodes.exists(&to) {
        return Err(NODE_EXISTS.to_owned());
    }
    let node = owned(tree, &to, [("target", from.text(target))]);
    nodes.add(Sort::Link, to, node);
    Ok(())
}

/// A node at a path, with the tree's owners and what else it has.
fn owned<const N: usize>(tree: &Node, path: &str, more: [(&'static str, Node); N]) -> Node {
    let from = From(&tree.origin);
    let owner = |field: &'static str| {
        let entries = tree.get(field)?.entries().iter();
        let copied = entries.map(|(key, value)| (key.clone(), from.node(value.value.clone()))).collect();
        Some((field, from.node(crate::tree::Value::Map(copied))))
    };
    let path = ("path", from.text(path));
    from.map([owner("group"), Some(path), owner("user")].into_iter().flatten().chain(more))
}
