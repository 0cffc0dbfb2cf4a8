//! Assets from IPFS: what another implementation has cut into blocks is read back, bad gateways do no harm, and a machine
//! boots from blocks.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use firstlight_tests::{Gateway, Lifetime, Machine, firstlight, repository, run};
use std::{
    fs,
    path::Path,
    process::{Command, Output},
    time::Duration,
};
use tempfile::TempDir;

/// A site with an asset `f0`, `f1`, … for each URL. Only their CIDs say what they must be.
fn write_site(folder: &Path, urls: &[&str], gateways: &[&str]) {
    let assets = urls.iter().enumerate().map(|(index, url)| format!("asset \"f{index}\" {{\n  url = \"{url}\"\n}}\n"));
    let assets: String = assets.collect();
    let site =
        format!("assets {{\n  gateways = {gateways:?}\n}}\n{assets}profile \"disk\" {{\n  boot = \"disk\"\n}}\n");
    fs::write(folder.join("site.hcl"), site).unwrap();
}

/// `firstlight assets pull`, and the SHA-256 of what was fetched, which is in the store now.
fn pull(folder: &Path) -> (Output, Vec<String>) {
    let mut command = Command::new("timeout");
    command.arg("120").arg(firstlight()).args(["assets", "pull", "--json", "--site"]).arg(folder);
    let output = command.output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let sums = report["assets"].as_array().into_iter().flatten().filter_map(|asset| asset["sha256"].as_str());
    (output.clone(), sums.map(str::to_owned).collect())
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A file of some blocks, and where it lies.
fn kernel() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let bytes: Vec<u8> = (0..5_000_000_u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let path = folder.path().join("kernel");
    fs::write(&path, bytes).unwrap();
    let path = path.display().to_string();
    (folder, path)
}

fn gateway(mood: &str, files: &[&str]) -> Gateway {
    Gateway::of_files(mood, files)
}

/// One gateway is asked for streams of blocks, two are asked for single ones: here it is Helia each time.
#[test]
fn what_helia_has_made_is_read_back() {
    let Some(helia) = Gateway::helia() else { return };
    let urls: Vec<&str> = helia.files.iter().map(|file| &*file.url).collect();
    assert_eq!(urls.len(), 13);
    for gateways in [&[&*helia.url][..], &[&*helia.url, &*helia.url]] {
        let (site, already) = (tempfile::tempdir().unwrap(), helia.asked().len());
        write_site(site.path(), &urls, gateways);
        let (output, sums) = pull(site.path());
        assert!(output.status.success(), "{}", said(&output));
        let mut of_helia: Vec<String> = helia.files.iter().map(|file| file.sha256.clone()).collect();
        let mut ours = sums;
        of_helia.sort();
        ours.sort();
        assert_eq!(ours, of_helia);
        let lock = fs::read_to_string(site.path().join("firstlight.lock")).unwrap();
        assert_eq!(lock.matches("\"cid\"").count(), 13, "{lock}");
        assert!(helia.files.iter().all(|file| lock.contains(&format!("size   = {}\n", file.length))), "{lock}");
        let asked = helia.asked().split_off(already);
        let streams = asked.iter().filter(|asked| asked.contains("format=car")).count();
        assert_eq!(streams, if gateways.len() == 1 { 13 } else { 0 }, "{asked:?}");
    }
}

#[test]
fn bad_gateways_are_named_and_cost_tries_but_never_a_byte() {
    let (site, (_folder, path)) = (tempfile::tempdir().unwrap(), kernel());
    let [liar, cutter, loser, honest] = ["lies", "cuts", "lost", "honest"].map(|mood| gateway(mood, &[&path]));
    let gateways = [&liar, &cutter, &loser, &honest].map(|gateway| &*gateway.url);
    write_site(site.path(), &[&honest.files[0].url], &gateways);
    let (output, sums) = pull(site.path());
    assert_eq!(sums, std::slice::from_ref(&honest.files[0].sha256), "{}", said(&output));
    for (gateway, what) in
        [(&liar, "bytes came that do not have its hash"), (&cutter, "cut off"), (&loser, "it answers 404")]
    {
        let said = said(&output);
        let line = said.lines().find(|line| line.contains(&gateway.url) && line.contains(what));
        assert!(line.is_some_and(|line| line.contains("block baf")), "{} {what}:\n{said}", gateway.url);
        assert!(gateway.asked().len() < honest.asked().len(), "{} {what}", gateway.url);
    }
}

#[test]
fn a_file_that_only_a_liar_has_is_refused() {
    let (site, (_folder, path)) = (tempfile::tempdir().unwrap(), kernel());
    let liar = gateway("lies", &[&path]);
    write_site(site.path(), &[&liar.files[0].url], &[&liar.url]);
    let (output, sums) = pull(site.path());
    assert!(!output.status.success() && sums.is_empty(), "{sums:?}");
    assert!(said(&output).contains("bytes came that do not have its hash"), "{}", said(&output));
    assert!(!site.path().join("firstlight.lock").exists());
}

/// A gateway that has no more after some blocks, and another one for the rest in a later run.
#[test]
fn a_later_run_goes_on_with_the_blocks_that_are_here() {
    let (site, (_folder, path)) = (tempfile::tempdir().unwrap(), kernel());
    let (tired, honest) = (gateway("tires", &[&path]), gateway("honest", &[&path]));
    let file = &honest.files[0];
    write_site(site.path(), &[&file.url], &[&tired.url]);
    assert!(!pull(site.path()).0.status.success());
    write_site(site.path(), &[&file.url], &[&honest.url, &honest.url]);
    let (output, sums) = pull(site.path());
    assert_eq!(sums, std::slice::from_ref(&file.sha256), "{}", said(&output));
    // A directory, the file's root and 20 blocks: the root and the directory are read again to compare what is here.
    assert!(said(&output).contains("going on after"), "{}", said(&output));
    assert!((4..20).contains(&honest.asked().len()), "{:?}", honest.asked());
}

/// Kernel and initrd of the small Linux as blocks, from one gateway that lies and one that does not.
#[test]
#[ignore = "make test-boot"]
fn a_machine_boots_from_blocks() {
    let assets = repository().join("examples/assets");
    let paths = ["vmlinuz", "initrd"].map(|name| assets.join(name).display().to_string());
    let [liar, honest] = ["lies", "honest"].map(|mood| gateway(mood, &[&paths[0], &paths[1]]));
    let gateways = format!("assets {{\n  gateways = {:?}\n}}\n", [&liar.url, &honest.url]);
    let boot = Machine::declared("bios", "small")
        .in_a_site_where("path = \"ASSETS/vmlinuz\"", &format!("url = \"{}\"", honest.files[0].url))
        .in_a_site_where("path = \"ASSETS/initrd\"", &format!("url = \"{}\"", honest.files[1].url))
        .in_a_site_where("asset \"linux\"", &format!("{gateways}asset \"linux\""))
        .until("reported");
    boot.went_by(&["DHCP", "script", "kernel", "initrd"]);
    assert!(honest.asked().len() > 10 && !liar.asked().is_empty(), "{:?} {:?}", honest.asked(), liar.asked());
}

const LIVE: &str = r#"
assets {
  gateways = "http://127.0.0.1:9997"
}
network "boot" {
  interface = "eth1"
  subnet    = "10.20.0.0/24"
}
asset "linux" {
  url = "LINUX"
}
asset "initrd" {
  url = "INITRD"
}
profile "small" {
  kernel = asset.linux
  initrd = asset.initrd
  args   = "console=ttyS0 quiet firstlight.report={{ report_url }}"
}
machine "kitt" {
  mac     = "52:54:00:00:00:01"
  profile = "small"
}
"#;

/// The gateway is there when the machine already asks: what it boots comes on demand, and goes on to it as it comes.
#[test]
#[ignore = "make test-boot"]
fn a_machine_starts_its_kernel_while_the_blocks_still_come() {
    let assets = repository().join("examples/assets");
    let paths = ["vmlinuz", "initrd"].map(|name| assets.join(name).display().to_string());
    let paths = [&*paths[0], &*paths[1]];
    let cids = gateway("honest", &paths).files.clone();
    let site = LIVE.replace("LINUX", &cids[0].url).replace("INITRD", &cids[1].url);
    let lifetime = Lifetime::begin(&site);
    let gateway = Gateway::in_namespace_of(lifetime.lab(), 9997, "slow", &paths);
    let shown = lifetime.wait_until(|lifetime| lifetime.shown("kitt"), "reported up");
    println!("{shown}");
    for line in
        ["fetch    linux is fetched from ipfs:", "fetch    initrd is here: ", "verified by firstlight.lock (cid)"]
    {
        assert!(shown.contains(line), "{line}");
    }
    let place = |text: &str| shown.find(text).unwrap_or_else(|| panic!("no {text}"));
    assert!(place("boots profile small") < place("linux is here: "), "it had its script while the blocks still came");
    assert!(gateway.asked().len() > 10);
}

#[test]
fn a_wrong_cid_is_a_mistake_with_its_line() {
    let site = tempfile::tempdir().unwrap();
    write_site(site.path(), &["ipfs://bafybeigdyrzt/vmlinuz"], &["http://127.0.0.1:1"]);
    let output = run(Command::new(firstlight()).arg("check").arg(site.path()), Duration::from_secs(20));
    assert!(output.text.contains("`bafybeigdyrzt` is not a CID"), "{}", output.text);
    assert!(output.text.contains("site.hcl:5"), "{}", output.text);
}
