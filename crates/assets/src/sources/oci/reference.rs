//! `oci://registry/name:tag@sha256:…?title=vmlinuz` and `oci:folder:tag@sha256:…?title=vmlinuz`.

use crate::sources::url::decoded;
use firstlight_model::Sha256;

/// What an `oci:` URL means.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) place: Place,
    pub(super) tag: Option<String>,
    /// Of the manifest, or of an index.
    pub(super) digest: Option<Sha256>,
    /// `?digest=`: of the content itself, whichever manifest it belongs to.
    pub(super) blob: Option<Sha256>,
    /// `?title=`: the layer with this `org.opencontainers.image.title`, as ORAS names files.
    pub(super) title: Option<String>,
    /// `?type=`: the layer of this media type.
    pub(super) media_type: Option<String>,
    /// `?platform=`: of an index, the image for this, such as `linux/arm64`.
    pub(super) platform: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Registry(Server),
    /// As it is written: absolute, or relative to the site.
    Layout(String),
}

impl Default for Place {
    fn default() -> Self {
        Place::Layout(String::new())
    }
}

/// A name in a registry.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Server {
    /// `https://host:port`; `http` for this computer only.
    pub(super) base: String,
    /// `user:password`, where the URL has them.
    pub(super) login: Option<String>,
    /// The name of the repository.
    pub(super) name: String,
}

/// Without the password.
impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.base, self.name)
    }
}

pub(super) fn read(url: &str) -> Result<Reference, &'static str> {
    let rest = url.get(4..).ok_or("an OCI URL is like oci://registry/name:tag")?;
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut reference = queried(query)?;
    let (rest, digest) = match rest.rsplit_once("@sha256:") {
        Some((rest, hex)) => (rest, Some(hex.parse().map_err(|_| NO_DIGEST)?)),
        None => (rest, None),
    };
    reference.digest = digest;
    let (path, tag) = tagged(rest)?;
    reference.tag = tag;
    reference.place = match path.strip_prefix("//") {
        Some(server) => Place::Registry(self::server(server)?),
        None => Place::Layout(decoded(path).filter(|path| !path.is_empty() && !path.contains('\0')).ok_or(NO_FOLDER)?),
    };
    Ok(reference)
}

const NO_DIGEST: &str = "a digest is `sha256:` and 64 hex digits; no other kind is known";
const NO_FOLDER: &str = "an OCI layout is named like oci:/srv/images or oci:images:tag";
const NO_NAME: &str = "a name in a registry is of small letters, digits and ._-/, like oci://registry/boot/kernel:tag";

/// What stands behind the last colon, when that is in the last part of the path.
fn tagged(path: &str) -> Result<(&str, Option<String>), &'static str> {
    let Some((before, tag)) = path.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')) else {
        return Ok((path, None));
    };
    let first = tag.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    let rest = tag.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    if first && rest && tag.len() <= 128 {
        Ok((before, Some(tag.to_owned())))
    } else {
        Err("a tag is of letters, digits and ._-, at most 128 of them")
    }
}

fn server(text: &str) -> Result<Server, &'static str> {
    let (authority, name) = text.split_once('/').ok_or(NO_NAME)?;
    let (login, host) = match authority.rsplit_once('@') {
        Some((login, host)) => (Some(decoded(login).ok_or("its user or password is not text")?), host),
        None => (None, authority),
    };
    let part = |part: &str| !part.is_empty() && part.starts_with(|c: char| c.is_ascii_alphanumeric());
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-/".contains(c);
    if host.is_empty() || name.len() > 255 || !name.chars().all(letter) || !name.split('/').all(part) {
        return Err(NO_NAME);
    }
    let scheme = if is_here(host) { "http" } else { "https" };
    Ok(Server { base: format!("{scheme}://{host}"), login, name: name.to_owned() })
}

/// A registry on this computer needs no TLS: nobody is in between.
pub(super) fn is_here(host: &str) -> bool {
    let name = host.strip_prefix('[').map_or_else(|| host.split(':').next(), |v6| v6.split(']').next());
    let name = name.unwrap_or_default();
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn queried(query: &str) -> Result<Reference, &'static str> {
    let mut reference = Reference::default();
    for (key, value) in query.split('&').filter(|pair| !pair.is_empty()).filter_map(|pair| pair.split_once('=')) {
        let value = decoded(value).ok_or("what it asks for is not text")?;
        match key {
            "digest" => {
                let hex = value.strip_prefix("sha256:").ok_or(NO_DIGEST)?;
                reference.blob = Some(hex.parse().map_err(|_| NO_DIGEST)?);
            }
            "title" => reference.title = Some(value),
            "type" => reference.media_type = Some(value),
            "platform" => reference.platform = Some(value),
            _ => return Err("after `?` it can say title=, type=, digest= and platform="),
        }
    }
    Ok(reference)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

    fn registry(url: &str) -> (String, String, Reference) {
        let reference = read(url).unwrap();
        let Place::Registry(server) = reference.place.clone() else { panic!("{reference:?}") };
        (server.base, server.name, reference)
    }

    #[test]
    fn registries() {
        let (base, name, reference) =
            registry(&format!("oci://me:p%40@r.example:5000/boot/kernel:v1.2@sha256:{HEX}?title=a%20b"));
        assert_eq!((&*base, &*name), ("https://r.example:5000", "boot/kernel"));
        assert_eq!((reference.tag.as_deref(), reference.title.as_deref()), (Some("v1.2"), Some("a b")));
        assert_eq!(reference.digest.unwrap().to_string(), HEX);
        assert!(!format!("{reference:?}").contains("p@"), "{reference:?}");
        let (base, name, reference) = registry("oci://127.0.0.1:5000/x");
        assert_eq!((&*base, &*name, reference.tag), ("http://127.0.0.1:5000", "x", None));
        assert_eq!(registry("oci://[::1]:5000/x:y").0, "http://[::1]:5000");
        assert_eq!(registry("oci://localhost/x").0, "http://localhost");
        assert_eq!(registry("oci://localhost.example/x").0, "https://localhost.example");
    }

    #[test]
    fn folders() {
        let layout = |url: &str| match read(url).unwrap() {
            Reference { place: Place::Layout(folder), tag, .. } => (folder, tag),
            other => panic!("{other:?}"),
        };
        assert_eq!(layout("oci:/srv/a%20b:v1"), ("/srv/a b".to_owned(), Some("v1".to_owned())));
        assert_eq!(layout("oci:images?type=x/y"), ("images".to_owned(), None));
        assert_eq!(layout("oci:/a:b/c"), ("/a:b/c".to_owned(), None));
    }

    #[test]
    fn what_is_none() {
        for url in [
            "oci",
            "oci:",
            "oci://",
            "oci://x",
            "oci://x/",
            "oci://x/A",
            "oci://x/a/../b",
            "oci://x/a//b",
            "oci://x/a:!",
            "oci://x/a@sha256:12",
            "oci://x/a@sha512:12",
            "oci://x/a?digest=12",
            "oci://x/a?nothing=1",
            "oci:%00",
        ] {
            assert!(read(url).is_err(), "{url}");
        }
    }
}
