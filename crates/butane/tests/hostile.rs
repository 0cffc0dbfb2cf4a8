//! No text makes the reading, validation, writing, merging or showing of Ignition configs panic, and what was written
//! reads as what was read.

#![allow(clippy::expect_used, clippy::unwrap_used)]

use firstlight_butane::{
    ignition::{Refusal, merge_documents, parse, to_json},
    render::{Columns, Source, render},
};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value, json};

/// Names that a config has, and some that it has not.
const NAMES: [&str; 40] = [
    "ignition",
    "version",
    "config",
    "merge",
    "replace",
    "proxy",
    "security",
    "tls",
    "certificateAuthorities",
    "timeouts",
    "kernelArguments",
    "shouldExist",
    "passwd",
    "users",
    "groups",
    "name",
    "storage",
    "files",
    "directories",
    "links",
    "path",
    "mode",
    "contents",
    "append",
    "source",
    "verification",
    "hash",
    "disks",
    "partitions",
    "number",
    "label",
    "filesystems",
    "format",
    "luks",
    "clevis",
    "tang",
    "systemd",
    "units",
    "dropins",
    "Unknown",
];

const TEXTS: [&str; 12] = [
    "",
    "/",
    "/a",
    "3.3.0",
    "data:,x",
    "data:;base64,",
    "%",
    "a.service",
    "[Install",
    "[A]\nb=\\\n",
    "é\u{2028}",
    "http://[",
];

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        select(&TEXTS[..]).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((select(&NAMES[..]), inner), 0..6)
                .prop_map(|entries| entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

fn config() -> impl Strategy<Value = String> {
    let version = select(&["3.0.0", "3.2.0", "3.4.0", "3.7.0-experimental", "2.3.0", "x"][..]);
    (version, value(), value(), value()).prop_map(|(version, storage, systemd, config)| {
        json!({"ignition": {"version": version, "config": config}, "storage": storage, "systemd": systemd}).to_string()
    })
}

/// Everything that is done with a text that may be a config.
fn everything(text: &str) {
    let report = match parse(text.as_bytes()) {
        Ok(parsed) => {
            let written = to_json(&parsed.config, parsed.version, true);
            let again = parse(written.as_bytes()).expect("what was written is read");
            assert_eq!(to_json(&again.config, again.version, true), written);
            parsed.report
        }
        Err(Refusal::Invalid(report) | Refusal::Syntax(report, _)) => {
            assert!(report.is_fatal());
            report
        }
        Err(refusal) => refusal.into_report(),
    };
    let source = Source { name: "a.ign", text, columns: Columns::Bytes };
    assert_eq!(render(&report, source, Some("help"), false).is_empty(), report.is_empty());
    let _ = merge_documents(text, r#"{"ignition":{"version":"3.5.0"},"storage":{"files":[{"path":"/a"}]}}"#);
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes);
        everything(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn no_config_panics(text in config()) {
        everything(&text);
    }

    #[test]
    fn no_damaged_config_panics(text in config(), at in any::<prop::sample::Index>(), new in any::<char>()) {
        let mut damaged: Vec<char> = text.chars().collect();
        let at = at.index(damaged.len());
        damaged[at] = new;
        everything(&damaged.iter().collect::<String>());
    }
}
