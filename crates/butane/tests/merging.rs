//! How one Ignition config is laid over another, by example. `tests/real` compares with the engine itself.

#![allow(clippy::expect_used, clippy::unwrap_used)]

use firstlight_butane::{
    ignition::{Version, merge, merge_documents, parse},
    tree::Path,
};
use serde_json::{Value, json};

/// What becomes of two configs of 3.4.0, without their section `ignition`.
fn merged(parent: Value, child: Value) -> Value {
    let document = |mut config: Value| {
        config["ignition"]["version"] = json!("3.4.0");
        config.to_string()
    };
    let text = merge_documents(&document(parent), &document(child)).unwrap();
    let mut merged: Value = serde_json::from_str(&text).unwrap();
    merged.as_object_mut().unwrap().remove("ignition");
    merged
}

fn files(list: Value) -> Value {
    json!({"storage": {"files": list}})
}

#[test]
fn a_file_is_merged_by_its_path() {
    let parent = files(json!([
        {"path": "/etc/motd", "mode": 384, "contents": {"source": "data:,base"}, "append": [{"source": "data:,1"}]},
        {"path": "/etc/base"}
    ]));
    let child = files(json!([
        {"path": "/etc/new"},
        {"path": "/etc/motd", "contents": {"source": "data:,machine"}, "append": [{"source": "data:,1"}]}
    ]));
    assert_eq!(
        merged(parent, child),
        files(json!([
            {
                "path": "/etc/motd",
                "mode": 384,
                "contents": {"source": "data:,machine"},
                "append": [{"source": "data:,1"}, {"source": "data:,1"}]
            },
            {"path": "/etc/base"},
            {"path": "/etc/new"}
        ]))
    );
}

#[test]
fn a_child_that_says_nothing_of_the_contents_keeps_the_parents() {
    let parent = files(json!([{"path": "/a", "mode": 420, "contents": {"source": "data:,x", "compression": ""}}]));
    let child = files(json!([{"path": "/a", "overwrite": false, "user": {"name": "core"}}]));
    let expected = json!([{
        "path": "/a",
        "overwrite": false,
        "user": {"name": "core"},
        "mode": 420,
        "contents": {"source": "data:,x", "compression": ""}
    }]);
    assert_eq!(merged(parent, child), files(expected));
}

#[test]
fn a_link_takes_the_place_of_a_file() {
    let parent = json!({"storage": {"files": [{"path": "/a"}, {"path": "/b"}], "directories": [{"path": "/c"}]}});
    let child = json!({"storage": {"links": [{"path": "/a", "target": "b"}, {"path": "/c", "target": "b"}]}});
    let expected = json!({"storage": {
        "files": [{"path": "/b"}],
        "links": [{"path": "/a", "target": "b"}, {"path": "/c", "target": "b"}]
    }});
    assert_eq!(merged(parent, child), expected);
}

#[test]
fn a_kernel_argument_is_wanted_or_not() {
    let arguments = |wanted: &[&str], unwanted: &[&str]| json!({"kernelArguments": {"shouldExist": wanted, "shouldNotExist": unwanted}});
    let result = merged(arguments(&["quiet", "a"], &["b"]), arguments(&["c", "a"], &["quiet"]));
    assert_eq!(result, arguments(&["a", "c"], &["b", "quiet"]));
}

#[test]
fn users_units_and_dropins_are_merged_by_name() {
    let parent = json!({
        "passwd": {"users": [{"name": "core", "uid": 1000, "sshAuthorizedKeys": ["a"], "groups": ["wheel"]}]},
        "systemd": {"units": [{"name": "a.service", "enabled": true, "dropins": [
            {"name": "10.conf", "contents": "[Unit]\nA=1"}, {"name": "20.conf", "contents": "[Unit]\nA=2"}
        ]}]}
    });
    let child = json!({
        "passwd": {"users": [{"name": "core", "sshAuthorizedKeys": ["b", "a"]}, {"name": "ops"}]},
        "systemd": {"units": [{"name": "a.service", "dropins": [{"name": "20.conf", "contents": "[Unit]\nA=3"}]}]}
    });
    let expected = json!({
        "passwd": {"users": [
            {"name": "core", "uid": 1000, "sshAuthorizedKeys": ["a", "b"], "groups": ["wheel"]},
            {"name": "ops"}
        ]},
        "systemd": {"units": [{"name": "a.service", "enabled": true, "dropins": [
            {"name": "10.conf", "contents": "[Unit]\nA=1"}, {"name": "20.conf", "contents": "[Unit]\nA=3"}
        ]}]}
    });
    assert_eq!(merged(parent, child), expected);
}

