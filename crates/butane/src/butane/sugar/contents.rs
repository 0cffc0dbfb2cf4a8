//! Contents that a config carries itself: `inline` and `local` of files and references, `contents_local` of units,
//! `ssh_authorized_keys_local` of users. Butane specification: "local files" in each `config-*.md`.

use super::{From, filled, set, take, text};
use crate::{
    butane::{data_url, schema::Sugar, translate::Translator},
    files::FilesError,
    tree::{Node, Origin, Value},
};

impl Translator<'_> {
    /// Replaces what is sugar in an object by what is not.
    pub(in crate::butane) fn sweeten(&mut self, node: &mut Node, sugar: Sugar) {
        match sugar {
            Sugar::None => {}
            Sugar::Resource => self.resource(node),
            Sugar::Unit => self.unit(node),
            Sugar::User => self.user(node),
        }
    }

    fn resource(&mut self, node: &mut Node) {
        let inline = take(node, "inline");
        let Some((contents, origin)) = self.local(take(node, "local")).or_else(|| contents_of(inline)) else { return };
        let source = self.encode(node, "compression", &contents, &origin);
        set(node, "source", source);
    }

    /// The contents as a data URL. Sets the compression, unless the user has.
    pub(super) fn encode(
        &mut self,
        node: &mut Node,
        compression: &'static str,
        contents: &[u8],
        origin: &Origin,
    ) -> Node {
        // The oldest layer neither compresses nor says that it does not.
        if self.dialect.layer < 2 {
            return From(origin).text(data_url::escaped(contents));
        }
        let encoded = self.packer.shortest(contents, text(node, compression));
        if let Some(value) = encoded.compression {
            set(node, compression, From(origin).text(value));
        }
        From(origin).text(encoded.url)
    }

    fn unit(&mut self, node: &mut Node) {
        let local = take(node, "contents_local").filter(|local| local.as_str() != Some(""));
        if let Some((contents, origin)) = self.local(local) {
            let contents = String::from_utf8_lossy(&contents).into_owned();
            set(node, "contents", From(&origin).text(contents));
        }
    }

    fn user(&mut self, node: &mut Node) {
        let Some(local) = take(node, "ssh_authorized_keys_local") else { return };
        let mut keys = Vec::new();
        for file in local.items() {
            match self.files.read(file.as_str().unwrap_or_default()) {
                Ok(contents) => keys.extend(key_lines(&contents).map(|key| From(&file.origin).text(key))),
                Err(error @ FilesError::NoFilesDir) => return self.report.error(&local.origin, error.to_string()),
                Err(error) => self.report.error(&file.origin, error.to_string()),
            }
        }
        if local.items().is_empty() {
            return;
        }
        let mut all = take(node, "ssh_authorized_keys").unwrap_or_else(|| From(&local.origin).list([]));
        all.origin = local.origin;
        if let Value::List(items) = &mut all.value {
            items.extend(keys);
        }
        set(node, "ssh_authorized_keys", all);
    }

    /// What a local file holds, and where it is named. After an error there is nothing.
    fn local(&mut self, name: Option<Node>) -> Option<(Vec<u8>, Origin)> {
        let name = name?;
        match self.files.read(name.as_str().unwrap_or_default()) {
            Ok(contents) => Some((contents, name.origin)),
            Err(error) => {
                self.report.error(&name.origin, error.to_string());
                None
            }
        }
    }

    /// What an object holds, inline or locally, where either says something; the place where it is said.
    ///
    /// # Errors
    /// The local file cannot be read: that is in the report.
    pub(super) fn inline_or_local(&mut self, object: &Node) -> Result<(Vec<u8>, Origin), ()> {
        let named = |field| object.get(field).filter(|_| filled(object, field).is_some()).cloned();
        if let Some(found) = contents_of(named("contents")) {
            return Ok(found);
        }
        match named("contents_local") {
            Some(local) => self.local(Some(local)).ok_or(()),
            None => Ok((Vec::new(), object.origin.clone())),
        }
    }
}

fn contents_of(inline: Option<Node>) -> Option<(Vec<u8>, Origin)> {
    match inline {
        Some(Node { value: Value::Str(text), origin }) => Some((text.into_bytes(), origin)),
        _ => None,
    }
}

/// The lines of a file of keys that are not empty.
fn key_lines(contents: &[u8]) -> impl Iterator<Item = String> {
    let text = String::from_utf8_lossy(contents).into_owned();
    let lines: Vec<String> =
        text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).map(str::to_owned).collect();
    lines.into_iter().filter(|line| !line.is_empty())
}
