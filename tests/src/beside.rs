//! Another DHCP server on the wire: dnsmasq in a namespace of its own.

use std::{
    fs::{self, File},
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// What it is in every test: DHCP alone, of one range, without looking for who has an address.
const ARGUMENTS: [&str; 8] = [
    "--conf-file=/dev/null",
    "--no-daemon",
    "--port=0",
    "--no-ping",
    "--log-dhcp",
    "--interface=switch",
    "--dhcp-authoritative",
    "--dhcp-range=10.20.0.200,10.20.0.250,1h",
];

/// A dnsmasq that runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Beside {
    namespace: String,
    folder: TempDir,
    child: Child,
}

impl Beside {
    /// Starts it, and waits until it serves.
    pub(crate) fn start(namespace: &str, arguments: &[&str]) -> Beside {
        let folder = tempfile::tempdir().expect("a folder for dnsmasq");
        let log = File::create(folder.path().join("log")).expect("a log");
        let mut command = Command::new("ip");
        command.args(["netns", "exec", namespace, "dnsmasq"]).args(ARGUMENTS).args(arguments);
        command.arg(format!("--dhcp-leasefile={}", folder.path().join("leases").display()));
        let child = command.stderr(log).spawn().expect("dnsmasq (package dnsmasq-base)");
        let beside = Beside { namespace: namespace.to_owned(), folder, child };
        let end = Instant::now() + Duration::from_secs(10);
        while !beside.log().contains("DHCP, ") {
            assert!(Instant::now() < end, "dnsmasq does not serve: {}", beside.log());
            thread::sleep(Duration::from_millis(10));
        }
        beside
    }

    pub(crate) fn namespace(&self) -> &str {
        &self.namespace
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