#[test]
fn options_are_joined_or_kept_apart() {
    let luks = |options: Value, open: Value| json!({"storage": {"luks": [{"name": "root", "device": "/dev/sda", "options": options, "openOptions": open}]}});
    let result = merged(luks(json!(["-v"]), json!(["--x"])), luks(json!(["-v"]), json!(["--x", "--y"])));
    assert_eq!(result, luks(json!(["-v", "-v"]), json!(["--x", "--y"])));
}

#[test]
fn partitions_are_merged_by_number_or_else_by_label() {
    let disk = |partitions: Value| json!({"storage": {"disks": [{"device": "/dev/sda", "partitions": partitions}]}});
    let parent = disk(json!([{"number": 1, "label": "a", "sizeMiB": 8}, {"label": "data"}]));
    let child = disk(json!([{"number": 1, "sizeMiB": 16}, {"label": "data", "resize": true}, {"label": "more"}]));
    let expected = json!([
        {"number": 1, "label": "a", "sizeMiB": 16},
        {"label": "data", "resize": true},
        {"label": "more"}
    ]);
    assert_eq!(merged(parent, child), disk(expected));
}

#[test]
fn a_header_without_a_value_is_taken_away() {
    let file =
        |headers: Value| files(json!([{"path": "/a", "contents": {"source": "http://h/a", "httpHeaders": headers}}]));
    let result = merged(
        file(json!([{"name": "Token", "value": "x"}, {"name": "Accept", "value": "a"}])),
        file(json!([{"name": "Token"}, {"name": "Accept", "value": "b"}])),
    );
    assert_eq!(result, file(json!([{"name": "Accept", "value": "b"}])));
}

#[test]
fn the_result_is_of_the_later_version() {
    let old = r#"{"ignition":{"version":"3.0.0"},"storage":{"files":[{"path":"/a","mode":2541}]}}"#;
    let new = r#"{"ignition":{"version":"3.6.0"},"storage":{"files":[{"path":"/b","mode":2541}]}}"#;
    // Before 3.6.0 the special bits of a mode meant nothing.
    let expected =
        r#"{"ignition":{"version":"3.6.0"},"storage":{"files":[{"path":"/a","mode":493},{"path":"/b","mode":2541}]}}"#;
    assert_eq!(merge_documents(old, new).as_deref(), Ok(expected));
    let expected =
        r#"{"ignition":{"version":"3.6.0"},"storage":{"files":[{"path":"/b","mode":2541},{"path":"/a","mode":493}]}}"#;
    assert_eq!(merge_documents(new, old).as_deref(), Ok(expected));
}

#[test]
fn what_is_valid_alone_may_be_wrong_together() {
    let parent = r#"{"ignition":{"version":"3.3.0"},"storage":{"links":[{"path":"/a","target":"/b"}]}}"#;
    let child = r#"{"ignition":{"version":"3.4.0"},"storage":{"files":[{"path":"/a/c"}]}}"#;
    let report = merge_documents(parent, child).unwrap_err();
    assert!(report.is_fatal());
    assert!(report.to_string().contains("$.storage.files.0, "), "{report}");
    assert!(report.to_string().ends_with("file path includes link in config\n"), "{report}");
}

#[test]
fn what_is_refused_alone_is_refused() {
    let good = r#"{"ignition":{"version":"3.3.0"}}"#;
    for bad in
        ["", "{}", "hello", r#"{"ignition":{"version":"2.3.0"}}"#, r#"{"ignition":{"version":"3.3.0"},"storage":1}"#]
    {
        assert!(merge_documents(good, bad).unwrap_err().is_fatal(), "{bad}");
        assert!(merge_documents(bad, good).unwrap_err().is_fatal(), "{bad}");
    }
}

#[test]
fn both_have_a_part_in_it_and_the_childs_place_is_kept() {
    let config = |text: &str| parse(text.as_bytes()).unwrap().config;
    let parent =
        config(r#"{"ignition":{"version":"3.3.0"},"storage":{"files":[{"path":"/a","mode":1},{"path":"/b"}]}}"#);
    let child = config("{\"ignition\":{\"version\":\"3.3.0\"},\"storage\":\n{\"files\":\n[{\"path\":\"/b\"}]}}");
    let merged = merge(parent, child, Version::V3_3);
    let files = merged.get("storage").unwrap().get("files").unwrap();
    let lines: Vec<u32> = files.items().iter().map(|file| file.origin.at.unwrap().line).collect();
    assert_eq!((files.origin.at.unwrap().line, lines), (3, vec![1, 3]));
    assert_eq!(files.items()[1].origin.path, Path::ROOT.key("storage").key("files").index(0));
}
