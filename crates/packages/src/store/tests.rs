//! The folder over restarts, with things missing, and beyond its size.

use super::*;

fn keep(store: &Store, url: &str, content: &[u8], limit: u64) {
    let mut file = store.begin().unwrap();
    file.write_all(content).unwrap();
    let meta = Meta { url: url.to_owned(), size: content.len() as u64, ..Meta::default() };
    store.keep(&key(url), meta, file, limit).unwrap();
}

fn content(store: &Store, url: &str) -> Option<Vec<u8>> {
    let (meta, mut file) = store.find(&key(url))?;
    assert_eq!(meta.url, url);
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut file, &mut bytes).unwrap();
    Some(bytes)
}

#[test]
fn what_is_kept_is_there_after_a_restart_and_replaced_whole() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    keep(&store, "http://a/x", b"one", 100);
    keep(&store, "http://a/x", b"three", 100);
    assert_eq!(content(&store, "http://a/x").unwrap(), b"three");
    assert_eq!(store.used(), (5, 1));

    let store = Store::open(dir.path()).unwrap();
    assert_eq!(content(&store, "http://a/x").unwrap(), b"three");
    assert_eq!(store.used(), (5, 1));
    assert_eq!(fs::read_dir(dir.path().join("body")).unwrap().count(), 1);
}

#[test]
fn the_longest_unused_goes_first_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    for url in ["http://a/1", "http://a/2", "http://a/3"] {
        keep(&store, url, b"1234", 12);
    }
    assert!(content(&store, "http://a/1").is_some());
    keep(&store, "http://a/4", b"1234", 12);
    let here = |store: &Store| ["1", "2", "3", "4"].map(|n| content(store, &format!("http://a/{n}")).is_some());
    assert_eq!(here(&store), [true, false, true, true]);
    assert!(store.shrink(0) && !store.shrink(0));
    assert_eq!(store.used(), (0, 0));
    assert_eq!(fs::read_dir(dir.path().join("meta")).unwrap().count(), 0);
}

#[test]
fn what_does_not_belong_together_is_swept() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    for url in ["http://a/whole", "http://a/short", "http://a/gone", "http://a/text"] {
        keep(&store, url, b"12345", 100);
    }
    let body = |url: &str| store.body(&store.find(&key(url)).unwrap().0);
    fs::write(body("http://a/short"), "123").unwrap();
    fs::remove_file(body("http://a/gone")).unwrap();
    fs::write(dir.path().join("meta").join(key("http://a/text")), "nonsense").unwrap();
    fs::write(dir.path().join("body/stray"), "x").unwrap();
    fs::write(dir.path().join("incoming/half"), "x").unwrap();
    assert!(content(&store, "http://a/gone").is_none(), "noticed without a restart too");

    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.used(), (5, 1));
    assert_eq!(content(&store, "http://a/whole").unwrap(), b"12345");
    for folder in ["body", "meta"] {
        assert_eq!(fs::read_dir(dir.path().join(folder)).unwrap().count(), 1, "{folder}");
    }
    assert_eq!(fs::read_dir(dir.path().join("incoming")).unwrap().count(), 0);
}
