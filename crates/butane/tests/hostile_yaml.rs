//! Nothing that anyone writes makes the translation panic, or take more than it should.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use firstlight_butane::{NoFiles, Options, ignition::parse, translate};
use proptest::prelude::*;

const HEADER: &str = "variant: fcos\nversion: 1.8.0-experimental\n";

fn says(source: &str) -> String {
    let outcome = translate(source, &NoFiles, Options::default());
    match &outcome.ignition {
        Some(json) => drop(parse(json.as_bytes()).expect("what was translated is valid")),
        None => assert!(outcome.failure.is_some()),
    }
    outcome.report.to_string()
}

#[test]
fn a_billion_laughs() {
    let keys = vec!["x"; 2000].join(", ");
    let users: String = (0..2000).map(|n| format!("    - {{name: u{n}, groups: *g}}\n")).collect();
    let bomb = format!("{HEADER}passwd:\n  users:\n    - {{name: a, groups: &g [{keys}]}}\n{users}");
    assert!(says(&bomb).contains("excessive aliasing"));
}

#[test]
fn a_large_text_a_thousand_times() {
    let text = "x".repeat(1 << 20);
    let files: String = (0..1000).map(|n| format!("    - {{path: /{n}, contents: *c}}\n")).collect();
    let bomb = format!("{HEADER}storage:\n  files:\n    - {{path: /, contents: &c {{inline: {text}}}}}\n{files}");
    assert!(says(&bomb).contains("excessive aliasing"));
}

#[test]
fn mappings_that_merge_each_other_without_end() {
    let chain: String = (1..5000).map(|n| format!("  - &a{n} {{<<: *a{}}}\n", n - 1)).collect();
    let config = format!("{HEADER}x:\n  - &a0 {{}}\n{chain}storage:\n  <<: *a4999\n");
    assert!(says(&config).contains("merge"));
    let nested = format!("{HEADER}storage: {}{}\n", "{<<: ".repeat(5000), "}".repeat(5000));
    assert!(says(&nested).contains("merge"));
}

#[test]
fn brackets_without_end() {
    for open in ["[", "{", "- ", "? ", "[?", "{[", "a: "] {
        says(&format!("{HEADER}storage: {}", open.repeat(50_000)));
        says(&open.repeat(50_000));
    }
}

/// Texts of the words that the language and YAML know, so that many of them mean something.
fn config() -> impl Strategy<Value = String> {
    const WORDS: [&str; 72] = [
        "storage:",
        "files:",
        "filesystems:",
        "trees:",
        "luks:",
        "disks:",
        "raid:",
        "links:",
        "directories:",
        "systemd:",
        "units:",
        "quadlets:",
        "dropins:",
        "passwd:",
        "users:",
        "ignition:",
        "config:",
        "merge:",
        "replace:",
        "boot_device:",
        "mirror:",
        "devices:",
        "layout:",
        "s390x-eckd",
        "grub:",
        "kernel_arguments:",
        "should_exist:",
        "path:",
        "/a",
        "/a/../b",
        "contents:",
        "inline:",
        "local:",
        "source:",
        "data:,x",
        "compression:",
        "gzip",
        "mode:",
        "0644",
        "99999999999",
        "name:",
        "a.service",
        "job@1.container",
        "with_mount_unit:",
        "true",
        "device:",
        "/dev/sda",
        "format:",
        "swap",
        "partitions:",
        "label:",
        "root",
        "number:",
        "size_mib:",
        "clevis:",
        "tang:",
        "url:",
        "cex:",
        "enabled:",
        "\n",
        "\n  ",
        "\n    ",
        "\n      ",
        "\n  - ",
        "\n    - ",
        "&a ",
        "*a",
        "<<:",
        "[",
        "]",
        "{",
        "}",
    ];
    let word = prop_oneof![8 => (0..WORDS.len()).prop_map(|at| WORDS[at].to_owned()), 1 => "\\PC{0,6}"];
    prop::collection::vec(word, 0..60).prop_map(|words| format!("{HEADER}{}", words.join(" ")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn words_of_the_language_never_panic(source in config()) {
        says(&source);
    }

    #[test]
    fn any_text_never_panics(source in any::<String>()) {
        says(&source);
        says(&format!("{HEADER}{source}"));
    }

    #[test]
    fn any_bytes_never_panic(source in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = firstlight_butane::butane::translate_bytes(&source, &NoFiles, Options::default());
    }
}
