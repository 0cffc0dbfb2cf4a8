//! The units of packaging/ under a real systemd, as PID 1 of a booted Debian 13: `tests/live/systemd.sh` runs inside.
#![allow(clippy::panic, clippy::print_stdout, clippy::unwrap_used)]

use firstlight_tests::{Live, firstlight, repository};
use std::{fs, time::Duration};

const SITE: &str = r#"
network "boot" {
  interface = "eth1"
  subnet    = "10.20.0.0/24"
}
asset "small" {
  path = "small"
}
asset "big" {
  path = "big"
}
"#;

/// A machine without KVM takes three minutes on a computer that has nothing else to do.
const DEADLINE: Duration = Duration::from_secs(1500);

#[test]
#[ignore = "make test-boot"]
fn the_units_do_what_they_say() {
    let Some(mut live) = Live::of("systemd") else { return };
    for (unit, to) in [
        ("firstlight.service", "/etc/systemd/system/firstlight.service"),
        ("firstlight.socket", "/etc/systemd/system/firstlight.socket"),
        ("firstlight-http.socket", "/etc/systemd/system/firstlight-http.socket"),
        ("firstlight.sysusers", "/usr/lib/sysusers.d/firstlight.conf"),
    ] {
        live = live.with(to, &fs::read(repository().join("packaging").join(unit)).unwrap(), 0o644);
    }
    let live = live.with_program("/usr/bin/firstlight", &firstlight());
    let live = live.with("/etc/firstlight/site.hcl", SITE.as_bytes(), 0o644);
    let live = live.with("/etc/firstlight/small", b"small", 0o644);
    let live = live.with("/etc/firstlight/big", &vec![7; 8_000_000], 0o644);
    let said = live.run(&repository().join("tests/live/systemd.sh"), DEADLINE);
    let results: Vec<&str> = said.lines().filter_map(|line| Some(line.split_once("RESULT ")?.1.trim_end())).collect();
    println!("{}", results.join("\n"));
    let well = results.last() == Some(&"done") && results.iter().all(|line| !line.starts_with("FAILED"));
    assert!(well && results.len() >= 32, "{}\n--- console\n{said}", results.join("\n"));
}
