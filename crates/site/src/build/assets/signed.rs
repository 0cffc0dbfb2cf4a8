//! The `signed` block of an asset: who has signed its bytes, or a list that holds its hash.

use super::{file, urls};
use crate::{Signed, SigningKey, fields::Fields, source::At};

/// `outer` is the asset.
pub(super) fn read(fields: &Fields<'_, '_>, outer: &Fields<'_, '_>) -> Option<Signed> {
    let keys = keys(fields);
    let (list, signature) = (urls::one(fields, "list"), urls::one(fields, "signature"));
    let written = |name| fields.is_written(name);
    if !written("list") && !written("signature") {
        let message = format!("the `signed` block of `{}` names neither a list nor a signature", outer.label().value);
        let note = fields.error(fields.block.header, message);
        note.label("required").next("add `signature = \"https://…\"`, and `list` where it is the list that is signed");
        return None;
    }
    let wrong = (written("list") && list.is_none()) || (written("signature") && signature.is_none());
    if let (Some(name), false) = (fields.written("name"), written("list")) {
        fields.error(name.key, "`name` has no effect without `list`").next("it is the asset's name in the list");
    }
    let (keys, name) = (keys?, fields.text("name").map(|at| at.value));
    (!wrong).then(|| Signed { place: fields.place(), list, signature, name, keys })
}

/// Who may have signed: files of OpenPGP keys, or minisign's keys as text.
fn keys(fields: &Fields<'_, '_>) -> Option<Vec<SigningKey>> {
    let files = fields.texts("key").unwrap_or_default();
    let minisign = fields.texts("minisign").unwrap_or_default();
    let wanted = files.len() + minisign.len();
    if wanted == 0 {
        let note = fields.error(fields.block.header, "the `signed` block names no key");
        note.label("required").next("add `key = \"keys/upstream.asc\"` (OpenPGP) or `minisign = \"RW…\"`");
        return None;
    }
    let open_pgp = files.iter().filter_map(|name| file(fields, name)).map(SigningKey::OpenPgp);
    let texts = minisign.into_iter().filter(|text| is_minisign(fields, text)).map(|at| SigningKey::Minisign(at.value));
    let keys: Vec<SigningKey> = open_pgp.chain(texts).collect();
    (keys.len() == wanted).then_some(keys)
}

/// The base64 of 42 bytes, the first two of which are `Ed`.
fn is_minisign(fields: &Fields<'_, '_>, text: &At<String>) -> bool {
    let letters = text.value.chars().all(|c| c.is_ascii_alphanumeric() || "+/=".contains(c));
    let good = text.value.len() == 56 && text.value.starts_with("RW") && letters;
    if !good {
        let note = fields.error(text.span, "this is not a public key of minisign");
        note.label("it has 56 letters and begins with `RW`").next("it is the second line of the file `minisign.pub`");
    }
    good
}
