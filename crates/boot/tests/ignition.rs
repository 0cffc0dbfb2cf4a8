//! Ignition out of a site's Butane: examples/classes, and what is said of mistakes.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use firstlight_boot::{Ask, BootSet, ConfigProblem, Recipient, Secrets, Token, check_configs};
use firstlight_butane::text::dataurl;
use firstlight_plan::Standing;
use firstlight_site::{Memory, Site, Sources, load, load_with, parse};
use serde_json::Value;
use std::{collections::BTreeMap, io::Read, path::PathBuf};

fn example() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/classes")
}

fn ignition(site: &Site, machine: &str) -> Value {
    let set = BootSet::new(site.clone(), BTreeMap::new(), BTreeMap::new(), 1);
    let ask = Ask::of(&set.site.machines[machine]);
    let decision = set.decide(&ask, None, &Standing::default());
    let (network, token) = (&set.site.networks[0], Token::new(7));
    let recipient = Recipient { ask: &ask, decision: &decision, network, token: &token, secrets: Secrets::Shown };
    let rendered = set.config(&recipient, "base.ign").expect("such a config").unwrap();
    assert_eq!(rendered.media_type, "application/vnd.coreos.ignition+json");
    serde_json::from_str(&rendered.text).unwrap()
}

/// A file's text in an Ignition config.
fn file(ignition: &Value, path: &str) -> String {
    let files = ignition["storage"]["files"].as_array().unwrap();
    let file = files.iter().find(|file| file["path"] == path).unwrap_or_else(|| panic!("no {path} in {ignition}"));
    let bytes = dataurl::decode(file["contents"]["source"].as_str().unwrap()).unwrap();
    let mut text = String::new();
    match file["contents"]["compression"] == "gzip" {
        true => flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap(),
        false => (&bytes[..]).read_to_string(&mut text).unwrap(),
    };
    text
}

#[test]
fn the_example_is_in_order() {
    let loaded = load(&example()).unwrap_or_else(|report| panic!("{report}"));
    assert!(loaded.warnings.problems.is_empty(), "{}", loaded.warnings);
    assert_eq!((loaded.site.machines.len(), loaded.site.classes.len()), (12, 3));
    assert_eq!(check_configs(&loaded.site), []);
}

#[test]
fn a_machines_config_is_the_base_with_its_classes_upon_it() {
    let site = load(&example()).unwrap().site;
    let etcd = ignition(&site, "etcd-1");
    assert_eq!(file(&etcd, "/etc/hostname"), "etcd-1.dc.example");
    assert!(file(&etcd, "/etc/motd").starts_with("A machine of dc.example"));
    assert_eq!(
        file(&etcd, "/etc/etcd.env"),
        "ETCD_NAME=etcd-1\nETCD_ADVERTISE_CLIENT_URLS=http://10.20.0.11:2379\n\
         ETCD_INITIAL_CLUSTER=etcd-1=http://10.20.0.11:2380,etcd-2=http://10.20.0.12:2380,etcd-3=http://10.20.0.13:2380\n"
    );
    let units: Vec<&str> =
        etcd["systemd"]["units"].as_array().unwrap().iter().map(|unit| unit["name"].as_str().unwrap()).collect();
    assert_eq!(units, ["report.service", "etcd-member.service"]);
    assert!(etcd["systemd"]["units"][0]["contents"].as_str().unwrap().contains("/r/0000000000000000000000000000000"));
    let storage = ignition(&site, "storage-0");
    assert_eq!(file(&storage, "/etc/storage.env"), "TWINS=10.20.0.31\n");
    assert_eq!(
        file(&storage, "/etc/worker.env"),
        "REGION=fra1\nETCD=http://10.20.0.11:2379,http://10.20.0.12:2379,http://10.20.0.13:2379\n"
    );
}

#[test]
fn the_lists_of_the_others_follow_when_a_machine_is_added() {
    let text = std::fs::read_to_string(example().join("site.hcl")).unwrap();
    let more =
        text.replace("\"3\" = \"52:54:00:0e:00:03\"", "\"3\" = \"52:54:00:0e:00:03\", \"4\" = \"52:54:00:0e:00:04\"");
    assert_ne!(text, more);
    let site = load_with(&example(), "site.hcl", &more).unwrap().site;
    assert!(file(&ignition(&site, "etcd-1"), "/etc/etcd.env").ends_with(",etcd-4=http://10.20.0.14:2380\n"));
    assert!(file(&ignition(&site, "worker-7"), "/etc/worker.env").ends_with(",http://10.20.0.14:2379\n"));
}

