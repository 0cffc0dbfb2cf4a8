//! The store survives: kills at any moment, a full disk at any moment, and goes on with what nginx had sent.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use firstlight_tests::{Fault, Misbehaving, firstlight, run};
use std::{
    fs,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

const SIZE: usize = 6 << 20;

fn body() -> Vec<u8> {
    (0..SIZE as u32 / 4).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect()
}

fn sha256(path: &Path) -> String {
    let said = run(Command::new("sha256sum").arg(path), Duration::from_secs(60)).text;
    said.split(' ').next().unwrap().to_owned()
}

/// A site with one pinned asset.
fn site(dir: &Path, url: &str) {
    fs::write(dir.join("body"), body()).unwrap();
    let sha256 = sha256(&dir.join("body"));
    let text = format!(
        "network \"n\" {{ subnet = \"10.20.0.0/24\" }}\nprofile \"p\" {{ boot = \"disk\" }}\nasset \"kernel\" {{\n  url = \"{url}\"\n  sha256 = \"{sha256}\"\n}}\n"
    );
    fs::write(dir.join("site.hcl"), text).unwrap();
}

fn assets(dir: &Path, verb: &str) -> Command {
    let mut command = Command::new(firstlight());
    command.args(["assets", verb, "--site"]).arg(dir).stdin(Stdio::null());
    command
}

fn done(dir: &Path, verb: &str) {
    let output = run(&mut assets(dir, verb), Duration::from_secs(120));
    assert_eq!(output.code, Some(0), "{verb}: {}", output.text);
}

/// A number that differs from run to run; it is printed, so that a failure can be thought about.
fn random(below: u64) -> u64 {
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos();
    u64::from(nanos / 7) % below
}

#[test]
fn killed_at_any_moment_the_store_is_good_and_the_next_pull_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let server = Misbehaving::start(body(), &[Fault::Slow(12 << 20)]);
    site(dir.path(), &server.url());
    for _ in 0..8 {
        let mut pull = assets(dir.path(), "pull").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let after = random(400);
        thread::sleep(Duration::from_millis(after));
        pull.kill().unwrap();
        println!("killed after {after} ms: {:?}", pull.wait().unwrap());
        done(dir.path(), "verify");
    }
    done(dir.path(), "pull");
    done(dir.path(), "verify");
    let object = dir.path().join(".firstlight/state/assets/sha256");
    assert_eq!(fs::read_dir(object).unwrap().count(), 1);
    println!("asked for {:?}", server.asked());
}

/// A shell in a mount namespace of its own, where `site/.firstlight` is a small tmpfs.
#[test]
fn a_full_disk_is_named_and_leaves_nothing_half() {
    let dir = tempfile::tempdir().unwrap();
    for (fault, name) in [(Fault::None, "with a length"), (Fault::NoLength, "without a length")] {
        let server = Misbehaving::start(body(), &[fault]);
        site(dir.path(), &server.url());
        let script = format!(
            r#"set -e
            cd {dir}; F={firstlight}; mkdir -p .firstlight
            mount -t tmpfs -o size=9M none .firstlight
            for round in 1 2 3; do
              rm -rf .firstlight/*; head -c {fill} /dev/zero > .firstlight/fill
              $F assets pull --site . > out 2>&1 && {{ echo "it fitted: $(cat out)"; exit 1; }}
              grep -q 'kernel: no room in' out || {{ cat out; exit 1; }}
              [ -z "$(find .firstlight/state/assets/sha256 .firstlight/state/assets/incoming -type f)" ] || {{ find .firstlight; exit 1; }}
              $F assets verify --site . > out 2>&1 || {{ cat out; exit 1; }}
            done
            rm .firstlight/fill
            $F assets pull --site . > out 2>&1 || {{ cat out; exit 1; }}
            umount .firstlight"#,
            dir = dir.path().display(),
            firstlight = firstlight().display(),
            // Somewhere between "nothing fits" and "all but a little fits".
            fill = (3 << 20) + 300_000 + random(5 << 20),
        );
        let output = run(Command::new("unshare").args(["--mount", "sh", "-c", &script]), Duration::from_secs(120));
        assert_eq!(output.code, Some(0), "{name}: {}\n{script}", output.text);
    }
}

/// A real nginx on the loopback.
struct Nginx(Child);

impl Nginx {
    fn start(dir: &Path, port: u16, rate: &str) -> Nginx {
        let conf = format!(
            "daemon off; master_process off; pid {dir}/pid; error_log {dir}/error; user root;\nevents {{}}\nhttp {{\n\
             log_format asked '$status $http_range';\naccess_log {dir}/access asked;\nclient_body_temp_path {dir}/t1; proxy_temp_path {dir}/t2;\n\
             fastcgi_temp_path {dir}/t3; uwsgi_temp_path {dir}/t4; scgi_temp_path {dir}/t5;\n\
             server {{ listen 127.0.0.1:{port}; root {dir}; limit_rate {rate}; }}\n}}\n",
            dir = dir.display()
        );
        fs::write(dir.join("nginx.conf"), conf).unwrap();
        let mut nginx = Command::new("nginx");
        nginx.arg("-p").arg(dir).arg("-c").arg(dir.join("nginx.conf")).stdout(Stdio::null()).stderr(Stdio::null());
        let child = nginx.process_group(0).spawn().expect("nginx is installed (scripts/install-packages test)");
        let up = || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
        (0..200)
            .find(|_| {
                up() || {
                    thread::sleep(Duration::from_millis(50));
                    false
                }
            })
            .expect("nginx answers");
        Nginx(child)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn part_size(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir.join(".firstlight/state/assets/incoming")).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.path().extension().is_some_and(|e| e == "part"))
        .filter_map(|e| Some(e.metadata().ok()?.len()))
        .sum()
}

fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    (0..600)
        .find(|_| {
            is_so() || {
                thread::sleep(Duration::from_millis(50));
                false
            }
        })
        .unwrap_or_else(|| panic!("never: {what}"));
}

#[test]
fn a_transfer_from_nginx_goes_on_after_either_side_was_killed() {
    let (dir, www) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(www.path().join("kernel"), body()).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    site(dir.path(), &format!("http://127.0.0.1:{port}/kernel"));
    let mut nginx = Nginx::start(www.path(), port, "1m");

    // We are killed.
    let mut pull = assets(dir.path(), "pull").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_for("a part", || part_size(dir.path()) > 1 << 20);
    pull.kill().unwrap();
    pull.wait().unwrap();
    let kept = part_size(dir.path());
    assert!(kept > 0 && kept < SIZE as u64);

    // nginx is killed while we go on.
    let mut pull = assets(dir.path(), "pull").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_for("more of it", || part_size(dir.path()) > kept + (1 << 20));
    drop(nginx);
    nginx = Nginx::start(www.path(), port, "100m");
    assert!(pull.wait().unwrap().success());
    drop(nginx);
    done(dir.path(), "verify");
    let access = fs::read_to_string(www.path().join("access")).unwrap();
    // nginx has no time to log what it was killed in: the last transfer is the one that went on after that.
    let went_on =
        access.lines().filter_map(|line| line.strip_prefix("206 bytes=")?.trim_end_matches('-').parse::<u64>().ok());
    assert!(went_on.max().is_some_and(|from| from > kept + (1 << 20)), "{access}, {kept}");
}
