//! What is written reads back as the same; what is broken is said with its line.

use super::*;
use crate::{AssetSource, Memory, Pin, Place, Source, Sources, parse};
use proptest::prelude::*;

/// A site with this lock file.
fn with_lock(text: &str) -> Result<Lock, String> {
    let mut sources = Sources::single("site", "");
    sources.files.push(Source { name: LOCK_FILE.to_owned(), text: text.to_owned() });
    parse(&sources, &Memory::default()).map(|loaded| loaded.site.lock).map_err(|report| report.to_string())
}

fn trust() -> impl Strategy<Value = Trust> {
    let text = || any::<String>().prop_filter("a key has a name", |key| !key.is_empty());
    prop_oneof![Just(Trust::FirstUse), Just(Trust::Cid), text().prop_map(Trust::Stated), text().prop_map(Trust::Signed)]
}

fn locked() -> impl Strategy<Value = LockedAsset> {
    (any::<String>(), 0..=i64::MAX as u64, any::<[u8; 32]>(), trust())
        .prop_map(|(url, size, hash, trust)| LockedAsset { url, size, sha256: Sha256(hash), trust })
}

fn name() -> impl Strategy<Value = String> {
    any::<String>().prop_filter("a label is not empty", |name| !name.trim().is_empty())
}

fn lock() -> impl Strategy<Value = Lock> {
    let hashes = prop::collection::btree_map(any::<String>(), any::<[u8; 32]>().prop_map(Sha256), 0..3);
    let os = ("[0-9a-z][0-9a-z+~-]{0,9}", hashes, prop::option::of(trust()))
        .prop_map(|(version, sha256, trust)| LockedOs { version, sha256, trust });
    let os = prop::collection::btree_map(name(), os, 0..4);
    (prop::collection::btree_map(name(), locked(), 0..6), os).prop_map(|(assets, os)| Lock { assets, os })
}

proptest! {
    #[test]
    fn what_is_written_reads_back(lock in lock()) {
        let text = lock.to_string();
        prop_assert_eq!(with_lock(&text), Ok(lock), "{}", text);
    }

    #[test]
    fn the_difference_is_what_has_to_be_done(old in lock(), new in lock()) {
        let mut made = old.clone();
        old.diff(&new).into_iter().for_each(|moved| made.change(moved));
        prop_assert_eq!(made, new);
    }

    #[test]
    fn no_damage_makes_it_panic(lock in lock(), at in any::<prop::sample::Index>(), damage in any::<String>()) {
        let mut text: Vec<char> = lock.to_string().chars().collect();
        let at = at.index(text.len());
        text.splice(at..(at + damage.len()).min(text.len()), damage.chars());
        let _ = with_lock(&text.into_iter().collect::<String>());
    }
}

#[test]
fn it_looks_as_documented() {
    let sha256 = Sha256([0xab; 32]);
    let kernel = LockedAsset { url: "https://boot.example/vmlinuz".into(), size: 5, sha256, trust: Trust::FirstUse };
    let talos = LockedOs {
        version: "1.11.5".into(),
        sha256: [("talos-stable-kernel".to_owned(), sha256)].into(),
        trust: Some(Trust::Stated("https://talos.example/releases".into())),
    };
    let lock = Lock {
        assets: [("kernel".to_owned(), kernel)].into(),
        os: [
            ("flatcar/stable".to_owned(), LockedOs { version: "4230.2.1".into(), ..LockedOs::default() }),
            ("talos/stable".to_owned(), talos),
        ]
        .into(),
    };
    let expected = format!(
        "# Written by `firstlight assets`. Commit it beside the site: the same site then boots the same bytes everywhere.

asset \"kernel\" {{
  url    = \"https://boot.example/vmlinuz\"
  size   = 5
  sha256 = \"{sha256}\"
  trust  = \"first use\"
}}

os \"flatcar/stable\" {{
  version = \"4230.2.1\"
}}

os \"talos/stable\" {{
  version = \"1.11.5\"
  trust   = \"stated by https://talos.example/releases\"
  sha256 = {{
    \"talos-stable-kernel\" = \"{sha256}\"
  }}
}}
"
    );
    assert_eq!(lock.to_string(), expected);
}

#[test]
fn an_entry_counts_only_for_the_url_that_it_was_fetched_from() {
    let asset = |url: &str| Asset {
        name: "kernel".to_owned(),
        place: Place { file: String::new(), line: 1, column: 1 },
        source: AssetSource::Urls(vec!["https://mirror.example/a".to_owned(), url.to_owned()]),
        pin: Pin::Lock,
    };
    let entry =
        LockedAsset { url: "https://boot.example/a".into(), size: 0, sha256: Sha256([0; 32]), trust: Trust::FirstUse };
    let lock = Lock { assets: [("kernel".to_owned(), entry.clone())].into(), os: BTreeMap::new() };
    assert_eq!(lock.asset(&asset("https://boot.example/a")), Some(&entry));
    assert_eq!(lock.asset(&asset("https://boot.example/b")), None);
}

#[test]
fn mistakes_have_their_line() {
    let hash = "0".repeat(64);
    for (text, expected) in [
        ("asset \"a\" {", "firstlight.lock:1:1"),
        ("locals {}", "there is no block `locals`"),
        ("asset \"a\" {\n  url = \"x\"\n  size = 1\n  trust = \"cid\"\n}", "the asset `a` has no `sha256`"),
        (
            &format!("asset \"a\" {{\n  url = \"x\"\n  size = -1\n  sha256 = \"{hash}\"\n  trust = \"cid\"\n}}"),
            "firstlight.lock:3:10",
        ),
        (
            &format!("asset \"a\" {{\n  url = \"x\"\n  size = 1\n  sha256 = \"{hash}\"\n  trust = \"hope\"\n}}"),
            "`hope` is no reason for trust; expected \"first use\", \"cid\", \"stated by …\" or \"signed by …\"",
        ),
        ("os \"a\" {\n  version = \"../1\"\n}", "firstlight.lock:2:13"),
        ("os \"a\" {\n  version = \"1\"\n  sha256 = { x = \"12\" }\n}", "`12` is not a SHA-256 digest"),
        ("os \"a\" {\n  version = env(\"HOME\")\n}", "firstlight.lock:2:17"),
    ] {
        let said = with_lock(text).unwrap_err();
        assert!(said.contains(expected), "{text}\n{said}");
    }
}
