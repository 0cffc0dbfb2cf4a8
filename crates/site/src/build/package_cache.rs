//! The `package_cache` block.

use super::assets;
use crate::{PackageCache, fields::Fields, world::World};
use firstlight_model::ByteSize;
use std::collections::BTreeMap;

/// apt-cacher-ng's, where such a server is looked for.
const PORT: u16 = 3142;
const SIZE: ByteSize = ByteSize(20 << 30);
/// A release's index and a kernel find room in it.
const LEAST: ByteSize = ByteSize(256 << 20);

pub(super) fn read(world: &World<'_>, http_port: u16) -> Option<PackageCache> {
    let fields = Fields::new(world, world.find("package_cache", "")?);
    let allow: Vec<_> = fields.parsed_list("allow").unwrap_or_default().into_iter().map(|at| at.value).collect();
    let mirrors = mirrors(&fields);
    if !fields.is_written("allow") && !fields.is_written("mirrors") {
        let note = fields.error(fields.block.header, "the package cache may ask nobody");
        note.next("add `allow = [\"deb.example.org\"]`, or `mirrors = { debian = \"https://mirror.example/debian\" }`");
    }
    Some(PackageCache { place: fields.place(), port: port(&fields, http_port), size: size(&fields), allow, mirrors })
}

fn port(fields: &Fields<'_, '_>, http_port: u16) -> u16 {
    let port = fields.number("port", 1..=65535).unwrap_or(PORT);
    if port == http_port {
        let at = fields.written("port").map_or(fields.block.header, |written| written.span);
        let note = fields.error(at, format!("port {port} is where machines fetch what they boot"));
        note.next("3142 is usual for a package cache");
    }
    port
}

fn size(fields: &Fields<'_, '_>) -> ByteSize {
    let Some(size) = fields.parsed::<ByteSize>("size") else { return SIZE };
    if size.value < LEAST {
        fields
            .error(size.span, format!("a package cache of {} is too small to be of use", size.value))
            .next("256M is the least");
    }
    size.value
}

/// Names that can be the first part of a path, with URLs that hold no password: every client uses them.
fn mirrors(fields: &Fields<'_, '_>) -> BTreeMap<String, String> {
    let mut mirrors = BTreeMap::new();
    for (name, at) in fields.entries("mirrors").unwrap_or_default() {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if name.is_empty() || !name.bytes().all(plain) || name == "HTTPS" {
            let note = fields.error(at.span, format!("`{name}` cannot be the name of a mirror"));
            note.next("it is the first part of a path: letters, digits, `-` and `_`");
            continue;
        }
        if let Some(url) = assets::server(fields, "mirrors", at) {
            mirrors.insert(name, url);
        }
    }
    mirrors
}
