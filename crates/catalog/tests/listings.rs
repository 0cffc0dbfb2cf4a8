//! The parsers of upstream listings, on samples of their formats (`samples/README.md` says what they are).
#![allow(clippy::unwrap_used, clippy::panic)]

use firstlight_catalog::listing::{FORMATS, Format, Offer, Unread, Wanted, newest_of_all, read};
use proptest::prelude::*;

fn offers(text: &str, format: Format, key: &str, arch: &str, announcements: bool) -> Result<Vec<Offer>, Unread> {
    read(text, &Wanted { format, key, arch, prefix: "", announcements })
}

fn versions(text: &str, format: Format, key: &str, arch: &str) -> Vec<String> {
    offers(text, format, key, arch, false).unwrap().into_iter().map(|offer| offer.version).collect()
}

/// The first digit of the hash that the newest version's file has.
fn digit(offers: &[Offer], file: &str) -> Option<char> {
    offers[0].files.get(file).and_then(|hash| hash.to_string().chars().next())
}

#[test]
fn a_field_of_a_text_is_a_version() {
    let text = include_str!("samples/flatcar-version.txt");
    assert_eq!(versions(text, Format::Fields, "FLATCAR_VERSION", ""), ["4230.2.3"]);
    assert_eq!(versions(text, Format::Fields, "FLATCAR_BUILD_ID", ""), ["2025-09-17-2006"], "quotes are none of it");
    let text = include_str!("samples/debian-Release");
    assert_eq!(versions(text, Format::Fields, "Version", ""), ["13.2"]);
    let text = include_str!("samples/rocky-treeinfo");
    let rocky = offers(text, Format::Fields, "general.version", "", false).unwrap();
    assert_eq!(rocky[0].version, "10.1", "the header's version is another");
    assert_eq!(digit(&rocky, "vmlinuz"), Some('3'));
}

#[test]
fn versions_stand_in_names() {
    let text = include_str!("samples/ubuntu-SHA256SUMS");
    let ubuntu = offers(text, Format::Names, "ubuntu-{version}-live-server-amd64.iso", "", false).unwrap();
    assert_eq!(ubuntu.iter().map(|offer| &*offer.version).collect::<Vec<_>>(), ["24.04.4", "24.04.3"]);
    assert_eq!(digit(&ubuntu, "ubuntu-24.04.4-live-server-amd64.iso"), Some('4'));
    let text = include_str!("samples/almalinux-index.html");
    let alma = versions(text, Format::Names, "href=\"{version}/\"", "");
    assert_eq!(alma, ["10.1", "10.0", "10", "9.10", "9.7", "8.10"]);
    let wanted =
        Wanted { format: Format::Names, key: "href=\"{version}/\"", arch: "", prefix: "9.", announcements: false };
    let nine: Vec<_> = read(text, &wanted).unwrap().into_iter().map(|offer| offer.version).collect();
    assert_eq!(nine, ["9.10", "9.7"]);
    let text = include_str!("samples/opensuse-leap-index.html");
    assert_eq!(versions(text, Format::Names, "leap/{version}/", ""), ["16.0", "15.6", "15.5"]);
}

#[test]
fn a_stream_of_coreos_names_a_release_and_its_hashes_for_each_architecture() {
    let text = include_str!("samples/coreos-stable.json");
    let of = |arch| offers(text, Format::CoreosStream, "", arch, false);
    let amd64 = of("x86_64").unwrap();
    assert_eq!((amd64.len(), &*amd64[0].version), (1, "44.20260707.3.1"), "and not that of another platform");
    assert_eq!(digit(&amd64, "fedora-coreos-44.20260707.3.1-live-kernel.x86_64"), Some('1'));
    assert_eq!(digit(&of("aarch64").unwrap(), "fedora-coreos-44.20260707.3.1-live-rootfs.aarch64.img"), Some('6'));
    assert_eq!(of("riscv64"), Err(Unread::Nothing("riscv64".to_owned())));
}

