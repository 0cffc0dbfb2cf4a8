//! The package cache, asked by apt itself: what it costs the upstream, what is there without it, what a full disk and a
//! kill leave.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use firstlight_tests::{Net, Output, Server, run};
use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

const SITE: &str = r#"
package_cache {
  size    = "256M"
  allow   = ["127.0.0.1:9998"]
  mirrors = { packages = "http://127.0.0.1:9998/repo" }
}
profile "disk" {
  boot = "disk"
}
"#;

/// A repository with two packages of random bytes, one of them 20 MB, and its web server in the server's namespace, which
/// writes a line for each request.
struct Upstream {
    folder: tempfile::TempDir,
    process: Option<Child>,
}

impl Upstream {
    fn start(net: &Net) -> Upstream {
        let folder = tempfile::tempdir().unwrap();
        let line = "mkdir -p repo && cd repo
            for p in small:100000 large:20000000; do
              name=${p%%:*}; mkdir -p $name/DEBIAN; head -c ${p##*:} /dev/urandom >$name/content
              printf 'Package: %s\\nVersion: 1\\nArchitecture: all\\nMaintainer: M <m@example.org>\\nDescription: d\\n' $name >$name/DEBIAN/control
              dpkg-deb --root-owner-group -Znone -b $name ${name}_1_all.deb >/dev/null
            done
            dpkg-scanpackages -m . 2>/dev/null >Packages
            printf 'Date: %s\\nSHA256:\\n %s %s Packages\\n' \"$(date -Ru)\" $(sha256sum <Packages | cut -d ' ' -f 1) $(stat -c %s Packages) >Release";
        done(&shell(Command::new("sh"), folder.path(), line));
        let mut upstream = Upstream { folder, process: None };
        upstream.go_on(net);
        upstream
    }

    fn go_on(&mut self, net: &Net) {
        let mut python = net.on_server("python3");
        python.args(["-m", "http.server", "9998", "--bind", "127.0.0.1", "--directory"]).arg(self.folder.path());
        let log = fs::File::options().create(true).append(true).open(self.log_path()).unwrap();
        self.process = Some(python.stdout(Stdio::null()).stderr(log).spawn().unwrap());
        let up =
            "for i in $(seq 100); do curl -so /dev/null http://127.0.0.1:9998/up && exit 0; sleep 0.1; done; exit 1";
        done(&shell(net.on_server("sh"), self.folder.path(), up));
    }

    fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    fn log_path(&self) -> std::path::PathBuf {
        self.folder.path().join("log")
    }

    /// How often a file was asked for.
    fn asked(&self, name: &str) -> usize {
        fs::read_to_string(self.log_path()).unwrap().matches(&format!("/{name} HTTP")).count()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.stop();
    }
}

fn shell(mut command: Command, folder: &Path, line: &str) -> Output {
    run(command.args(["-ec", line]).current_dir(folder), Duration::from_secs(120))
}

fn done(output: &Output) -> &str {
    assert_eq!(output.code, Some(0), "{}", output.text);
    &output.text
}

/// A computer's apt with folders of its own, through the proxy, and what it has downloaded.
fn apt(net: &Net, folder: &Path, name: &str, packages: &str) -> Output {
    let line = format!(
        "mkdir -p {name}/lists/partial {name}/cache/archives/partial && cd {name}
         echo 'deb [trusted=yes] http://127.0.0.1:9998/repo ./' >sources.list
         : >status
         apt() {{ apt-get -q -o Dir::Etc::SourceList=$PWD/sources.list -o Dir::Etc::SourceParts=/nowhere -o Dir::State=$PWD \
           -o Dir::State::Lists=$PWD/lists -o Dir::State::Status=$PWD/status -o Dir::Cache=$PWD/cache -o Dir::Etc::Parts=/nowhere \
           -o Dir::Etc::Main=/nowhere -o APT::Sandbox::User=root -o Acquire::http::Proxy=http://10.20.0.1:3142 \"$@\"; }}
         apt update && apt download {packages} && sha256sum *.deb"
    );
    shell(net.on_client("sh"), folder, &line)
}

fn get(net: &Net, arguments: &str) -> Output {
    net.client(&format!("curl -s -m 60 {arguments}"))
}

#[test]
fn a_hundred_downloads_cost_one_and_the_upstream_need_not_be_there_again() {
    let (net, here) = (Net::new(), tempfile::tempdir().unwrap());
    net.give_client("10.20.0.50/24");
    let mut upstream = Upstream::start(&net);
    let server = Server::start(&net, SITE, &[]);
    // Two at once, neither of which has it.
    let two = std::thread::scope(|scope| {
        let one = scope.spawn(|| apt(&net, here.path(), "one", "large small"));
        let two = apt(&net, here.path(), "two", "large small");
        [one.join().unwrap(), two]
    });
    let sums = done(&shell(Command::new("sh"), &upstream.folder.path().join("repo"), "sha256sum *.deb")).to_owned();
    for output in &two {
        assert!(done(output).ends_with(&sums), "{}\n{sums}", output.text);
    }
    // Sixteen at a time: one client has 32 connections at most.
    let many = "for i in $(seq 49); do
                  echo -x http://10.20.0.1:3142 http://127.0.0.1:9998/repo/large_1_all.deb
                  echo http://10.20.0.1:3142/packages/small_1_all.deb
                done | xargs -P 16 -I X sh -c 'curl -sf -m 100 X | sha256sum' | sort | uniq -c";
    let counts = net.client(many);
    let both = sums.lines().all(|line| counts.text.contains(&format!("49 {}", &line[..64])));
    assert!(both, "{}\n{sums}", counts.text);
    assert_eq!((upstream.asked("large_1_all.deb"), upstream.asked("small_1_all.deb")), (1, 1), "{}", server.log());

    // Lists are asked for each time, but come again only when they have changed.
    let asked = upstream.asked("Packages");
    done(&apt(&net, here.path(), "three", "small"));
    assert!(upstream.asked("Packages") > asked);
    upstream.stop();
    let output = apt(&net, here.path(), "four", "large small");
    assert!(done(&output).ends_with(&sums), "{}", output.text);
    assert!(server.log().contains("is served as it was"), "{}", server.log());
}

#[test]
fn it_is_no_open_proxy() {
    let net = Net::new();
    net.give_client("10.20.0.50/24");
    let _upstream = Upstream::start(&net);
    let _server = Server::start(&net, SITE, &[]);
    for target in ["http://127.0.0.1:8080/", "http://10.20.0.1:9998/repo/Packages", "http://deb.example.org/x"] {
        let output = get(&net, &format!("-x http://10.20.0.1:3142 -w ' %{{http_code}}' {target}"));
        assert!(output.text.contains("the site does not allow") && output.text.ends_with(" 403"), "{}", output.text);
    }
    let output = get(&net, "-w ' %{http_code}' -p -x http://10.20.0.1:3142 https://127.0.0.1:9998/");
    assert!(output.text.ends_with("000") || output.text.contains("405"), "{}", output.text);
    // Who is in none of the site's networks is not answered.
    let line = "ip address add 10.99.0.1/24 dev eth1 && curl -s -m 10 --interface 10.99.0.1 -w '%{http_code}' http://10.20.0.1:3142/packages/Packages || true";
    let output = shell(net.on_server("sh"), Path::new("/"), line);
    assert!(output.text.ends_with("000"), "{}", output.text);
}

#[test]
fn ranges_a_kill_and_what_is_not_there() {
    let (net, here) = (Net::new(), tempfile::tempdir().unwrap());
    net.give_client("10.20.0.50/24");
    let upstream = Upstream::start(&net);
    let mut server = Server::start(&net, SITE, &[]);
    let url = "http://10.20.0.1:3142/packages/large_1_all.deb";
    let original = fs::read(upstream.folder.path().join("repo/large_1_all.deb")).unwrap();
    let into = here.path().join("part");

    // Killed while it fetches.
    let slow = format!("curl -s -m 20 --limit-rate 4M -o /dev/null {url} & sleep 0.4; kill -9 {}; wait", server.pid());
    net.client(&slow);
    server.kill();
    server.start_again(&net);
    let fetch = |arguments: &str| {
        let output = get(&net, &format!("-w '%{{http_code}}' -o {} {arguments} {url}", into.display()));
        (output.text, fs::read(&into).unwrap_or_default())
    };
    let (code, content) = fetch("-r 1000000-1999999");
    assert!(code == "206" && content == original[1_000_000..2_000_000], "{code}");
    let (code, content) = fetch("");
    assert!(code == "200" && content == original, "{code}");
    let (code, content) = fetch("-r -500");
    assert!(code == "206" && content == original[original.len() - 500..], "{code}");
    assert_eq!(fetch("-r 99000000-").0, "416");
    server.kill();
    server.start_again(&net);
    let before = upstream.asked("large_1_all.deb");
    assert!(fetch("").1 == original);
    assert_eq!(upstream.asked("large_1_all.deb"), before, "it is kept over a restart");

    let missing = get(&net, "-w '%{http_code}' -o /dev/null http://10.20.0.1:3142/packages/absent_1_all.deb");
    assert_eq!(missing.text, "404");
}

/// A small file system for the cache, unmounted at the end.
struct Small(std::path::PathBuf);

impl Small {
    fn at(folder: &Path) -> Small {
        let line = "mkdir -p .firstlight/state/packages && mount -t tmpfs -o size=12m none .firstlight/state/packages";
        done(&shell(Command::new("sh"), folder, line));
        Small(folder.join(".firstlight/state/packages"))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_costs_the_cache_and_not_the_packages() {
    let (net, here) = (Net::new(), tempfile::tempdir().unwrap());
    net.give_client("10.20.0.50/24");
    let upstream = Upstream::start(&net);
    let mut small = None;
    let server = Server::start_with(&net, SITE, |folder| small = Some(Small::at(folder)));
    let original = fs::read(upstream.folder.path().join("repo/large_1_all.deb")).unwrap();
    let into = here.path().join("got");
    let get = || {
        let _ = fs::remove_file(&into);
        let line = format!("-f -o {} http://10.20.0.1:3142/packages/large_1_all.deb", into.display());
        (get(&net, &line).code, fs::read(&into).unwrap_or_default())
    };
    // What has begun to come from the cache is cut off, and never taken for whole.
    let (code, content) = get();
    assert!(code != Some(0) && content.len() < original.len(), "{code:?}");
    let (code, content) = get();
    assert!(code == Some(0) && content == original, "{}", server.log());
    assert!(server.log().contains("packages are passed through"), "{}", server.log());
    drop(server);
    drop(small);
}
