//! HTTP with a real client: curl.
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
  config = "node.cfg"
  args   = "up={{ report_url }} cfg={{ config_url }}"
}
profile "disk" {
  boot     = "disk"
  leave_by = "404"
}
site {
  default_profile = "small"
}
machine "kitt" {
  mac = "52:54:00:00:00:01"
}
machine "hal" {
  mac     = "52:54:00:00:00:02"
  profile = "disk"
}
"#;

fn serve() -> (Net, Server) {
    let net = Net::new();
    net.give_client("10.20.0.50/24");
    let kernel: Vec<u8> = (0..1_000_000u32).map(|n| (n % 251) as u8).collect();
    let files: [(&str, &[u8]); 3] =
        [("linux", &kernel), ("other", b"other"), ("node.cfg", b"name {{ machine.name }}\n")];
    let server = Server::start(&net, SITE, &files);
    (net, server)
}

fn curl(net: &Net, arguments: &str) -> String {
    net.client(&format!("curl -sS -m 20 {arguments}")).text
}

const BASE: &str = "http://10.20.0.1:8080";

/// The URL that follows a word in a script.
fn url_after(script: &str, word: &str) -> String {
    let rest = script.split_once(word).unwrap_or_else(|| panic!("no {word} in {script}")).1;
    rest.split_whitespace().next().unwrap().to_owned()
}

#[test]
fn a_machine_goes_from_its_script_to_its_report() {
    let (net, server) = serve();
    let script = curl(&net, &format!("'{BASE}/boot.ipxe?mac=52:54:00:00:00:01'"));
    let (kernel, config, report) =
        (url_after(&script, "\nkernel "), url_after(&script, "cfg="), url_after(&script, "up="));
    assert_eq!(curl(&net, &format!("-o /dev/null -w '%{{http_code}} %{{size_download}}' {kernel}")), "200 1000000");
    assert_eq!(curl(&net, &config), "name kitt\n");
    assert_eq!(curl(&net, &format!("-d 'all is well' {report}")), "welcome\n");
    assert_eq!(curl(&net, &format!("-d 'all is well' {report}")), "this attempt has reported already\n");
    server.wait_for("sent", "\"kernel\"");
    server.wait_for("sent", "\"config\"");
    assert_eq!(server.wait_for("reported", "")["message"], "all is well");
    assert_eq!(server.events().iter().filter(|event| event["event"] == "reported").count(), 1);
    let shown = server.firstlight("machines show kitt --site").text;
    assert!(shown.contains("status     up") && shown.contains("reported up: all is well"), "{shown}");
}

#[test]
fn an_attempt_goes_on_after_a_restart() {
    let (net, mut server) = serve();
    let script = curl(&net, &format!("'{BASE}/boot.ipxe?mac=52:54:00:00:00:01'"));
    server.wait_for("script", "kitt");
    server.kill();
    server.start_again(&net);
    assert_eq!(curl(&net, &url_after(&script, "cfg=")), "name kitt\n");
    assert_eq!(curl(&net, &format!("-d up {}", url_after(&script, "up="))), "welcome\n");
}

#[test]
fn a_token_opens_its_own_attempt_and_nothing_else() {
    let (net, server) = serve();
    let unknown = format!("{BASE}/r/{}", "0".repeat(32));
    assert_eq!(curl(&net, &format!("-o /dev/null -w '%{{http_code}}' -d up {unknown}")), "403");
    server.wait_for("token-refused", "report");
    let script = curl(&net, &format!("'{BASE}/boot.ipxe?mac=52:54:00:00:00:01'"));
    let other = url_after(&script, "\nkernel ").replace("/linux", "/other");
    assert_eq!(curl(&net, &format!("-o /dev/null -w '%{{http_code}}' {other}")), "404");
}

#[test]
fn ranges_tags_and_heads() {
    let (net, _server) = serve();
    let url = format!("{BASE}/asset/linux");
    let head = curl(&net, &format!("-I {url}"));
    assert!(head.contains("Content-Length: 1000000\r\n") && head.contains("Accept-Ranges: bytes\r\n"), "{head}");
    let etag = url_after(&head, "ETag: ");
    assert_eq!(curl(&net, &format!("-o /dev/null -w '%{{http_code}}' -H 'If-None-Match: {etag}' {url}")), "304");
    assert_eq!(curl(&net, &format!("-o /dev/null -w '%{{http_code}} %{{size_download}}' -r 999990- {url}")), "206 10");
    assert_eq!(curl(&net, &format!("-o /dev/null -w '%{{http_code}}' -r 2000000- {url}")), "416");
    let resumed = "head -c 400000 linux.whole > linux.part && curl -sS -m 20 -C - -o linux.part URL && cmp linux.part linux.whole && echo same";
    let line = format!("cd $(mktemp -d) && curl -sS -m 20 -o linux.whole {url} && {}", resumed.replace("URL", &url));
    assert_eq!(net.client(&line).text, "same\n");
    let twice = curl(&net, &format!("-o /dev/null -o /dev/null -w '%{{num_connects}} ' {url} {url}"));
    assert_eq!(twice, "1 0 ", "the connection is kept");
}

