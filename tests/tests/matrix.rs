//! Every kind of firmware, on every way through the network: what `make matrix` shows.

use firstlight_tests::{firstlight, repository, run};
use std::{process::Command, time::Duration};

/// It boots one machine after another, and each may take minutes on a busy computer.
const DEADLINE: Duration = Duration::from_secs(3000);

#[test]
#[ignore = "make test-boot"]
fn every_firmware_boots_on_every_way() {
    let output = run(Command::new(repository().join("scripts/matrix")).arg(firstlight()), DEADLINE);
    println!("{}", output.text);
    assert_eq!(output.code, Some(0), "{}", output.text);
    for machine in ["bios", "uefi", "uefi-http", "secure", "proxy-bios", "proxy-uefi", "proxy-uefi-http"] {
        let up = |line: &str| line.starts_with(&format!("{machine} ")) && line.contains("✓ reported up");
        assert!(output.text.lines().any(up), "{machine}: {}", output.text);
    }
}
