//! Manifests and indexes (OCI image 1.1; Docker's schema 2, which they were made from), and what of them is wanted.

use super::reference::Reference;
use crate::sources::SourceError;
use firstlight_model::Sha256;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What registries are asked for.
pub(super) const ACCEPT: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
     application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json";
const TITLE: &str = "org.opencontainers.image.title";
/// The tag of a manifest, in the index of a layout.
const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// Both kinds: an index has `manifests`, a manifest has `layers`.
#[derive(Debug, Deserialize)]
pub(super) struct Manifest {
    manifests: Option<Vec<Descriptor>>,
    layers: Option<Vec<Descriptor>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    #[serde(default)]
    media_type: String,
    digest: String,
    size: u64,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
    platform: Option<Platform>,
}

#[derive(Debug, Deserialize)]
struct Platform {
    os: String,
    architecture: String,
    variant: Option<String>,
}

/// What is below a manifest.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Chosen {
    Layer { digest: Sha256, size: u64 },
    Manifest(Sha256),
}

impl Manifest {
    pub(super) fn read(bytes: &[u8]) -> Result<Manifest, SourceError> {
        serde_json::from_slice(bytes)
            .map_err(|error| SourceError::Final(format!("its manifest cannot be read: {error}")))
    }

    /// What the reference means. There must be one, and one only.
    pub(super) fn choose(&self, wanted: &Reference) -> Result<Chosen, SourceError> {
        match (&self.manifests, &self.layers) {
            (Some(manifests), _) => {
                let fits = |one: &&Descriptor| wanted.platform.as_ref().is_none_or(|platform| one.is_for(platform));
                let one =
                    only(manifests.iter().filter(fits).collect(), manifests, "image", "platform", Descriptor::runs_on)?;
                Ok(Chosen::Manifest(one.digest()?))
            }
            (None, Some(layers)) => {
                let fits = |layer: &&Descriptor| layer.fits(wanted);
                let name = if wanted.media_type.is_some() { Descriptor::media_type } else { Descriptor::title };
                let one = only(layers.iter().filter(fits).collect(), layers, "layer", "title", name)?;
                Ok(Chosen::Layer { digest: one.digest()?, size: one.size })
            }
            (None, None) => Err(SourceError::Final("what it has there is no image and no artefact".to_owned())),
        }
    }

    /// In the index of a layout: the manifest of a tag, or the only one.
    pub(super) fn tagged(&self, tag: Option<&str>) -> Result<Sha256, SourceError> {
        let manifests = self.manifests.as_deref().unwrap_or_default();
        let fits =
            |one: &&Descriptor| tag.is_none_or(|tag| one.annotations.get(REF_NAME).is_some_and(|name| name == tag));
        only(manifests.iter().filter(fits).collect(), manifests, "image", "tag", Descriptor::tag)?.digest()
    }
}

/// The only one that fits; else which there are, by what tells them apart.
fn only<'a>(
    fitting: Vec<&'a Descriptor>,
    all: &'a [Descriptor],
    what: &str,
    by: &str,
    name: fn(&Descriptor) -> String,
) -> Result<&'a Descriptor, SourceError> {
    match fitting[..] {
        [one] => Ok(one),
        [] if all.is_empty() => Err(SourceError::Final(format!("it holds no {what}"))),
        ref several => {
            let number = if several.is_empty() { "none".to_owned() } else { several.len().to_string() };
            let names: Vec<String> = all.iter().take(12).map(name).collect();
            let names = names.join(", ");
            Err(SourceError::Final(format!("of its {what}s, {number} are meant: say which one by its {by} ({names})")))
        }
    }
}

impl Descriptor {
    fn fits(&self, wanted: &Reference) -> bool {
        let title = wanted.title.as_ref().is_none_or(|title| self.annotations.get(TITLE) == Some(title));
        title && wanted.media_type.as_ref().is_none_or(|kind| *kind == self.media_type)
    }

    fn is_for(&self, platform: &str) -> bool {
        let runs_on = self.runs_on();
        runs_on == platform || runs_on.strip_prefix(platform).is_some_and(|rest| rest.starts_with('/'))
    }

