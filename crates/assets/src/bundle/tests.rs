//! From one store into another, whole, cut off and damaged.

use super::*;
use crate::{Error, Fetcher, Known, Options, Store};
use firstlight_boot::Content;
use firstlight_site::{Lock, Memory, Site, Source, Sources};
use std::{fs, path::Path};

/// A site with two URLs of the same file and one of another.
fn site(root: &Path) -> Site {
    let url = |name: &str| format!("file://{}", root.join(name).display());
    fs::write(root.join("one"), "one").unwrap();
    fs::write(root.join("two"), vec![7; 700_000]).unwrap();
    let text = format!(
        "network \"n\" {{ subnet = \"10.0.0.0/24\" }}\nprofile \"p\" {{ boot = \"disk\" }}\n\
         asset \"a\" {{ url = \"{0}\" }}\nasset \"b\" {{ url = \"{0}\" }}\nasset \"c\" {{ url = \"{1}\" }}\n",
        url("one"),
        url("two")
    );
    let files = vec![Source { name: "site.hcl".into(), text }];
    let sources = Sources { root: root.to_owned(), folder: "lab".into(), files };
    firstlight_site::parse(&sources, &Memory::default()).unwrap().site
}

fn exported(site: &Site, store: &Path) -> Vec<u8> {
    let fetcher = Fetcher::new(site, Store::open(store).unwrap(), Known::default(), Options::default()).unwrap();
    let mut bundle = Vec::new();
    let exported = export(site, &fetcher, &mut bundle, &|_| {}).unwrap();
    assert_eq!(exported.sha256, Sha256(sha2::Sha256::digest(&bundle).into()));
    assert!(exported.objects >= 2 && exported.local.is_empty());
    bundle
}

fn imported(bundle: &[u8], root: &Path, lock: &Lock) -> Result<Imported, Error> {
    import(&mut &bundle[..], &Store::open(&root.join("store")).unwrap(), root, lock, &|_| {})
}

#[test]
fn what_one_store_has_the_other_has_without_any_source() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let site = site(here.path());
    let bundle = exported(&site, &here.path().join("store"));
    assert_eq!(bundle, exported(&site, &here.path().join("another")), "the same bytes");
    fs::remove_file(here.path().join("one")).unwrap();
    fs::remove_file(here.path().join("two")).unwrap();

    let done = imported(&bundle, there.path(), &Lock::default()).unwrap();
    assert_eq!((done.locked.join(" "), done.here), ("a b c".to_owned(), 0));
    let again = imported(&bundle, there.path(), &Lock::default()).unwrap();
    assert_eq!((again.new, again.here), (0, done.new));

    let lock = firstlight_site::parse_lock(&fs::read_to_string(there.path().join("firstlight.lock")).unwrap()).unwrap();
    let moved = Site { lock, root: there.path().to_owned(), ..site };
    let store = Store::open(&there.path().join("store")).unwrap();
    let fetcher = Fetcher::new(&moved, store, Known::default(), Options::default()).unwrap();
    let content = |name: &str| match fetcher.fetch(&moved.assets[name], &|_| {}).unwrap() {
        Content::File { path, .. } => fs::read(path).unwrap(),
        Content::Bytes(_) => panic!("a file"),
    };
    assert_eq!((content("a"), content("b")), (b"one".to_vec(), b"one".to_vec()));
    assert_eq!(content("c"), vec![7; 700_000]);
}

#[test]
fn an_import_that_is_cut_off_goes_on_and_a_damaged_one_takes_nothing_wrong() {
    let here = tempfile::tempdir().unwrap();
    let site = site(here.path());
    let bundle = exported(&site, &here.path().join("store"));
    let there = tempfile::tempdir().unwrap();
    for at in [0, 100, 600, 1500, bundle.len() / 2, bundle.len() - 2000] {
        assert!(imported(&bundle[..at], there.path(), &Lock::default()).is_err(), "cut at {at}");
    }
    imported(&bundle, there.path(), &Lock::default()).unwrap();

    for at in (0..bundle.len()).step_by(bundle.len() / 41) {
        let there = tempfile::tempdir().unwrap();
        let mut damaged = bundle.clone();
        damaged[at] ^= 1;
        if imported(&damaged, there.path(), &Lock::default()).is_ok() {
            let store = Store::open(&there.path().join("store")).unwrap();
            assert!(store.check(|_| {}).unwrap().iter().all(|object| object.wrong.is_none()), "damaged at {at}");
        }
    }
}

#[test]
fn the_sites_own_lock_holds() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let site = site(here.path());
    let bundle = exported(&site, &here.path().join("store"));
    let text = format!(
        "asset \"a\" {{\n url = \"https://x/y\"\n size = 1\n sha256 = \"{}\"\n trust = \"first use\"\n}}\n",
        "0".repeat(64)
    );
    let lock = firstlight_site::parse_lock(&text).unwrap();
    let done = imported(&bundle, there.path(), &lock).unwrap();
    assert_eq!((done.differ.join(" "), done.locked.join(" ")), ("a".to_owned(), "b c".to_owned()));
}
