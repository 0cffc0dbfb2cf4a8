//! Resources: what is fetched or lies in the config itself, by URL, with its compression, headers and hash.

use super::{Check, text_or_empty};
use crate::{
    ignition::version::Version,
    text::{dataurl, url::Url},
};

/// A resource's URL, compression, hash and headers go together.
pub(in crate::ignition) fn resource(check: &mut Check<'_>) {
    if !matches!(check.text("compression"), None | Some("" | "gzip")) {
        check.error("compression", "invalid compression method");
    }
    let hash = check.node.get("verification").and_then(|verification| verification.get("hash")?.as_str());
    if hash.is_some() && check.text("source").is_none() {
        check
            .error_at(&["verification".into(), "hash".into()], "source must be specified if verification is specified");
    }
    reference(check);
    if !check.items("httpHeaders").is_empty() {
        check.require("httpHeaders", may_have_headers(check.text("source").unwrap_or("")));
    }
}

/// A resource's URL, if it has one, is one that Ignition fetches.
pub(in crate::ignition) fn reference(check: &mut Check<'_>) {
    if check.has_text("source") {
        authority(check);
    }
}

/// As [`reference()`], and the URL must be there: the certificate authorities of 3.0.0.
pub(in crate::ignition) fn authority(check: &mut Check<'_>) {
    check.require("source", source(check.text("source").unwrap_or(""), check.version));
}

/// Each resource of a list has a source that can be fetched.
pub(super) fn require_sources(check: &mut Check<'_>, list: &'static str) {
    for (index, resource) in check.items(list).iter().enumerate() {
        let verdict = match text_or_empty(resource, "source") {
            "" => Err("source is required".into()),
            url => source(url, check.version),
        };
        if let Err(message) = verdict {
            check.error_at(&[list.into(), index.into()], message);
        }
    }
}

/// A header has a name; its value may be missing, which takes it away, but not be empty.
pub(in crate::ignition) fn header(check: &mut Check<'_>) {
    if !check.has_text("name") {
        check.error("name", "HTTP header name can't be empty");
    }
    if check.text("value") == Some("") {
        check.error("value", "unable to parse HTTP header");
    }
}

/// A hash is one that is known, with as many digits as it has.
pub(in crate::ignition) fn verification(check: &mut Check<'_>) {
    let Some(hash) = check.text("hash") else { return };
    check.require("hash", known_hash(hash, check.version));
}

fn known_hash(hash: &str, version: Version) -> Result<(), &'static str> {
    let (function, sum) = hash.split_once('-').ok_or("malformed hash specifier")?;
    let digits = match function {
        "sha512" => 128,
        "sha256" if version >= Version::V3_1 => 64,
        _ => return Err("unrecognized hash function"),
    };
    if sum.len() == digits { Ok(()) } else { Err("incorrect size for hash sum") }
}

fn may_have_headers(source: &str) -> Result<(), &'static str> {
    match Url::parse(source).filter(|_| !source.is_empty()).map(|url| url.scheme).as_deref() {
        None => Err("unable to parse url"),
        Some("http" | "https") => Ok(()),
        Some(_) => Err("cannot use HTTP headers with this source scheme"),
    }
}

/// Whether a URL is one that this version fetches.
///
/// # Errors
/// Why not, in the reference's words.
pub(super) fn source(text: &str, version: Version) -> Result<(), String> {
    let url = Url::parse(text).ok_or("unable to parse url")?;
    match url.scheme.as_str() {
        "http" | "https" | "tftp" => Ok(()),
        "gs" if version >= Version::V3_2 => Ok(()),
        "s3" => object_version(&url).map_err(Into::into),
        "arn" if version >= Version::V3_4 => arn(&url).and_then(|()| object_version(&url)).map_err(Into::into),
        "data" => dataurl::decode(text).map(|_| ()),
        _ => Err("invalid url scheme".into()),
    }
}

/// A version of an object in S3 that is asked for has a name.
fn object_version(url: &Url<'_>) -> Result<(), &'static str> {
    if url.query("versionId") == Some("") { Err("invalid S3 object VersionId") } else { Ok(()) }
}

/// `arn:partition:s3:region:account:bucket/key`, or `accesspoint/name/object` in the place of the bucket.
fn arn(url: &Url<'_>) -> Result<(), &'static str> {
    let invalid = "invalid S3 ARN format";
    let sections: Vec<&str> = url.opaque.splitn(5, ':').collect();
    let [_, "s3", _, _, resource] = sections[..] else { return Err(invalid) };
    let slashes = url.opaque.matches('/').count();
    let needed = if resource.starts_with("accesspoint/") { 2 } else { 1 };
    if slashes >= needed { Ok(()) } else { Err(invalid) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_fetched_depends_on_the_version() {
        let newest = Version::V3_7_EXPERIMENTAL;
        assert_eq!(source("gs://b/o", Version::V3_1), Err("invalid url scheme".into()));
        assert_eq!(source("gs://b/o", newest), Ok(()));
        assert_eq!(source("arn:aws:s3:::b/o", Version::V3_3), Err("invalid url scheme".into()));
        assert_eq!(source("arn:aws:s3:::b/o", newest), Ok(()));
        assert_eq!(source("arn:aws:s3:::b", newest), Err("invalid S3 ARN format".into()));
        assert_eq!(source("arn:aws:iam:::b/o", newest), Err("invalid S3 ARN format".into()));
        assert_eq!(source("arn:aws:s3:eu:1:accesspoint/p", newest), Err("invalid S3 ARN format".into()));
        assert_eq!(source("s3://b/o?versionId=", newest), Err("invalid S3 object VersionId".into()));
        assert_eq!(source("ftp://x", newest), Err("invalid url scheme".into()));
        assert_eq!(source("http://[", newest), Err("unable to parse url".into()));
    }

    #[test]
    fn a_hash_has_a_known_function_and_its_length() {
        let newest = Version::V3_7_EXPERIMENTAL;
        assert_eq!(known_hash("abc", newest), Err("malformed hash specifier"));
        assert_eq!(known_hash("md5-abc", newest), Err("unrecognized hash function"));
        assert_eq!(known_hash("sha512-abc", newest), Err("incorrect size for hash sum"));
        assert_eq!(known_hash(&format!("sha256-{:064}", 0), newest), Ok(()));
        assert_eq!(known_hash(&format!("sha256-{:064}", 0), Version::V3_0), Err("unrecognized hash function"));
    }
}
