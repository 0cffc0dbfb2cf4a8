//! URLs of assets and of servers. Only their shape is checked; RFC 3986.

use crate::{AssetSource, SCHEMES, fields::Fields, nearest::nearest, source::At};
use serde_json::Value;

/// As many mirrors as make sense.
const MOST_URLS: usize = 64;

/// `url`: one, or a list of mirrors.
pub(super) fn of_asset(fields: &Fields<'_, '_>) -> Option<AssetSource> {
    let texts = fields.texts("url")?;
    let written = fields.written("url")?.span;
    if texts.is_empty() || texts.len() > MOST_URLS {
        let note = fields.error(written, format!("`url` holds {} URLs", texts.len()));
        note.next(&format!("name one, or a list of up to {MOST_URLS} that are tried in order"));
        return None;
    }
    let wanted = texts.len();
    let urls: Vec<String> =
        texts.into_iter().filter(|text| is_url(fields, text, &SCHEMES)).map(|at| at.value).collect();
    (urls.len() == wanted).then_some(AssetSource::Urls(urls))
}

/// A URL of a list or a signature.
pub(super) fn one(fields: &Fields<'_, '_>, name: &str) -> Option<String> {
    let text = fields.text(name)?;
    is_url(fields, &text, &["http", "https", "ftp", "file"]).then_some(text.value)
}

/// A list of servers, without a `/` at the end of each.
pub(super) fn servers(fields: &Fields<'_, '_>, name: &str) -> Vec<String> {
    let texts = fields.texts(name).unwrap_or_default();
    let good = texts.into_iter().filter(|text| is_url(fields, text, &["http", "https"]));
    good.map(|text| text.value.trim_end_matches('/').to_owned()).collect()
}

/// A server's URL that everybody may use, so that it holds no password; without a `/` at its end.
pub(super) fn without_password(fields: &Fields<'_, '_>, name: &str, at: At<Value>) -> Option<String> {
    let Some(text) = at.value.as_str().map(str::to_owned) else {
        return fields.wrong_type(&at, name, "a map of URLs");
    };
    let text = At::new(text, at.span);
    if !is_url(fields, &text, &["http", "https"]) {
        return None;
    }
    if text.value.contains('@') || text.value.contains(['?', '#']) {
        let note =
            fields.error(text.span, format!("the URL `{}` holds a name, a password or a question", shown(&text.value)));
        note.next("every client may use it: name a mirror that anybody may ask");
        return None;
    }
    Some(text.value.trim_end_matches('/').to_owned())
}

/// Complains where it is not one with one of `schemes`.
pub(in crate::build) fn is_url(fields: &Fields<'_, '_>, text: &At<String>, schemes: &[&str]) -> bool {
    let url = &text.value;
    if url.contains(|c: char| c.is_whitespace() || c.is_control()) {
        let note = fields.error(text.span, format!("the URL `{}` holds a space or a control character", shown(url)));
        note.next("a space in a URL is written %20");
        return false;
    }
    let Some((scheme, rest)) = url.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) else {
        let note = fields.error(text.span, format!("`{}` is not a URL", shown(url)));
        note.next("a URL begins like `https://`; a local file is named with `path`");
        return false;
    };
    let scheme = scheme.to_ascii_lowercase();
    if !schemes.contains(&&*scheme) {
        let note = fields.error(text.span, format!("`{}` is not fetched over `{scheme}`", shown(url)));
        let near = nearest(&scheme, schemes.iter().copied()).map(|near| format!("did you mean `{near}:`?"));
        note.help(near.unwrap_or_else(|| format!("known here: {}", schemes.join(", "))));
        return false;
    }
    let after = rest.trim_start_matches('/');
    let host = after.split(['/', '?', '#']).next().unwrap_or_default();
    let needs_host = matches!(&*scheme, "http" | "https" | "ftp" | "firstlight");
    if after.is_empty() || (needs_host && (!rest.starts_with("//") || rest.starts_with("///") || host.is_empty())) {
        let note = fields.error(text.span, format!("the URL `{}` names no server or file", shown(url)));
        note.next(example(&scheme));
        return false;
    }
    scheme != "ipfs" || is_in_ipfs(fields, text)
}

/// Complains where no file of IPFS can have this URL.
fn is_in_ipfs(fields: &Fields<'_, '_>, text: &At<String>) -> bool {
    let address = text.value.parse::<firstlight_ipfs::Address>();
    if let Err(error) = &address {
        let note = fields.error(text.span, format!("the URL `{}`: {error}", shown(&text.value)));
        note.next(example("ipfs"));
    }
    address.is_ok()
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

fn example(scheme: &str) -> &'static str {
    match scheme {
        "file" => "for example: file:///srv/boot/vmlinuz",
        "ipfs" => "for example: ipfs://bafybei…/vmlinuz",
        "oci" => "for example: oci://registry.example/boot/kernel@sha256:…",
        "firstlight" => "for example: firstlight://10.20.0.1:8080/kernel",
        _ => "for example: https://boot.example/vmlinuz",
    }
}

/// A URL without the name and password that may stand in it, and not longer than a line.
fn shown(url: &str) -> String {
    let hidden = match url.split_once("//") {
        Some((scheme, rest)) => {
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            match rest.get(..end).and_then(|authority| authority.rfind('@')) {
                Some(at) => format!("{scheme}//…{}", rest.get(at..).unwrap_or_default()),
                None => url.to_owned(),
            }
        }
        None => url.to_owned(),
    };
    hidden.chars().take(80).collect()
}