const SITE: &str = "network \"boot\" { subnet = \"10.20.0.0/24\" }\n\
    profile \"p\" {\n  script = \"a.ipxe\"\n  config = [\"base.bu\", \"more.bu\"]\n}\n\
    machine \"a\" { serial = \"1\" }\nmachine \"b\" { serial = \"2\" }\n";

const EMPTY: &str = "variant: flatcar\nversion: 1.0.0\n";

/// What is said of two parts, each as `file:line:column message machines`.
fn said(base: &str, more: &str) -> Vec<String> {
    let files =
        [("a.ipxe", "#!ipxe\n"), ("base.bu", base), ("more.bu", more), ("files/tree/a", "A"), ("files/tree/b/c", "C")];
    let files = files.map(|(path, text)| (format!("site/{path}").into(), text.to_owned())).into();
    let site = parse(&Sources::single("site", SITE), &Memory { files, ..Memory::default() }).unwrap().site;
    let line = |ConfigProblem { finding, machines, .. }: ConfigProblem| {
        let kind = if finding.warning { "warning" } else { "error" };
        let (file, line, column) = (&finding.file, finding.line, finding.column);
        format!("{kind} {file}:{line}:{column} {} ({})", finding.message, machines.join(" "))
    };
    check_configs(&site).into_iter().map(line).collect()
}

#[test]
fn mistakes_are_said_at_the_users_own_line_once_for_all() {
    assert_eq!(said(EMPTY, EMPTY), [""; 0]);
    assert_eq!(
        said(EMPTY, &format!("{EMPTY}storage:\n  files:\n    - path: nowhere\n      mdoe: 0644\n")),
        ["error more.bu:5:13 path not absolute (a b)", "warning more.bu:6:7 unused key mdoe (a b)",]
    );
}

#[test]
fn a_line_that_a_template_has_moved_is_found_again_or_quoted() {
    let list = "storage:\n  files:\n{% for n in range(2) %}\n    - path: nowhere{{ n }}\n{% endfor %}\n    - path: elsewhere\n";
    assert_eq!(
        said(EMPTY, &format!("{EMPTY}{list}")),
        [
            "error more.bu:1:1 path not absolute (line 5 of the rendered text: `- path: nowhere0`) (a b)",
            "error more.bu:1:1 path not absolute (line 6 of the rendered text: `- path: nowhere1`) (a b)",
            "error more.bu:8:13 path not absolute (a b)",
        ]
    );
}

#[test]
fn what_is_wrong_only_together_names_the_parts() {
    let link = "storage:\n  links:\n    - path: /etc/x\n      target: /y\n";
    let below = "storage:\n  files:\n    - path: /etc/x/z\n";
    let found = said(&format!("{EMPTY}{link}"), &format!("{EMPTY}{below}"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("error more.bu:1:1 put together, base.bu and more.bu are no valid config: "),
        "{found:?}"
    );
}

#[test]
fn files_come_from_the_sites_folder_and_nowhere_else() {
    let tree = |local: &str| format!("{EMPTY}storage:\n  trees:\n    - local: {local}\n");
    assert_eq!(said(EMPTY, &tree("tree")), [""; 0]);
    for (local, why) in [("../secrets", "outside"), ("nothing", "no such file or directory"), ("tree/a", "directory")] {
        let found = said(EMPTY, &tree(local));
        assert!(found.len() == 1 && found[0].contains("more.bu:5:") && found[0].contains(why), "{local}: {found:?}");
    }
}

#[test]
fn what_is_no_butane_is_told_what_it_is() {
    let found = said(EMPTY, "storage:\n  files: []\n");
    assert_eq!(found, ["error more.bu:1:1 error parsing variant; must be specified (a b)"]);
    let found = said(EMPTY, "{\"ignition\": {\"version\": \"3.3.0\"}, \"storage\": {\"files\": [{\"path\": \"x\"}]}}");
    assert!(found[0].starts_with("error more.bu:1:"), "{found:?}");
    let found = said(EMPTY, "{\"ignition\": {\"version\": \"2.3.0\"}}");
    assert!(found.len() == 1, "{found:?}");
}
