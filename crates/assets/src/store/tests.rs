//! What is kept is found again, what is wrong is put aside, what is in use stays.

use super::*;
use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime},
};

/// SHA-256 of `hello`, as sha256sum prints it.
fn hello() -> Sha256 {
    "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824".parse().unwrap()
}

/// `hello` as an object.
fn put(store: &Store) -> Content {
    let mut part = store.part("x", false).unwrap().unwrap();
    assert!(part.add(b"hello").is_ok() && part.finish().is_ok());
    let hash = part.hashes().sha256();
    assert_eq!(hash, hello());
    store.adopt(part, hash).unwrap()
}

fn files(store: &Store, folder: &str) -> usize {
    fs::read_dir(store.dir.join(folder)).unwrap().count()
}

#[test]
fn what_was_kept_is_found_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert!(store.find(hello(), &Known::default()).is_none());
    assert_eq!(put(&store).size(), 5);
    assert!(Store::open(dir.path()).unwrap().find(hello(), &Known::default()).is_some());
    assert_eq!((files(&store, "incoming"), store.size_of(hello())), (0, Some(5)));
}

#[test]
fn an_object_that_went_bad_on_disk_is_not_served() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    put(&store);
    fs::write(store.path_of(hello()), b"hellO").unwrap();
    assert!(store.find(hello(), &Known::default()).is_none());
    assert_eq!(files(&store, "bad"), 2, "the bytes and a note");

    put(&store);
    fs::write(store.path_of(hello()), b"hellO").unwrap();
    let checked = store.check(|_| {}).unwrap();
    assert!(checked[0].wrong.is_some() && checked[0].kept.is_some());
    assert_eq!(store.size_of(hello()), None);
}

#[test]
fn a_part_goes_on_where_it_was_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let origin = Origin { url: hello(), validator: Some("\"v1\"".to_owned()) };
    let mut part = store.part("x", false).unwrap().unwrap();
    part.comes_from(origin.clone()).unwrap();
    assert!(part.add(b"hel").is_ok());
    assert!(store.part("x", false).unwrap().is_none(), "one writer");
    drop(part);

    let mut part = store.part("x", true).unwrap().unwrap();
    assert_eq!((part.len(), part.origin.clone(), part.mixed), (3, Some(origin), true));
    assert!(part.add(b"lo").is_ok());
    assert_eq!(part.hashes().sha256(), hello());
    assert!(part.hashes().sha512().is_some());
    part.comes_from(Origin { url: Sha256([0; 32]), validator: None }).unwrap();
    assert_eq!(part.origin, None, "from two places");
    store.discard(part);
    assert_eq!(files(&store, "incoming"), 0);
}

#[test]
fn a_collection_takes_only_what_nothing_uses() {
    let dir = tempfile::tempdir().unwrap();
    let (mine, other) = (Store::open(dir.path()).unwrap(), Store::open(dir.path()).unwrap());
    put(&mine);
    mine.set_alias("sha512", "ab", hello()).unwrap();
    let now = SystemTime::now();
    let none = BTreeSet::new();
    assert!(other.collect(&none, false, now).unwrap().removed.is_empty(), "another process uses it");
    mine.uses_only([]);
    assert!(other.collect(&BTreeSet::from([hello()]), false, now).unwrap().removed.is_empty(), "the site uses it");
    assert_eq!(other.collect(&none, true, now).unwrap().removed.len(), 1);
    assert_eq!(mine.alias("sha512", "ab"), Some(hello()), "it was only looked");
    drop(mine);
    let collected = other.collect(&none, false, now).unwrap();
    assert_eq!((collected.removed.len(), collected.removed[0].size, collected.kept), (1, 5, 0));
    assert_eq!((other.size_of(hello()), other.alias("sha512", "ab")), (None, None));
    assert_eq!(files(&other, "in-use"), 0, "what ended processes left is swept");
}

#[test]
fn what_was_cut_off_long_ago_is_collected_but_no_transfer_is() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let mut running = store.part("running", false).unwrap().unwrap();
    assert!(running.add(b"x").is_ok());
    drop(store.part("left", false).unwrap());
    let collect = |days: u64| {
        let now = SystemTime::now() + Duration::from_secs(days * 24 * 3600);
        let removed = store.collect(&BTreeSet::new(), false, now).unwrap().removed;
        removed.into_iter().map(|left| left.path.display().to_string()).collect::<Vec<_>>()
    };
    assert!(collect(6).is_empty());
    assert_eq!(collect(8), ["incoming/left.part"]);
}

#[test]
fn only_the_newest_bad_bytes_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    for n in 0..20 {
        let path = dir.path().join("x");
        fs::write(&path, [n]).unwrap();
        assert!(store.set_aside(&path, &format!("{n:02}"), "why").is_some());
    }
    assert_eq!(files(&store, "bad"), 16, "eight and their notes");
}
