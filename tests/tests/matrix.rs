//! Every kind of firmware, on every way through the network: what `make matrix` shows.

use firstlight_tests::{firstlight, repository, run};
use std::{process::Command, time::Duration};

/// It boots one machine after another. The script gives each four minutes, which comes first.
const DEADLINE: Duration = Duration::from_secs(3600);

/// BIOS knows no HTTP boot; else this is firmware × mode × way.
const ROWS: [&str; 14] = [
    "bios",
    "uefi",
    "uefi-http",
    "secure",
    "secure-http",
    "arm64",
    "arm64-http",
    "proxy-bios",
    "proxy-uefi",
    "proxy-uefi-http",
    "proxy-secure",
    "proxy-secure-http",
    "proxy-arm64",
    "proxy-arm64-http",
];

/// What `scripts/matrix` ends with where rows were left out.
const INCOMPLETE: i32 = 77;

/// Whether what a row boots is here. Not every computer can have it.
fn can_boot(row: &str) -> bool {
    let needs = match row {
        _ if row.contains("arm64") => "arm64/initrd",
        _ if row.contains("secure") => "secure-boot/grubnetx64.efi.signed",
        _ => return true,
    };
    repository().join("examples/assets").join(needs).exists()
}

/// What the output's last part says of a row: `✓ reported up after 9.9 s`.
fn result<'a>(output: &'a str, row: &str) -> Option<&'a str> {
    let results = output.lines().filter_map(|line| line.split_once("  "));
    let mut of_row = results.filter(|(name, _)| *name == row).map(|(_, rest)| rest.trim());
    of_row.find(|rest| ["✓", "✗", "SKIPPED"].iter().any(|mark| rest.starts_with(mark)))
}

#[test]
#[ignore = "make test-boot"]
fn every_firmware_boots_on_every_way() {
    let output = run(Command::new(repository().join("scripts/matrix")).arg(firstlight()), DEADLINE);
    println!("{}", output.text);
    for row in ROWS {
        let expected = if can_boot(row) { "✓ reported up" } else { "SKIPPED: " };
        let result = result(&output.text, row).unwrap_or("no result");
        assert!(result.starts_with(expected), "{row}: {result}\n{}", output.text);
    }
    let complete = ROWS.into_iter().all(can_boot);
    assert_eq!(output.code, Some(if complete { 0 } else { INCOMPLETE }), "{}", output.text);
}

#[test]
fn the_site_has_these_rows_and_no_others() {
    let site = std::fs::read_to_string(repository().join("examples/matrix/site.hcl")).unwrap();
    let name = |line: &str| Some(line.strip_prefix("  machine \"")?.strip_suffix("\" {")?.to_owned());
    let mut names: Vec<String> = site.lines().filter_map(name).collect();
    names.sort();
    let mut rows = ROWS.map(str::to_owned);
    rows.sort();
    assert_eq!(names, rows);
}
