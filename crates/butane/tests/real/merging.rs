//! How the engine lays a config over another, against how we do. It fetches the child as it does at boot, from a
//! `data:` URL, and writes down what the two become.

use super::{ENGINE, for_each_seed, random::Random};
use firstlight_butane::ignition::{Version, merge_documents, parse};
use serde_json::{Value, json};
use std::{fs, path::Path, process::Command};

const VERSIONS: [Version; 4] = [Version::V3_0, Version::V3_1, Version::V3_2, Version::V3_3];

#[test]
fn the_engine_merges_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for_each_seed(60, |seed| {
        let mut random = Random::new(seed, false);
        let mut parent = valid(&mut random);
        let child = valid(&mut random);
        let ours = merge_documents(&parent.to_string(), &child.to_string());

        let escaped: String = child.to_string().bytes().map(|byte| format!("%{byte:02x}")).collect();
        parent["ignition"]["config"] = json!({"merge": [{"source": format!("data:,{escaped}")}]});
        let theirs = engine(folder.path(), &parent);
        match (ours, theirs) {
            (Ok(ours), Some(theirs)) => {
                let ours: Value = serde_json::from_str(&ours).unwrap();
                assert_eq!(comparable(ours), comparable(theirs), "seed {seed}\n{parent}\n{child}");
            }
            // Two configs that are valid may be none together.
            (Err(report), None) => assert!(report.is_fatal()),
            (ours, theirs) => panic!("seed {seed}: {ours:?} {theirs:?}\n{parent}\n{child}"),
        }
    });
}

/// A config of some version that has no mistakes. Many have some, for what is right alone may be wrong together.
fn valid(random: &mut Random) -> Value {
    loop {
        let version = VERSIONS[random.below(VERSIONS.len())];
        let mut config = random.config(version);
        if let Some(ignition) = config["ignition"].as_object_mut() {
            ignition.remove("config");
            ignition.remove("security");
        }
        thin_out(&mut config, random);
        if parse(config.to_string().as_bytes()).is_ok() {
            return config;
        }
    }
}

/// Takes some of the items out of all lists, so that there are not too many to go together.
fn thin_out(value: &mut Value, random: &mut Random) {
    match value {
        Value::Array(items) => {
            items.truncate(random.below(3));
            items.iter_mut().for_each(|item| thin_out(item, random));
        }
        Value::Object(map) => map.values_mut().for_each(|value| thin_out(value, random)),
        _ => {}
    }
}

/// What the engine makes of a config; none if it refuses it.
fn engine(folder: &Path, config: &Value) -> Option<Value> {
    let in_folder = |name: &str| folder.join(name).display().to_string();
    fs::write(in_folder("config.ign"), config.to_string()).unwrap();
    let _ = fs::remove_file(in_folder("cache"));
    let mut command = Command::new(ENGINE);
    command.args(["--platform=file", "--stage=fetch-offline", "--log-to-stdout"]);
    for (flag, name) in
        [("--config-cache", "cache"), ("--state-file", "state"), ("--neednet", "neednet"), ("--root", "")]
    {
        command.arg(format!("{flag}={}", in_folder(name)));
    }
    let output = command.env("IGNITION_CONFIG_FILE", in_folder("config.ign")).output().expect("the engine runs");
    let text = fs::read(in_folder("cache")).ok();
    assert!(text.is_some() || !output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    text.map(|text| serde_json::from_slice(&text).unwrap())
}

/// Without what is empty, which the engine writes, and without its own version and references.
fn comparable(mut config: Value) -> Value {
    if let Some(ignition) = config["ignition"].as_object_mut() {
        ignition.remove("config");
        ignition.remove("version");
    }
    prune(&mut config);
    config
}

fn prune(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.values_mut().for_each(prune);
            map.retain(|_, value| !matches!(value, Value::Object(map) if map.is_empty()) && !value.is_null());
        }
        Value::Array(items) => items.iter_mut().for_each(prune),
        _ => {}
    }
}
