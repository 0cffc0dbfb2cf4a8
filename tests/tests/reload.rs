//! A site that is changed while it is served.
#![allow(clippy::panic, clippy::unwrap_used)]

use firstlight_tests::{Net, Server};
use std::{
    fs::{self, File},
    time::{Duration, SystemTime},
};

const KITT: &str = r#"
asset "linux" {
  path = "linux"
}
profile "small" {
  kernel = asset.linux
}
machine "kitt" {
  mac     = "52:54:00:00:00:01"
  profile = "small"
}
"#;

const HAL: &str = r#"
machine "hal" {
  mac     = "52:54:00:00:00:02"
  profile = "small"
}
"#;

fn serve() -> (Net, Server) {
    let net = Net::new();
    net.give_client("10.20.0.50/24");
    let server = Server::start(&net, KITT, &[("linux", b"kernel")]);
    (net, server)
}

/// Changes the site by what this makes of its text.
fn edit(server: &Server, change: impl FnOnce(String) -> String) {
    let path = server.folder().join("site.hcl");
    fs::write(&path, change(fs::read_to_string(&path).unwrap())).unwrap();
}

fn script(net: &Net, mac: &str) -> String {
    net.client(&format!("curl -sS -m 20 'http://10.20.0.1:8080/boot.ipxe?mac={mac}'")).text
}

#[test]
fn a_new_machine_is_served_at_once() {
    let (net, server) = serve();
    assert!(!script(&net, "52:54:00:00:00:02").contains("linux"));
    edit(&server, |site| site + HAL);
    let said = server.firstlight("reload");
    assert_eq!(said.code, Some(0), "{}", said.text);
    assert_eq!(said.text, "Generation 2 is served:\n  machine \"hal\" is new\n");
    assert!(script(&net, "52:54:00:00:00:02").contains("linux"));
    let event = server.wait_for("site-reloaded", "hal");
    assert_eq!(event["generation"], 2);
}

#[test]
fn a_broken_site_is_refused_with_its_report_and_the_old_one_is_served_on() {
    let (net, server) = serve();
    edit(&server, |site| site.replace("kernel = asset.linux", "kernel = asset.lunix") + HAL);
    let said = server.firstlight("reload");
    assert_eq!(said.code, Some(1), "{}", said.text);
    for expected in ["the old site is served on", "site.hcl:", "lunix", "linux"] {
        assert!(said.text.contains(expected), "{expected} is missing:\n{}", said.text);
    }
    assert!(script(&net, "52:54:00:00:00:01").contains("linux"));
    assert!(!script(&net, "52:54:00:00:00:02").contains("linux"), "half of the new site is served");
    let event = server.wait_for("reload-refused", "lunix");
    assert_eq!(event["generation"], 1);
    assert!(event["reason"].as_str().unwrap().starts_with("site.hcl:"), "{event}");
}

#[test]
fn sighup_reloads_and_does_not_end_the_server() {
    let (net, server) = serve();
    edit(&server, |site| site + HAL);
    server.signal("HUP");
    server.wait_for("site-reloaded", "");
    assert!(script(&net, "52:54:00:00:00:02").contains("linux"));
}

#[test]
fn what_needs_other_sockets_needs_a_restart() {
    let (net, server) = serve();
    edit(&server, |site| site + "site {\n  http_port = 8081\n}\n" + HAL);
    let said = server.firstlight("reload");
    assert_eq!(said.code, Some(1), "{}", said.text);
    let reason = "needs a restart, because the new site opens HTTP on 10.20.0.1:8081 and closes HTTP on 10.20.0.1:8080";
    assert!(said.text.contains(reason), "{}", said.text);
    assert!(script(&net, "52:54:00:00:00:01").contains("linux"));
}

#[test]
fn an_asset_that_would_be_lost_keeps_the_old_site() {
    let (net, server) = serve();
    let pinned = format!("path = \"linux\"\n  sha256 = \"{}\"", "0".repeat(64));
    edit(&server, |site| site.replace("path = \"linux\"", &pinned));
    let said = server.firstlight("reload");
    assert_eq!(said.code, Some(1), "{}", said.text);
    assert!(
        said.text.contains("linux cannot be served") && said.text.contains("expected sha256 0000"),
        "{}",
        said.text
    );
    assert_eq!(net.client("curl -sS -m 20 http://10.20.0.1:8080/asset/linux").text, "kernel");
}

#[test]
fn a_file_that_has_changed_is_served_again_after_a_reload() {
    let (net, server) = serve();
    fs::write(server.folder().join("linux"), "another kernel").unwrap();
    File::options()
        .write(true)
        .open(server.folder().join("linux"))
        .unwrap()
        .set_modified(SystemTime::now() + Duration::from_secs(5))
        .unwrap();
    let get = || net.client("curl -sS -m 20 http://10.20.0.1:8080/asset/linux").text;
    assert!(get().contains("cannot be read"));
    let said = server.firstlight("reload");
    assert_eq!(said.text, "Generation 2 is served:\n  asset \"linux\" has other content\n");
    assert_eq!(get(), "another kernel");
}

#[test]
fn dhcp_and_tftp_follow() {
    let (net, server) = serve();
    let autoexec = || net.client("curl -sS -m 20 tftp://10.20.0.1/autoexec.ipxe").text;
    assert!(autoexec().contains("http://10.20.0.1:8080/boot.ipxe"), "{}", autoexec());
    let said = net.client("curl -sS -m 20 tftp://10.20.0.1/other");
    assert_ne!(said.code, Some(0));
    fs::write(server.folder().join("other"), "other").unwrap();
    edit(&server, |site| {
        site.replace(
            "subnet    = \"10.20.0.0/24\"",
            "subnet    = \"10.20.0.0/24\"\n  dhcp {\n    range = [\"10.20.0.77\", \"10.20.0.77\"]\n  }",
        ) + "asset \"other\" {\n  path = \"other\"\n}\n"
    });
    assert_eq!(server.firstlight("reload").code, Some(0));
    assert_eq!(net.client("curl -sS -m 20 tftp://10.20.0.1/other").text, "other");
    let lease = net.client("ip address flush dev eth0; udhcpc -f -q -n -i eth0 -s /bin/true 2>&1").text;
    assert!(lease.contains("10.20.0.77"), "{lease}");
}

#[test]
fn nobody_serves_is_said() {
    let (_net, mut server) = serve();
    server.kill();
    let said = server.firstlight("reload");
    assert_eq!(said.code, Some(1));
    assert!(said.text.contains("nobody serves"), "{}", said.text);
}
