//! Assets by URL: fetched once, verified, kept.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use firstlight_tests::{Net, Server};
use std::{fs, process::Child, thread, time::Duration};

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
    assert!(get(&net).ends_with(" 404"), "{}", get(&net));
    assert!(server.log().contains("is not what the site pins: expected sha256 2cf24dba"), "{}", server.log());
}
