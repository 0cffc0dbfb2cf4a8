//! What a shim and GRUB ask for, by TFTP and by HTTP, with curl in their place: the names are those that the real ones
//! were seen to ask for. The real ones are in `secure_boot.rs`.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use firstlight_tests::{Net, Server};

const SITE: &str = r#"
asset "linux" {
  path = "linux"
}
asset "other" {
  path = "other"
}
profile "small" {
  kernel = asset.linux
  args   = "up={{ report_url }}"
}
profile "rescue" {
  kernel = asset.linux
  args   = "up={{ report_url }}"
}
machine "kitt" {
  profile     = "small"
  mac         = "52:54:00:00:00:01"
  secure_boot = true
}
loader "signed" {
  arch        = [7, 16]
  path        = "shim.efi"
  beside      = { "grubx64.efi" = "grub.efi" }
  then        = "grub"
  secure_boot = true
}
"#;

fn serve() -> (Net, Server) {
    let net = Net::new();
    net.give_client("10.20.0.50/24");
    let files: [(&str, &[u8]); 4] =
        [("linux", b"a kernel"), ("other", b"other"), ("shim.efi", b"a shim"), ("grub.efi", b"a GRUB")];
    let server = Server::start(&net, SITE, &files);
    (net, server)
}

fn curl(net: &Net, url: &str) -> String {
    net.client(&format!("curl -sS -m 20 --path-as-is '{url}'")).text
}

/// What stands between `if linux '` and the next quote.
fn kernel(script: &str) -> &str {
    let rest = script.split_once("if linux '").unwrap_or_else(|| panic!("no kernel in {script}")).1;
    rest.split_once('\'').unwrap().0
}

const TFTP: &str = "tftp://10.20.0.1";
const HTTP: &str = "http://10.20.0.1:8080";

#[test]
fn what_a_shim_asks_for_is_found_beside_it() {
    let (net, server) = serve();
    for url in ["signed/shim.efi", "shim.efi"] {
        assert_eq!(curl(&net, &format!("{TFTP}/{url}")), "a shim");
    }
    for url in [
        format!("{TFTP}/signed/grubx64.efi"),
        format!("{TFTP}//grubx64.efi"),
        format!("{HTTP}/loader/signed/grubx64.efi"),
        format!("{HTTP}/loader/signed//grubx64.efi"),
    ] {
        assert_eq!(curl(&net, &url), "a GRUB", "{url}");
    }
    assert!(curl(&net, &format!("{TFTP}/signed/revocations_sbat.efi")).contains("curl: (68)"), "not there");
    assert!(curl(&net, &format!("{TFTP}/nothing.efi")).contains("curl: (68)"), "not there");
    server.wait_for("send-failed", "nothing.efi");
    assert!(!format!("{:?}", server.events()).contains("revocations"), "what a shim can do without is no failure");
}

#[test]
fn grub_boots_by_tftp_with_a_token_of_its_own() {
    let (net, server) = serve();
    let first = curl(&net, &format!("{TFTP}/grub/grub.cfg"));
    assert!(first.contains("configfile \"/boot.grub?mac=$net_default_mac&"), "{first}");
    let script = curl(&net, &format!("{TFTP}/boot.grub%3Fmac=52:54:00:00:00:01&serial=&firmware=efi-x86_64"));
    assert!(script.contains("kitt boots profile small"), "{script}");
    let path = kernel(&script);
    assert_eq!(curl(&net, &format!("{TFTP}{path}")), "a kernel");
    let sent = server.wait_for("sent", "kernel");
    assert_eq!((sent["machine"].as_str(), sent["name"].as_str()), (Some("kitt"), Some("linux")), "{sent}");
    assert!(curl(&net, &format!("{TFTP}{}", path.replace("linux", "other"))).contains("curl: (68)"), "not its own");
    let stranger = format!("{TFTP}/b/{}/linux", "0".repeat(32));
    assert!(curl(&net, &stranger).contains("curl: (68)"));
    server.wait_for("token-refused", "linux");
    let token = path.split('/').nth(2).unwrap();
    assert!(!format!("{:?}", server.events()).contains(token), "the token is in the record");
}

#[test]
fn grub_boots_by_http_and_asking_for_a_length_begins_nothing() {
    let (net, server) = serve();
    assert!(curl(&net, &format!("{HTTP}/grub/grub.cfg")).contains("configfile"));
    let url = format!("{HTTP}/boot.grub?mac=52:54:00:00:00:01");
    let head = net.client(&format!("curl -sS -m 20 -I '{url}'")).text;
    let script = curl(&net, &url);
    assert!(head.contains(&format!("Content-Length: {}", script.len())), "{head}");
    assert_eq!(curl(&net, &format!("{HTTP}{}", kernel(&script))), "a kernel");
    server.wait_for("sent", "kernel");
    let scripts = server.events().iter().filter(|event| event["event"] == "script").count();
    assert_eq!(scripts, 1, "{:?}", server.events());
}

#[test]
fn a_script_that_is_read_twice_is_one_attempt() {
    let (net, server) = serve();
    for url in [TFTP, HTTP] {
        let query = if url == TFTP { "%3F" } else { "?" };
        let asks = || curl(&net, &format!("{url}/boot.grub{query}mac=52:54:00:00:00:01"));
        let script = asks();
        assert_eq!(asks(), script);
        assert_eq!(curl(&net, &format!("{url}{}", kernel(&script))), "a kernel");
        assert_ne!(asks(), script, "another boot");
        server.wait_for("sent", "kernel");
        // So that the next round is another boot too.
        assert_eq!(curl(&net, &format!("{url}{}", kernel(&asks()))), "a kernel");
    }
    let scripts = server.events().iter().filter(|event| event["event"] == "script").count();
    assert_eq!(scripts, 4, "{:?}", server.events());
}

#[test]
fn a_boot_once_is_over_with_the_kernel_also_where_that_is_fetched_by_tftp() {
    let (net, server) = serve();
    let asks = || curl(&net, &format!("{TFTP}/boot.grub%3Fmac=52:54:00:00:00:01"));
    let ordered = server.firstlight("machines boot-once kitt --profile rescue --site");
    assert_eq!(ordered.code, Some(0), "{}", ordered.text);
    let script = asks();
    assert!(script.contains("kitt boots profile rescue"), "{script}");
    assert_eq!(curl(&net, &format!("{TFTP}{}", kernel(&script))), "a kernel");
    server.wait_for("sent", "kernel");
    assert!(asks().contains("kitt boots profile small"), "{}", asks());
}

#[test]
fn a_stranger_is_parked_in_grub_as_in_ipxe() {
    let (net, server) = serve();
    let script = curl(&net, &format!("{TFTP}/boot.grub%3Fmac=52:54:00:00:00:99"));
    assert!(script.contains("echo 'Parked: no machine is declared") && !script.contains("linux"), "{script}");
    server.wait_for("parked", "52:54:00:00:00:99");
}
