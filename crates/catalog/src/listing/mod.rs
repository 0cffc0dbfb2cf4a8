//! Upstream listings: what a maker says of the versions of a system. Each format has a module of its own, which knows only
//! the bytes; where a listing lies is said in the `os` blocks.

mod alpine;
mod arch;
mod coreos;
mod fedora;
mod fields;
mod github;
mod names;
mod opensuse;

use crate::version;
use firstlight_model::Sha256;
use std::collections::BTreeMap;

/// The largest listing that is read, in bytes. Ubuntu's and GitHub's are the largest, with some hundred KiB.
pub const LIMIT: usize = 16 << 20;
/// How many versions, and how many files of one version, are kept of a listing.
const MOST: usize = 10_000;
/// The longest version, in bytes.
const LONGEST_VERSION: usize = 64;

/// What a listing is written in: the words of `format` in a `listing` block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Lines of `KEY=value` or `Key: value`, with sections in brackets or without: Flatcar's `version.txt`, Debian's
    /// `Release`, `.treeinfo`. `key` says which; `section.key` where there are sections.
    Fields,
    /// Any text with the names of files or folders in it: an index in HTML, a `SHA256SUMS`. `key` is what the name looks
    /// like, with `{version}` in it.
    Names,
    /// Fedora CoreOS's metadata of a stream.
    CoreosStream,
    /// Fedora's `releases.json`. `key` is the variant.
    FedoraReleases,
    /// Alpine's `latest-releases.yaml`. `key` is the flavour.
    AlpineReleases,
    /// Arch Linux's `releng/releases/json`.
    ArchReleases,
    /// The releases of a repository, as GitHub's API lists them.
    GithubReleases,
    /// The releases of a repository, as GitHub's feed lists them.
    GithubAtom,
    /// openSUSE's `distributions.json`. `key` is the distribution.
    OpensuseDistributions,
}

/// The words of `format`.
pub const FORMATS: &[(&str, Format)] = &[
    ("fields", Format::Fields),
    ("names", Format::Names),
    ("coreos-stream", Format::CoreosStream),
    ("fedora-releases", Format::FedoraReleases),
    ("alpine-releases", Format::AlpineReleases),
    ("arch-releases", Format::ArchReleases),
    ("github-releases", Format::GithubReleases),
    ("github-atom", Format::GithubAtom),
    ("opensuse-distributions", Format::OpensuseDistributions),
];

impl Format {
    /// What `key` is for; `None` where the format takes none.
    pub fn key(self) -> Option<&'static str> {
        match self {
            Format::Fields => Some("the field that holds the version"),
            Format::Names => Some("what a name looks like, with `{version}` in it"),
            Format::FedoraReleases => Some("the variant, like \"Everything\""),
            Format::AlpineReleases => Some("the flavour, like \"alpine-netboot\""),
            Format::OpensuseDistributions => Some("the distribution, like \"Leap\""),
            Format::CoreosStream | Format::ArchReleases | Format::GithubReleases | Format::GithubAtom => None,
        }
    }
}

/// What is looked for in a listing.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// How it is written.
    pub format: Format,
    /// The listing's `key`; empty where the format takes none.
    pub key: &'a str,
    /// The maker's word for the architecture.
    pub arch: &'a str,
    /// What the versions begin with that count; empty for all.
    pub prefix: &'a str,
    /// Whether alphas, betas and release candidates count.
    pub announcements: bool,
}

/// A version that a listing offers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Offer {
    /// The version.
    pub version: String,
    /// The hashes that the listing states of its files, by the last part of their names.
    pub files: BTreeMap<String, Sha256>,
}

/// Why a listing says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// It is not written as expected.
    #[error("it is not what was expected there: {0}")]
    Malformed(String),
    /// It is larger than [`LIMIT`].
    #[error("it is larger than {} MiB", LIMIT >> 20)]
    TooLarge,
    /// It offers no version of what was wanted.
    #[error("it offers no version{}", if .0.is_empty() { String::new() } else { format!(" for {}", .0) })]
    Nothing(String),
}

/// What a listing offers, the newest first. There is at least one.
///
/// # Errors
/// It is not what it should be, or offers nothing that was wanted.
pub fn read(text: &str, wanted: &Wanted<'_>) -> Result<Vec<Offer>, Unread> {
    if text.len() > LIMIT {
        return Err(Unread::TooLarge);
    }
    let offers = match wanted.format {
        Format::Fields => fields::offers(text, wanted.key),
        Format::Names => names::offers(text, wanted.key),
        Format::CoreosStream => coreos::offers(text, wanted.arch)?,
        Format::FedoraReleases => fedora::offers(text, wanted)?,
        Format::AlpineReleases => alpine::offers(text, wanted),
        Format::ArchReleases => arch::offers(text)?,
        Format::GithubReleases => github::of_api(text, wanted.announcements)?,
        Format::GithubAtom => github::of_feed(text),
        Format::OpensuseDistributions => opensuse::offers(text, wanted)?,
    };
    sorted(offers, wanted)
}

fn sorted(mut offers: Vec<Offer>, wanted: &Wanted<'_>) -> Result<Vec<Offer>, Unread> {
    offers.retain(|offer| is_version(&offer.version) && offer.version.starts_with(wanted.prefix));
    offers.retain(|offer| wanted.announcements || !version::is_announcement(&offer.version));
    offers.truncate(MOST);
    offers.sort_by(|a, b| version::compare(&b.version, &a.version));
    if offers.is_empty() { Err(Unread::Nothing(wanted.arch.to_owned())) } else { Ok(offers) }
}

/// True for what may be a version: it becomes part of URLs.
pub fn is_version(text: &str) -> bool {
    let in_version = |c: char| c.is_ascii_alphanumeric() || "._+~-".contains(c);
    let whole = !text.is_empty() && text.len() <= LONGEST_VERSION && text.chars().all(in_version);
    // Nothing that climbs in a path.
    whole && text.starts_with(|c: char| c.is_ascii_alphanumeric()) && !text.contains("..")
}

/// The newest of some versions that all of several listings offer; `None` where they have none in common.
pub fn newest_of_all(listings: &[Vec<Offer>]) -> Option<&str> {
    let (first, others) = listings.split_first()?;
    let everywhere = |version: &str| others.iter().all(|offers| offers.iter().any(|offer| offer.version == version));
    first
        .iter()
        .map(|offer| &*offer.version)
        .filter(|version| everywhere(version))
        .max_by(|a, b| version::compare(a, b))
}

/// A JSON text as a type; the error names no more than where it stopped.
fn json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Unread> {
    serde_json::from_str(text).map_err(|error| Unread::Malformed(error.to_string().chars().take(200).collect()))
}

/// The last part of a path or URL.
fn last_part(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or(path)
}

/// One file's hash, where it is one.
fn stated(name: &str, hash: Option<&str>) -> Option<(String, Sha256)> {
    let hash = hash?.trim();
    let hash = hash.strip_prefix("sha256:").unwrap_or(hash).parse().ok()?;
    Some((last_part(name).to_owned(), hash))
}