#[test]
fn what_announces_a_release_counts_only_where_it_is_wanted() {
    let text = include_str!("samples/fedora-releases.json");
    assert_eq!(versions(text, Format::FedoraReleases, "Everything", "x86_64"), ["43", "42"]);
    let all = offers(text, Format::FedoraReleases, "Everything", "aarch64", true).unwrap();
    assert_eq!(all.iter().map(|offer| &*offer.version).collect::<Vec<_>>(), ["44_Beta", "43"]);
    let text = include_str!("samples/github-releases.json");
    let talos = offers(text, Format::GithubReleases, "", "amd64", false).unwrap();
    assert_eq!(talos.iter().map(|offer| &*offer.version).collect::<Vec<_>>(), ["1.11.10", "1.11.9", "1.10.8"]);
    assert_eq!(digit(&talos, "vmlinuz-amd64"), Some('3'));
    assert_eq!(offers(text, Format::GithubReleases, "", "amd64", true).unwrap()[0].version, "1.13.0-alpha.2");
    let text = include_str!("samples/opensuse-distributions.json");
    assert_eq!(versions(text, Format::OpensuseDistributions, "Leap", ""), ["16.0"]);
    assert_eq!(versions(text, Format::OpensuseDistributions, "Tumbleweed", ""), ["20261118"]);
}

#[test]
fn alpine_arch_and_feeds() {
    let text = include_str!("samples/alpine-latest-releases.yaml");
    let alpine = offers(text, Format::AlpineReleases, "alpine-netboot", "x86_64", false).unwrap();
    assert_eq!((alpine.len(), &*alpine[0].version), (1, "3.22.2"));
    assert_eq!(digit(&alpine, "alpine-netboot-3.22.2-x86_64.tar.gz"), Some('2'));
    assert!(offers(text, Format::AlpineReleases, "alpine-netboot", "aarch64", false).is_err());
    let text = include_str!("samples/arch-releases.json");
    let arch = offers(text, Format::ArchReleases, "", "x86_64", false).unwrap();
    assert_eq!(arch[0].version, "2026.11.01", "one that is on no mirror is no offer");
    assert_eq!(digit(&arch, "archlinux-2026.11.01-x86_64.iso"), Some('2'));
    let text = include_str!("samples/github-releases.atom");
    assert_eq!(versions(text, Format::GithubAtom, "", "amd64"), ["8.10", "8.00"]);
}

#[test]
fn another_page_is_no_listing() {
    let page = "<!DOCTYPE html><html><body>Please log in to this network</body></html>";
    for (word, format) in FORMATS {
        let key = if *format == Format::Names { "x-{version}.iso" } else { "Version" };
        assert!(offers(page, *format, key, "x86_64", true).is_err(), "{word}");
        assert!(offers("", *format, key, "x86_64", true).is_err(), "{word}");
    }
}

#[test]
fn a_version_becomes_part_of_a_url_and_so_climbs_nowhere() {
    for odd in ["../../etc", "1..2", "1/2", "1 2", "", "{version}", "1?x", "é"] {
        let text = format!("VERSION={odd}\n");
        assert!(offers(&text, Format::Fields, "VERSION", "", true).is_err(), "{odd}");
    }
}

#[test]
fn of_several_listings_the_newest_common_version_counts() {
    let offer = |versions: &[&str]| {
        versions.iter().map(|version| Offer { version: (*version).to_owned(), ..Offer::default() }).collect::<Vec<_>>()
    };
    let (one, other) = (offer(&["1.10", "1.9", "1.8"]), offer(&["1.9", "1.8"]));
    assert_eq!(newest_of_all(&[one.clone(), other]), Some("1.9"));
    assert_eq!(newest_of_all(std::slice::from_ref(&one)), Some("1.10"));
    assert_eq!(newest_of_all(&[one, offer(&["2.0"])]), None);
    assert_eq!(newest_of_all(&[]), None);
}

proptest! {
    /// Each format's sample, cut, mixed and garbled: read or refused, and never a version that is none.
    #[test]
    fn no_text_is_too_odd(which in 0..FORMATS.len(), from in 0usize..2000, to in 0usize..6000, junk in ".{0,20}") {
        let samples = [
            include_str!("samples/coreos-stable.json"), include_str!("samples/fedora-releases.json"),
            include_str!("samples/alpine-latest-releases.yaml"), include_str!("samples/arch-releases.json"),
            include_str!("samples/github-releases.json"), include_str!("samples/github-releases.atom"),
            include_str!("samples/opensuse-distributions.json"), include_str!("samples/debian-Release"),
        ];
        let (_, format) = FORMATS[which];
        for sample in samples {
            let cut = sample.get(from..to.min(sample.len())).unwrap_or(sample);
            for text in [format!("{cut}{junk}"), format!("{junk}{cut}"), junk.clone()] {
                let key = if format == Format::Names { "-{version}" } else { "Version" };
                if let Ok(offers) = offers(&text, format, key, "x86_64", true) {
                    prop_assert!(!offers.is_empty());
                }
            }
        }
    }
}
