//! Configs over HTTP with a real client: how they are composed, who may have one with secrets, what is left of those anywhere.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use firstlight_tests::{Net, Output, Server};
use std::{fs, path::Path};

const SITE: &str = r#"
asset "linux" { path = "linux" }

secret "join" {
  file     = "join.secret"
  machines = ["kitt"]
}

profile "small" {
  kernel = asset.linux
  config = "base.bu"
  args   = "seed={{ seed_url }} up={{ report_url }}"
}
class "etcd" {
  profile = profile.small
  config  = ["etcd.bu", "peers.txt"]
}
machine "kitt" {
  mac     = "52:54:00:00:00:01"
  class   = class.etcd
  address = "10.20.0.50"
  config  = "kitt.txt"
}
machine "hal" {
  mac     = "52:54:00:00:00:02"
  class   = class.etcd
  address = "10.20.0.52"
}
"#;

const BASE: &str =
    "variant: flatcar\nversion: 1.0.0\nstorage:\n  files:\n    - path: /etc/a\n      contents: { inline: base }\n";
const ETCD: &str =
    "variant: flatcar\nversion: 1.0.0\nstorage:\n  files:\n    - path: /etc/a\n      contents: { inline: etcd }\n";
const SECRET: &str = "correct-horse-battery-staple";
const SERVER: &str = "http://10.20.0.1:8080";

fn serve() -> (Net, Server) {
    let net = Net::new();
    net.give_client("10.20.0.50/24");
    net.give_client("10.20.0.51/24");
    let secret = format!("{SECRET}\n");
    let files: [(&str, &[u8]); 6] = [
        ("linux", b"linux"),
        ("join.secret", secret.as_bytes()),
        ("base.bu", BASE.as_bytes()),
        ("etcd.bu", ETCD.as_bytes()),
        ("peers.txt", b"{% for p in peers %}{{ p.name }}={{ p.address }} {% endfor %}\n"),
        ("kitt.txt", b"token {{ secrets.join }} {{ secrets.join | b64encode }} {{ report_url }}\n"),
    ];
    let server = Server::start(&net, SITE, &files);
    (net, server)
}

fn curl(net: &Net, arguments: &str) -> String {
    net.client(&format!("curl -sS -m 20 --interface 10.20.0.50 {arguments}")).text
}

fn code(net: &Net, arguments: &str) -> String {
    curl(net, &format!("-o /dev/null -w '%{{http_code}}' {arguments}"))
}

/// What a machine's script says behind these words: where its configs are, and where it reports.
fn boot(net: &Net, mac: &str) -> (String, String) {
    let script = curl(net, &format!("'{SERVER}/boot.ipxe?mac={mac}'"));
    let after = |word: &str| {
        let rest = script.split_once(word).unwrap_or_else(|| panic!("no {word} in {script}")).1;
        rest.split_whitespace().next().unwrap().to_owned()
    };
    (after("seed="), after("up="))
}

fn diff(server: &Server) -> Output {
    server.firstlight("diff kitt --site")
}

/// Waits until what was served is kept.
fn wait_for(path: &Path) {
    for _ in 0..200 {
        if path.exists() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("{} is not there", path.display());
}

/// Every file below a folder that holds a text.
fn holding(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(holding(&path, text));
        } else if fs::read(&path).is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains(text)) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn a_config_is_composed_and_knows_the_others() {
    let (net, _server) = serve();
    let (seed, _) = boot(&net, "52:54:00:00:00:01");
    let ignition: serde_json::Value = serde_json::from_str(&curl(&net, &format!("{seed}base.ign"))).unwrap();
    assert_eq!(ignition["storage"]["files"].as_array().unwrap().len(), 1, "{ignition}");
    assert_eq!(ignition["storage"]["files"][0]["contents"]["source"], "data:,etcd");
    let head = curl(&net, &format!("-I {seed}base.ign"));
    assert!(head.contains("Content-Type: application/vnd.coreos.ignition+json\r\n"), "{head}");
    assert_eq!(curl(&net, &format!("{seed}peers.txt")), "hal=10.20.0.52 ");
}