#[test]
fn what_is_asked_wrongly_is_told_so() {
    let (net, server) = serve();
    for (path, code) in [
        ("/boot.ipxe", "400"),
        ("/boot.ipxe?mac=nonsense", "400"),
        ("/asset/..%2f..%2fetc%2fpasswd", "404"),
        ("/asset/../../etc/passwd", "404"),
        ("/loader/nothing.efi", "404"),
        ("/nothing", "404"),
    ] {
        assert_eq!(
            curl(&net, &format!("--path-as-is -o /dev/null -w '%{{http_code}}' '{BASE}{path}'")),
            code,
            "{path}"
        );
    }
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

#[test]
fn an_asset_is_also_at_the_root_and_hides_nothing_there() {
    let (net, _server) = serve();
    assert_eq!(curl(&net, &format!("{BASE}/other")), "other");
    assert!(curl(&net, &format!("'{BASE}/boot.ipxe?mac=52:54:00:00:00:01'")).starts_with("#!ipxe"));
}

#[test]
fn a_thousand_connections_of_one_client_leave_room_for_another() {
    let (net, server) = serve();
    net.client("ip address add 10.20.0.51/24 dev eth0");
    let script = "import socket, time\n\
        kept = [socket.create_connection(('10.20.0.1', 8080), 5, ('10.20.0.51', 0)) for _ in range(1000)]\n\
        print('open', flush=True)\ntime.sleep(30)\n";
    let mut greedy = net.on_client("python3");
    let mut greedy = greedy.args(["-c", script]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(greedy.stdout.as_mut().unwrap()), &mut line).unwrap();
    assert_eq!(line, "open\n");
    let refused = curl(&net, &format!("--interface 10.20.0.51 -o /dev/null -w '%{{http_code}}' {BASE}/asset/other"));
    let boots = curl(&net, &format!("--interface 10.20.0.50 '{BASE}/boot.ipxe?mac=52:54:00:00:00:01'"));
    let _ = greedy.kill();
    let _ = greedy.wait();
    assert_eq!(refused, "503");
    let kernel =
        format!("--interface 10.20.0.50 -o /dev/null -w '%{{size_download}}' {}", url_after(&boots, "\nkernel "));
    assert_eq!(curl(&net, &kernel), "1000000");
    assert!(server.log().contains("HTTP connections were turned away, the last of 10.20.0.51"), "{}", server.log());
}

#[test]
fn a_file_that_changed_after_it_was_verified_is_not_served() {
    let (net, server) = serve();
    std::fs::write(server.folder().join("other"), b"0ther").unwrap();
    assert_eq!(curl(&net, &format!("-o /dev/null -w '%{{http_code}}' {BASE}/asset/other")), "503");
    assert!(server.log().contains("has changed since it was verified"), "{}", server.log());
}

#[test]
fn leaving_by_404_is_an_exit_where_a_script_of_ours_asks() {
    let (net, _server) = serve();
    let url = format!("{BASE}/boot.ipxe?mac=52:54:00:00:00:02");
    assert_eq!(curl(&net, &format!("-o /dev/null -w '%{{http_code}}' '{url}'")), "404");
    assert_eq!(curl(&net, &format!("'{url}&again=1'")), "#!ipxe\nexit\n");
}

#[test]
fn ipxe_finds_its_way_beside_its_loader() {
    let (net, _server) = serve();
    let script = curl(&net, &format!("{BASE}/loader/autoexec.ipxe"));
    let begin = format!("#!ipxe\ndhcp\nchain --replace {BASE}/boot.ipxe?mac=${{net0/mac}}");
    assert!(script.starts_with(&begin), "{script}");
}

#[test]
fn a_stranger_is_parked_and_listed() {
    let (net, server) = serve();
    let script = curl(&net, &format!("'{BASE}/boot.ipxe?mac=52:54:00:00:00:99'"));
    assert!(script.contains("Parked: no machine is declared") && !script.contains("kernel"), "{script}");
    server.wait_for("parked", "52:54:00:00:00:99");
    let listed = server.firstlight("machines").text;
    assert!(listed.contains("52:54:00:00:00:99") && listed.contains("parked"), "{listed}");
}
