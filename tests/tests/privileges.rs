//! What a server that was started as root may still do once it serves.
#![allow(clippy::panic, clippy::unwrap_used)]

use firstlight_tests::{Net, Server};
use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    time::Duration,
};

const SITE: &str = "asset \"linux\" {\n  path = \"linux\"\n}\nasset \"secret\" {\n  path = \"secret\"\n}\n";
const NOBODY: u32 = 65534;
/// CAP_NET_ADMIN, bit 12.
const NET_ADMIN: u64 = 1 << 12;
/// CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, bits 1 and 2.
const ANY_FILE: u64 = 0b110;

/// A line of each thread's status (proc_pid_status(5)).
fn of_each_thread(server: &Server, field: &str) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{}/task", server.pid())).unwrap();
    let status = tasks.map(|task| fs::read_to_string(task.unwrap().path().join("status")).unwrap());
    let line = |status: String| {
        status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(":\t").map(str::to_owned))
    };
    status.map(|status| line(status).unwrap()).collect()
}

fn assert_each(server: &Server, field: &str, value: &str) {
    let values = of_each_thread(server, field);
    assert!(values.len() > 4, "threads are missing: {values:?}");
    assert!(values.iter().all(|found| found == value), "{field} is {values:?}, not {value}");
}

fn owners(folder: &Path, into: &mut Vec<(String, u32)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = fs::symlink_metadata(&path).unwrap();
        into.push((path.display().to_string(), metadata.uid()));
        if metadata.is_dir() {
            owners(&path, into);
        }
    }
}

#[test]
fn it_serves_as_an_ordinary_user_with_one_capability() {
    let net = Net::new();
    let mut server = Server::start_as(&net, Some("nobody"), SITE, &[("linux", b"kernel"), ("secret", b"")]);
    assert_each(&server, "Uid", "65534\t65534\t65534\t65534");
    assert_each(&server, "Gid", "65534\t65534\t65534\t65534");
    assert_each(&server, "NoNewPrivs", "1");
    for set in ["CapEff", "CapPrm"] {
        assert_each(&server, set, &format!("{NET_ADMIN:016x}"));
    }
    for set in ["CapInh", "CapAmb"] {
        assert_each(&server, set, &format!("{:016x}", 0));
    }
    let mut found = Vec::new();
    owners(&server.folder().join(".firstlight/state"), &mut found);
    assert!(found.len() > 4 && found.iter().all(|(_, owner)| *owner == NOBODY), "{found:?}");

    let lease = net.client("udhcpc -f -q -n -i eth0 -s /bin/true 2>&1");
    assert!(lease.text.contains("lease of 10.20.0."), "{}", lease.text);
    net.give_client("10.20.0.50/24");
    assert_eq!(net.client("curl -sS -m 20 http://10.20.0.1:8080/asset/linux").text, "kernel");
    assert_eq!(net.client("curl -sS -m 20 tftp://10.20.0.1/linux").text, "kernel");
    assert_eq!(server.firstlight("reload").text, "Generation 2 is served:\n  nothing is different\n");

    // Again, with the state that is an ordinary user's now.
    server.signal("TERM");
    assert_eq!(server.wait_for_end(Duration::from_secs(10)), Some(0));
    server.start_again(&net);
    assert!(server.log().contains("1 leases are known"), "{}", server.log());
}

#[test]
fn where_there_is_no_user_for_it_root_has_few_capabilities_left() {
    let net = Net::new();
    let server = Server::start_as(&net, Some("root"), SITE, &[("linux", b"kernel"), ("secret", b"")]);
    assert_each(&server, "Uid", "0\t0\t0\t0");
    assert_each(&server, "CapEff", &format!("{:016x}", NET_ADMIN | ANY_FILE));
    assert_each(&server, "NoNewPrivs", "1");
}

#[test]
fn what_the_user_cannot_read_is_said_with_the_next_step() {
    let net = Net::new();
    let server = Server::start_as(&net, Some("nobody"), SITE, &[("linux", b"kernel"), ("secret", b"")]);
    fs::set_permissions(server.folder().join("secret"), PermissionsExt::from_mode(0o600)).unwrap();
    let mut server = server;
    server.kill();
    server.start_again(&net);
    let log = server.log();
    assert!(log.contains("secret cannot be served") && log.contains("chmod o+r"), "{log}");
    net.give_client("10.20.0.50/24");
    assert_eq!(net.client("curl -sS -m 20 http://10.20.0.1:8080/asset/linux").text, "kernel");
}

#[test]
fn a_state_folder_that_the_user_cannot_reach_is_refused() {
    let net = Net::new();
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o700)).unwrap();
    fs::write(folder.path().join("site.hcl"), firstlight_tests::WIDE_SITE).unwrap();
    let mut command = net.on_server(&firstlight_tests::firstlight().display().to_string());
    command.args(["serve", "--user", "nobody"]).arg(folder.path());
    let output = firstlight_tests::run(&mut command, Duration::from_secs(20));
    assert_eq!(output.code, Some(1), "{}", output.text);
    assert!(
        output.text.contains("user nobody cannot use the state folder") && output.text.contains("--user root"),
        "{}",
        output.text
    );
}