    fn digest(&self) -> Result<Sha256, SourceError> {
        let hex = self.digest.strip_prefix("sha256:").and_then(|hex| hex.parse().ok());
        hex.ok_or_else(|| SourceError::Final("its manifest has a digest that is no sha256".to_owned()))
    }

    fn runs_on(&self) -> String {
        match &self.platform {
            Some(Platform { os, architecture, variant: Some(variant) }) => {
                shown(&format!("{os}/{architecture}/{variant}"))
            }
            Some(Platform { os, architecture, variant: None }) => shown(&format!("{os}/{architecture}")),
            None => "any".to_owned(),
        }
    }

    fn title(&self) -> String {
        self.annotations.get(TITLE).map_or_else(|| self.media_type(), |title| shown(title))
    }

    fn tag(&self) -> String {
        self.annotations.get(REF_NAME).map_or_else(|| "none".to_owned(), |tag| shown(tag))
    }

    fn media_type(&self) -> String {
        shown(&self.media_type)
    }
}

fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn choose(json: &str, wanted: &Reference) -> String {
        match Manifest::read(json.as_bytes()).and_then(|manifest| manifest.choose(wanted)) {
            Ok(Chosen::Layer { digest, size }) => format!("layer {} {size}", digest.short()),
            Ok(Chosen::Manifest(digest)) => format!("manifest {}", digest.short()),
            Err(error) => error.to_string(),
        }
    }

    fn layers() -> String {
        let layer = |digit: &str, title: &str| {
            let digest = digit.repeat(64);
            format!(
                r#"{{"mediaType":"x/{title}","digest":"sha256:{digest}","size":3,"annotations":{{"{TITLE}":"{title}"}}}}"#
            )
        };
        format!(r#"{{"layers":[{},{}]}}"#, layer("a", "linux"), layer("b", "initrd"))
    }

    #[test]
    fn a_layer_by_title_or_type() {
        let wanted = |title: Option<&str>, media_type: Option<&str>| Reference {
            title: title.map(str::to_owned),
            media_type: media_type.map(str::to_owned),
            ..Reference::default()
        };
        assert_eq!(choose(&layers(), &wanted(Some("linux"), None)), "layer aaaaaaaaaaaa 3");
        assert_eq!(choose(&layers(), &wanted(None, Some("x/initrd"))), "layer bbbbbbbbbbbb 3");
        let which = "say which one by its title (linux, initrd)";
        assert_eq!(choose(&layers(), &wanted(None, None)), format!("of its layers, 2 are meant: {which}"));
        assert_eq!(choose(&layers(), &wanted(Some("x"), None)), format!("of its layers, none are meant: {which}"));
        assert_eq!(choose(r#"{"layers":[]}"#, &wanted(None, None)), "it holds no layer");
        assert_eq!(choose("{}", &wanted(None, None)), "what it has there is no image and no artefact");
        assert!(choose(r#"{"layers":[{"digest":"sha512:1","size":1}]}"#, &wanted(None, None)).contains("no sha256"));
    }

    #[test]
    fn an_image_by_platform() {
        let image = |digit: &str, platform: &str| {
            format!(r#"{{"digest":"sha256:{}","size":3,"platform":{{"os":"linux",{platform}}}}}"#, digit.repeat(64))
        };
        let one = image("a", r#""architecture":"amd64""#);
        let json = format!(r#"{{"manifests":[{one},{}]}}"#, image("b", r#""architecture":"arm64","variant":"v8""#));
        let on = |platform: &str| Reference { platform: Some(platform.to_owned()), ..Reference::default() };
        assert_eq!(choose(&json, &on("linux/amd64")), "manifest aaaaaaaaaaaa");
        assert_eq!(choose(&json, &on("linux/arm64")), "manifest bbbbbbbbbbbb");
        assert!(choose(&json, &on("linux/arm")).ends_with("by its platform (linux/amd64, linux/arm64/v8)"));
        assert_eq!(choose(&format!(r#"{{"manifests":[{one}]}}"#), &Reference::default()), "manifest aaaaaaaaaaaa");
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_manifest_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Manifest::read(&bytes).and_then(|manifest| manifest.choose(&Reference::default()));
        }
    }
}
