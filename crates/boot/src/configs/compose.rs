//! Which parts make which config.
//!
//! A part that the site gives a name belongs to the config of that name. One without joins the config of its kind that is
//! there already, or begins one. Plain text goes by its name alone: two of them have nothing to do with each other.

use super::Finding;
use firstlight_site::{Config, ConfigKind, Place};

/// A config: its name in the URL, and what it is made of.
#[derive(Debug, Clone)]
pub struct Document<'a> {
    /// The name in its URL.
    pub name: String,
    /// What reads it.
    pub kind: ConfigKind,
    /// Its parts, the most general first. Of a kind that does not compose, only the one that holds.
    pub parts: Vec<&'a Config>,
}

/// The site does not say which config a part belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{message}")]
pub struct Unclear {
    /// Where the part is named.
    pub place: Place,
    /// What is unclear.
    pub message: String,
    /// The next step.
    pub help: String,
}

impl From<Unclear> for Finding {
    fn from(unclear: Unclear) -> Finding {
        let Unclear { place, message, help } = unclear;
        Finding { help: Some(help), column: place.column, ..Finding::error(&place.file, place.line, message) }
    }
}

pub(super) fn documents<'a>(parts: impl Iterator<Item = &'a Config>) -> Result<Vec<Document<'a>>, Unclear> {
    let mut documents: Vec<Document<'a>> = Vec::new();
    for part in parts {
        let home = home(&documents, part)?;
        match home.and_then(|at| documents.get_mut(at)) {
            None => documents.push(Document { name: part.served_as(), kind: part.kind, parts: vec![part] }),
            Some(document) if part.kind.composes() => document.parts.push(part),
            Some(document) => document.parts = vec![part],
        }
    }
    Ok(documents)
}

/// The config that a part belongs to, where there is one already.
fn home(documents: &[Document<'_>], part: &Config) -> Result<Option<usize>, Unclear> {
    let name = part.served_as();
    let named = documents.iter().position(|document| document.name == name);
    if let Some(document) = named.and_then(|at| documents.get(at)) {
        return if document.kind == part.kind { Ok(named) } else { Err(other_kind(document, part)) };
    }
    if part.name.is_some() || part.kind == ConfigKind::Text {
        return Ok(None);
    }
    let same: Vec<usize> =
        documents.iter().enumerate().filter(|(_, document)| document.kind == part.kind).map(|(at, _)| at).collect();
    match same[..] {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => Err(ambiguous(documents.iter().filter(|document| document.kind == part.kind), part)),
    }
}

fn other_kind(document: &Document<'_>, part: &Config) -> Unclear {
    let other = document.parts.first().map(|first| first.file.file.as_str()).unwrap_or_default();
    Unclear {
        place: part.file.place.clone(),
        message: format!(
            "`{}` is {}, and what it would be put together with, `{other}`, is {}",
            part.file.file, part.kind, document.kind
        ),
        help: format!(
            "serve it by a name other than `{}`, or say what it is: kind = \"{}\"",
            document.name, document.kind
        ),
    }
}

fn ambiguous<'d>(same: impl Iterator<Item = &'d Document<'d>>, part: &Config) -> Unclear {
    let names: Vec<&str> = same.map(|document| document.name.as_str()).collect();
    let first = names.first().copied().unwrap_or_default();
    Unclear {
        place: part.file.place.clone(),
        message: format!("`{}` may belong to any of {}: each is {}", part.file.file, names.join(", "), part.kind),
        help: format!("name the one that is meant: config = {{ \"{first}\" = \"{}\" }}", part.file.file),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use firstlight_site::TextFile;

    fn part(name: Option<&str>, kind: ConfigKind, file: &str) -> Config {
        let place = Place { file: "site.hcl".to_owned(), line: 1, column: 1 };
        let file = TextFile { file: file.to_owned(), place, text: "".into() };
        Config { name: name.map(str::to_owned), kind, template: true, file }
    }

    /// Each config as `name: part part`.
    fn made_of(parts: &[Config]) -> Result<Vec<String>, String> {
        let documents = documents(parts.iter()).map_err(|unclear| unclear.to_string())?;
        let files = |document: &Document<'_>| -> Vec<String> {
            document.parts.iter().map(|part| part.file.file.clone()).collect()
        };
        Ok(documents.iter().map(|document| format!("{}: {}", document.name, files(document).join(" "))).collect())
    }

    #[test]
    fn parts_of_one_kind_make_one_config() {
        use ConfigKind::*;
        let parts =
            [part(None, Ignition, "base.bu"), part(None, Ignition, "etcd.bu"), part(None, UserData, "node.yaml")];
        assert_eq!(made_of(&parts).unwrap(), ["base.ign: base.bu etcd.bu", "user-data: node.yaml"]);
    }

    #[test]
    fn what_does_not_compose_is_replaced() {
        use ConfigKind::*;
        let parts = [
            part(None, NetworkConfig, "a/network-config"),
            part(None, Text, "base.cfg"),
            part(None, NetworkConfig, "b/network-config"),
            part(None, Text, "sub/base.cfg"),
            part(None, Text, "other.cfg"),
        ];
        assert_eq!(
            made_of(&parts).unwrap(),
            ["network-config: b/network-config", "base.cfg: sub/base.cfg", "other.cfg: other.cfg"]
        );
    }

    #[test]
    fn a_name_says_which_one_is_meant() {
        use ConfigKind::Ignition;
        let two = [part(Some("live.ign"), Ignition, "live.bu"), part(Some("target.ign"), Ignition, "target.bu")];
        let with = |further: Config| made_of(&[two[0].clone(), two[1].clone(), further]);
        assert_eq!(
            with(part(Some("target.ign"), Ignition, "etcd.bu")).unwrap(),
            ["live.ign: live.bu", "target.ign: target.bu etcd.bu"]
        );
        assert_eq!(
            with(part(None, Ignition, "etcd.bu")).unwrap_err(),
            "`etcd.bu` may belong to any of live.ign, target.ign: each is ignition"
        );
        assert_eq!(
            with(part(Some("live.ign"), ConfigKind::Text, "x")).unwrap_err(),
            "`x` is text, and what it would be put together with, `live.bu`, is ignition"
        );
    }
}