#[test]
fn a_secret_is_for_the_machine_while_it_boots_and_for_nobody_else() {
    let (net, mut server) = serve();
    let (seed, report) = boot(&net, "52:54:00:00:00:01");
    let url = format!("{seed}kitt.txt");
    let got = curl(&net, &url);
    assert!(got.starts_with(&format!("token {SECRET} ")) && got.contains("/r/"), "{got}");

    // Another address, with the right token.
    let other = net.client(&format!("curl -sS -m 20 --interface 10.20.0.51 -w '%{{http_code}}' {url}")).text;
    assert!(other.contains("began at another address") && other.ends_with("403") && !other.contains(SECRET), "{other}");
    // The address alone, with a token of nobody.
    assert_eq!(code(&net, &format!("{SERVER}/c/{}/kitt.txt", "0".repeat(32))), "403");
    // A config without secrets is not so particular.
    let plain = net.client(&format!("curl -sS -m 20 --interface 10.20.0.51 {seed}peers.txt")).text;
    assert_eq!(plain, "hal=10.20.0.52 ");

    // The server starts anew in the middle of the boot.
    server.wait_for("script", "kitt");
    server.kill();
    server.start_again(&net);
    assert!(curl(&net, &url).contains(SECRET));

    // Another boot of the same machine takes its place, and then reports.
    let (again, report_again) = boot(&net, "52:54:00:00:00:01");
    assert_eq!(code(&net, &url), "403", "superseded");
    assert!(!curl(&net, &format!("-d up {report}")).contains("welcome"));
    assert!(curl(&net, &format!("{again}kitt.txt")).contains(SECRET));
    assert_eq!(curl(&net, &format!("-d up {report_again}")), "welcome\n");
    let after = curl(&net, &format!("{again}kitt.txt"));
    assert!(after.contains("the boot that it was for is over"), "{after}");
    server.wait_for("token-refused", "it holds secrets, and the boot that it was for is over");

    // What is left of it is where it came from.
    wait_for(&server.folder().join(".firstlight/state/configs/kitt/kitt.txt.json"));
    let encoded = "Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5LXN0YXBsZQ==";
    let left = [holding(server.folder(), SECRET), holding(server.folder(), encoded)].concat();
    assert!(left.len() == 1 && left[0].ends_with("join.secret"), "{left:?}");
    let token = again.trim_end_matches('/').rsplit('/').next().unwrap().to_owned();
    assert_eq!(holding(server.folder(), &token), [""; 0], "nor its token");
}

#[test]
fn a_machine_has_no_secret_that_is_not_its_own() {
    let (net, server) = serve();
    fs::write(server.folder().join("peers.txt"), "{{ secrets.join }}\n").unwrap();
    let said = server.firstlight("check").text;
    assert!(said.contains("the secret `join` is not for hal (for hal)"), "{said}");
    let refused = server.firstlight("reload");
    assert_ne!(refused.code, Some(0), "{}", refused.text);
    let (seed, _) = boot(&net, "52:54:00:00:00:02");
    assert_eq!(code(&net, &format!("{seed}kitt.txt")), "404", "nor a config of another machine");
}

#[test]
fn what_a_person_sees_is_redacted_unless_asked() {
    let (net, server) = serve();
    let rendered = server.firstlight("render kitt kitt.txt --site").text;
    assert!(rendered.starts_with("token (secret join) ") && rendered.contains("/r/TOKEN"), "{rendered}");
    assert!(server.firstlight("render kitt kitt.txt -show-secrets --site").text.contains(SECRET));
    let list = server.firstlight("render kitt --site").text;
    assert!(
        list.contains("base.ign") && list.contains("base.bu, etcd.bu") && list.contains("kitt.txt + secret join"),
        "{list}"
    );
    let explained = server.firstlight("config show").text;
    assert!(!explained.contains(SECRET));

    assert_eq!(diff(&server).code, Some(2), "{}", diff(&server).text);
    let (seed, _) = boot(&net, "52:54:00:00:00:01");
    for name in ["kitt.txt", "base.ign"] {
        assert_eq!(code(&net, &format!("{seed}{name}")), "200");
        wait_for(&server.folder().join(format!(".firstlight/state/configs/kitt/{name}.json")));
    }
    let same = diff(&server);
    assert_eq!((same.code, same.text.as_str()), (Some(0), "kitt would be served what it was last served.\n"));
    // A secret alone that is another one, and that is the old one again.
    let secret = server.folder().join("join.secret");
    fs::write(&secret, "another-one").unwrap();
    let changed = diff(&server);
    assert!(
        changed.code == Some(1) && changed.text.contains("kitt.txt: the secret join is another one"),
        "{}",
        changed.text
    );
    assert!(!changed.text.contains("another-one") && !changed.text.contains("base.ign"), "{}", changed.text);
    fs::write(&secret, SECRET).unwrap();
    assert_eq!(diff(&server).code, Some(0));
    fs::write(server.folder().join("kitt.txt"), "word {{ secrets.join }}\n").unwrap();
    fs::write(server.folder().join("etcd.bu"), ETCD.replace("inline: etcd", "inline: etcd3")).unwrap();
    let other = diff(&server);
    assert_eq!(other.code, Some(1), "{}", other.text);
    for line in ["-token (secret join) ", "+word (secret join)", "-            \"etcd\"", "+            \"etcd3\""] {
        assert!(other.text.contains(line), "no {line} in {}", other.text);
    }
    assert!(!other.text.contains(SECRET));
}
