//! Content from where container images are: one layer of an image, or one file of an artefact (OCI distribution 1.1, image
//! 1.1), from a registry or from a folder in the layout of `skopeo copy … oci:folder`.
//!
//! A name is a tag until somebody writes a digest behind it: with one, every byte follows from it (manifest, layer), and
//! without one, everything below the manifest does. What comes is a layer as it is stored; it is not unpacked. SHA-256 is
//! the one digest that is known here.

mod layout;
mod manifest;
mod reference;
mod registry;
#[cfg(test)]
mod tests;

use super::{Ask, SourceError, Stream, http::Http};
use firstlight_model::Sha256;
use layout::Layout;
use manifest::{Chosen, Manifest};
use reference::{Place, Reference};
use registry::Registry;
use sha2::Digest;
use std::path::Path;

/// Indexes may hold indexes; nobody nests them deeper.
const DEEPEST: usize = 4;
/// Registries refuse manifests that are longer than this, in bytes.
const MAX_MANIFEST: u64 = 4 << 20;

/// `root` is what a layout's folder is relative to.
pub(super) fn open(ask: &Ask<'_>, http: &Http, root: &Path) -> Result<Stream, SourceError> {
    let reference: Reference = reference::read(ask.url).map_err(|why| SourceError::Final(why.to_owned()))?;
    match &reference.place {
        Place::Registry(server) => {
            let registry = Registry::new(http, server);
            let (digest, size) = find(&reference, |of, digest| registry.manifest(of, digest))?;
            registry.blob(ask, digest, size)
        }
        Place::Layout(folder) => {
            let layout = Layout::open(&root.join(folder))?;
            let (digest, size) = find(&reference, |of, digest| layout.manifest(of, digest))?;
            layout.blob(ask, digest, size)
        }
    }
}

/// The digest of what is wanted, and its length where a manifest tells. `get` reads a manifest, by its tag or by its digest.
fn find(
    reference: &Reference,
    get: impl Fn(Option<&str>, Option<Sha256>) -> Result<Vec<u8>, SourceError>,
) -> Result<(Sha256, Option<u64>), SourceError> {
    if let Some(blob) = reference.blob {
        return Ok((blob, None));
    }
    let mut digest = reference.digest;
    for _ in 0..DEEPEST {
        let bytes = get(reference.tag.as_deref(), digest)?;
        check(&bytes, digest)?;
        match Manifest::read(&bytes)?.choose(reference)? {
            Chosen::Layer { digest, size } => return Ok((digest, Some(size))),
            Chosen::Manifest(below) => digest = Some(below),
        }
    }
    Err(SourceError::Final("its manifests are nested too deeply".to_owned()))
}

fn check(bytes: &[u8], digest: Option<Sha256>) -> Result<(), SourceError> {
    let got = Sha256(sha2::Sha256::digest(bytes).into());
    match digest {
        Some(expected) if expected != got => Err(SourceError::Final(format!(
            "its manifest has the sha256 {got}, not {expected}: it is not the one that was asked for"
        ))),
        _ => Ok(()),
    }
}
