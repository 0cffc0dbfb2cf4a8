//! Assets from another Firstlight, by their hash.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use firstlight_tests::{Net, Server, firstlight};
use std::{
    fs,
    path::Path,
    process::{Child, Stdio},
};

/// `hello`, as sha256sum says.
const HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

/// A web server that answers every path with the same bytes, which are not the right ones.
struct Liar(Child);

impl Liar {
    fn start(net: &Net) -> Liar {
        let script = "
from http.server import *
class Liar(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header('Content-Length', '5')
        self.end_headers()
        self.wfile.write(b'hullo')
HTTPServer(('10.20.0.1', 9999), Liar).serve_forever()";
        let mut python = net.on_server("python3");
        let child = python.args(["-c", script]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let up = "for i in $(seq 300); do curl -so /dev/null http://10.20.0.1:9999/ && exit 0; sleep 0.1; done; exit 1";
        assert!(net.on_server("sh").args(["-c", up]).status().unwrap().success(), "it does not answer");
        Liar(child)
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What `assets pull` says on the client's side, for a site that has these peers. The asset's own source does not exist.
fn pull(net: &Net, folder: &Path, peers: &str) -> (bool, String) {
    let site = format!(
        "assets {{\n  peers = [{peers}]\n}}\nasset \"thing\" {{\n  url    = \"http://10.20.0.1:9998/thing\"\n  sha256 = \"{HELLO}\"\n}}\n"
    );
    fs::write(folder.join("site.hcl"), site).unwrap();
    let mut pull = net.on_client(&firstlight().display().to_string());
    let output = pull.args(["assets", "pull", "--site"]).arg(folder).output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

#[test]
fn another_firstlight_gives_what_it_has_and_one_that_lies_costs_a_try() {
    let (net, second) = (Net::new(), tempfile::tempdir().unwrap());
    net.give_client("10.20.0.50/24");
    let first = Server::start(
        &net,
        "asset \"it\" {\n  path = \"it\"\n}\nprofile \"disk\" {\n  boot = \"disk\"\n}\n",
        &[("it", b"hello")],
    );
    let _liar = Liar::start(&net);

    let (done, said) = pull(&net, second.path(), "\"http://10.20.0.1:9999\"");
    assert!(!done && said.contains(&format!("not {HELLO}")), "a liar alone is of no use: {said}");

    let (done, said) = pull(&net, second.path(), "\"http://10.20.0.1:9999\", \"http://10.20.0.1:8080\"");
    assert!(done, "{said}\n{}", first.log());
    let object = format!(".firstlight/state/assets/sha256/{}/{HELLO}", &HELLO[..2]);
    assert_eq!(fs::read(second.path().join(object)).unwrap(), b"hello");

    let answers = |path: &str| {
        net.client(&format!("curl -s -m 10 -o /dev/null -w %{{http_code}} http://10.20.0.1:8080{path}")).text
    };
    assert_eq!(answers(&format!("/sha256/{HELLO}")), "200");
    assert_eq!(
        answers(&format!("/sha256/{}", HELLO.replace('2', "3"))),
        "404",
        "nothing else is to be had by its hash"
    );
}
