//! Assets by URL: fetched once, verified, kept.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use firstlight_tests::{Net, Server};
use std::{
    fs,
    process::{Child, Command},
    thread,
    time::Duration,
};

/// `hello`, as sha256sum says.
const HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

/// A web server of somebody else's, in the server's namespace.
struct Mirror(Child);

impl Mirror {
    fn start(net: &Net, folder: &std::path::Path) -> Mirror {
        let mut python = net.on_server("python3");
        python.args(["-m", "http.server", "9999", "--bind", "127.0.0.1", "--directory"]).arg(folder);
        let child = python.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
        let up = "for i in $(seq 100); do curl -so /dev/null http://127.0.0.1:9999/ && exit 0; sleep 0.1; done; exit 1";
        assert!(net.on_server("sh").args(["-c", up]).status().unwrap().success(), "the mirror does not answer");
        Mirror(child)
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn site(file: &str) -> String {
    format!(
        "asset \"thing\" {{\n  url = \"http://127.0.0.1:9999/{file}\"\n  sha256 = \"{HELLO}\"\n}}\nprofile \"disk\" {{\n  boot = \"disk\"\n}}\n"
    )
}

fn get(net: &Net) -> String {
    net.client("curl -s -m 10 -w ' %{http_code}' http://10.20.0.1:8080/asset/thing").text
}

#[test]
fn an_asset_is_fetched_once_and_kept() {
    let (net, mirrored) = (Net::new(), tempfile::tempdir().unwrap());
    net.give_client("10.20.0.50/24");
    fs::write(mirrored.path().join("right"), "hello").unwrap();
    let mirror = Mirror::start(&net, mirrored.path());
    let mut server = Server::start(&net, &site("right"), &[]);
    assert_eq!(get(&net), "hello 200");
    server.kill();
    drop(mirror);
    thread::sleep(Duration::from_millis(100));
    server.start_again(&net);
    assert_eq!(get(&net), "hello 200", "it is kept: the mirror is gone");
    assert!(server.log().contains("1 assets verified"), "{}", server.log());
}

#[test]
fn other_bytes_than_the_pinned_ones_are_never_served() {
    let (net, mirrored) = (Net::new(), tempfile::tempdir().unwrap());
    net.give_client("10.20.0.50/24");
    fs::write(mirrored.path().join("wrong"), "hullo").unwrap();
    let _mirror = Mirror::start(&net, mirrored.path());
    let server = Server::start(&net, &site("wrong"), &[]);
    let told = get(&net);
    assert!(told.contains("thing cannot be fetched: http://127.0.0.1:9999/wrong is not what"), "{told}");
    assert!(told.ends_with(" 503"), "{told}");
    assert!(server.log().contains("is not what the site pins: expected sha256 2cf24dba"), "{}", server.log());
    server.wait_for("fetch-failed", "is not what the site pins");
}

/// A mirror that takes its time: a MiB each second, and counts what it is asked for.
const SLOW: &str = r#"
import http.server, pathlib, sys, time
class Slow(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        data = pathlib.Path(sys.argv[1] + self.path).read_bytes()
        with open(sys.argv[1] + "/asked", "a") as asked:
            asked.write(self.path + "\n")
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        for at in range(0, len(data), 1 << 18):
            self.wfile.write(data[at:at + (1 << 18)])
            time.sleep(0.25)
http.server.ThreadingHTTPServer(("127.0.0.1", 9999), Slow).serve_forever()
"#;

const SCRIPT: &str = "'http://10.20.0.1:8080/boot.ipxe?mac=52:54:00:00:00:01&firmware=pcbios-i386'";

#[test]
fn what_is_not_here_is_fetched_once_for_all_who_ask_and_they_are_told_how_far_it_is() {
    let (net, mirrored) = (Net::new(), tempfile::tempdir().unwrap());
    net.give_client("10.20.0.50/24");
    let kernel: Vec<u8> = (0..8u32 << 20).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    fs::write(mirrored.path().join("linux"), &kernel).unwrap();
    let mut python = net.on_server("python3");
    let _mirror = Mirror(python.args(["-c", SLOW]).arg(mirrored.path()).spawn().unwrap());
    let sum = Command::new("sha256sum").arg(mirrored.path().join("linux")).output().unwrap().stdout;
    let hash = String::from_utf8(sum).unwrap().split(' ').next().unwrap().to_owned();
    let blocks = format!(
        "asset \"linux\" {{\n  url = \"http://127.0.0.1:9999/linux\"\n  sha256 = \"{hash}\"\n}}\n\
         profile \"live\" {{\n  kernel = asset.linux\n}}\n\
         machine \"kitt\" {{\n  mac = \"52:54:00:00:00:01\"\n  profile = \"live\"\n}}\n"
    );
    // Fetching needs no privilege.
    let server = Server::start_as(&net, Some("nobody"), &blocks, &[]);
    assert!(server.log().contains("fetched when they are asked for: linux"), "{}", server.log());
    assert!(!mirrored.path().join("asked").exists(), "nobody has asked for it");

    // iPXE is told to wait, and how far it is.
    let first = net.client(&format!("curl -s -m 10 {SCRIPT}")).text;
    assert!(first.contains("\necho linux: ") && first.contains(" % of 8 MiB\nsleep 5\n"), "{first}");

    // Those who ask for the kernel itself are held until it is here, and all of them get it.
    let many =
        "for i in $(seq 20); do curl -s -m 60 --retry 9 http://10.20.0.1:8080/asset/linux | sha256sum & done; wait";
    let sums = net.client(&format!("sh -c '{many}'")).text;
    assert_eq!(sums.matches(&hash).count(), 20, "{sums}");
    assert_eq!(fs::read_to_string(mirrored.path().join("asked")).unwrap(), "/linux\n", "it was fetched once");

    let script = net.client(&format!("curl -s -m 10 {SCRIPT}")).text;
    assert!(script.contains("\nkernel http://10.20.0.1:8080/b/"), "{script}");
    let shown = server.machines("kitt");
    for line in ["linux is fetched from http://127.0.0.1:9999/linux", "waits for linux, which is being fetched"] {
        assert!(shown.contains(line), "{line} is not in {shown}");
    }
    let fetched = server.wait_for("fetched", "linux");
    assert_eq!((fetched["bytes"].as_u64(), fetched["verified"].as_str()), (Some(8 << 20), Some("the site's sha256")));
}

#[test]
fn a_site_that_is_read_anew_takes_nothing_away_that_cannot_be_fetched() {
    let (net, mirrored) = (Net::new(), tempfile::tempdir().unwrap());
    net.give_client("10.20.0.50/24");
    fs::write(mirrored.path().join("right"), "hello").unwrap();
    let _mirror = Mirror::start(&net, mirrored.path());
    let server = Server::start(&net, &site("right"), &[]);
    assert_eq!(get(&net), "hello 200");
    assert!(server.firstlight("reload").text.contains("Generation 2"), "it is in the new generation");
    let written = fs::read_to_string(server.folder().join("site.hcl")).unwrap();
    let elsewhere = written.replace("/right", "/gone").replace(HELLO, &HELLO.replace("2cf2", "0000"));
    fs::write(server.folder().join("site.hcl"), elsewhere).unwrap();
    let refused = server.firstlight("reload").text;
    assert!(refused.contains("thing cannot be served: http://127.0.0.1:9999/gone"), "{refused}");
    assert_eq!(get(&net), "hello 200");
}
