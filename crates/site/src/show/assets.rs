//! Assets, shown.

use super::{Page, relative};
use crate::{Archive, Asset, AssetSource, Pin, Signed, SigningKey, Site};
use firstlight_model::format_duration;

pub(super) fn asset(page: &mut Page, asset: &Asset, site: &Site) {
    match &asset.source {
        AssetSource::Path(path) => page.text("path", relative(path, site)),
        AssetSource::Urls(urls) => one_or_more(page, "url", urls),
        AssetSource::Member { archive, path } => {
            match archive {
                Archive::Asset(name) => page.text("from", name),
                Archive::Path(file) => page.text("from", relative(file, site)),
            }
            page.text("path", path);
        }
        AssetSource::Later(system) => {
            let urls = site.systems.get(system).and_then(|system| system.files.get(&asset.name)).map(|file| &file.url);
            page.maybe("url", &urls);
        }
    }
    match &asset.pin {
        Pin::Sha256(hash) => page.text("sha256", hash),
        Pin::Sha512(hash) => page.text("sha512", hash),
        Pin::Signed(by) => page.block("signed", None, |page| signed(page, by, site)),
        Pin::Lock => {}
    }
}

fn signed(page: &mut Page, signed: &Signed, site: &Site) {
    page.maybe("list", &signed.list);
    page.maybe("signature", &signed.signature);
    page.maybe("name", &signed.name);
    let (mut files, mut minisign) = (Vec::new(), Vec::new());
    for key in &signed.keys {
        match key {
            SigningKey::OpenPgp(path) => files.push(relative(path, site)),
            SigningKey::Minisign(text) => minisign.push(text.clone()),
            SigningKey::Catalog(name) => files.push(format!("{}{name}", firstlight_catalog::FOLDER)),
        }
    }
    one_or_more(page, "key", &files);
    one_or_more(page, "minisign", &minisign);
}

pub(super) fn settings(page: &mut Page, site: &Site) {
    let settings = &site.asset_settings;
    page.maybe("local", &settings.local.as_ref().map(|path| relative(path, site)));
    one_or_more(page, "gateways", &settings.gateways);
    one_or_more(page, "peers", &settings.peers);
    page.maybe("check", &settings.check.map(format_duration));
    page.text("fetch", settings.fetch.word());
}

/// One value alone, several as a list, none not at all.
fn one_or_more(page: &mut Page, name: &str, values: &[String]) {
    match values {
        [] => {}
        [one] => page.text(name, one),
        several => page.list(name, several),
    }
}
