//! Assets that are files inside archives: served as they are in there, taken out once.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use firstlight_tests::{Net, Server};
use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

const SITE: &str = r#"
asset "netboot" {
  url = "file:FOLDER/netboot.tar.gz"
}
asset "linux" {
  from = asset.netboot
  path = "debian-installer/amd64/linux"
}
asset "initrd" {
  from = "installer.iso"
  path = "/install/initrd.gz"
}
asset "vmlinuz" {
  from = "kernel.deb"
  path = "vmlinuz"
}
asset "absent" {
  from = asset.netboot
  path = "linux"
}
profile "disk" {
  boot = "disk"
}
"#;

/// Runs a shell's line in a folder.
fn make(folder: &Path, line: &str) {
    let output = Command::new("sh").args(["-ec", line]).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The archives of [`SITE`], laid out as Debian's own are, around a kernel and an initrd of random bytes.
fn archives(folder: &Path) {
    make(
        folder,
        "mkdir -p n/debian-installer/amd64 i/install d/boot d/DEBIAN
         head -c 3000000 /dev/urandom >n/debian-installer/amd64/linux
         head -c 2000000 /dev/urandom >i/install/initrd.gz
         head -c 1000000 /dev/urandom >d/boot/vmlinuz-6.1.0-9
         ln -s boot/vmlinuz-6.1.0-9 d/vmlinuz
         printf 'Package: k\\nVersion: 1\\nArchitecture: amd64\\nMaintainer: M <m@example.org>\\nDescription: d\\n' >d/DEBIAN/control
         tar -C n -czf netboot.tar.gz ./debian-installer
         genisoimage -quiet -R -J -o installer.iso i
         dpkg-deb --root-owner-group -Zxz -b d kernel.deb >/dev/null
         sed -i \"s|FOLDER|$PWD|\" site.hcl",
    );
}

/// What the server sends for an asset.
fn get(net: &Net, name: &str, into: &Path) -> Vec<u8> {
    let file = into.join("got");
    let line = format!("curl -sf -m 60 -o {} http://10.20.0.1:8080/asset/{name}", file.display());
    assert_eq!(net.client(&line).code, Some(0), "{name}");
    fs::read(file).unwrap()
}

/// Each object's file in the store.
fn objects(server: &Server) -> Vec<(PathBuf, u64)> {
    let folders = fs::read_dir(server.folder().join(".firstlight/state/assets/sha256")).unwrap().flatten();
    let files = folders.flat_map(|folder| fs::read_dir(folder.path()).unwrap().flatten());
    let mut files: Vec<_> = files.map(|file| (file.path(), file.metadata().unwrap().ino())).collect();
    files.sort();
    files
}

#[test]
fn files_in_archives_are_served_and_taken_out_once() {
    let (net, into) = (Net::new(), tempfile::tempdir().unwrap());
    net.give_client("10.20.0.50/24");
    let mut server = Server::start_with(&net, SITE, archives);
    let folder = server.folder().to_owned();
    let linux = folder.join("n/debian-installer/amd64/linux");
    assert!(get(&net, "linux", into.path()) == fs::read(&linux).unwrap());
    assert!(get(&net, "initrd", into.path()) == fs::read(folder.join("i/install/initrd.gz")).unwrap());
    assert!(get(&net, "vmlinuz", into.path()) == fs::read(folder.join("d/boot/vmlinuz-6.1.0-9")).unwrap());
    // It is looked for when somebody first asks.
    net.client("curl -s -m 30 -o /dev/null http://10.20.0.1:8080/asset/absent");
    let why = "linux in netboot: no member `linux`; near: `debian-installer/amd64/linux`";
    let end = Instant::now() + Duration::from_secs(30);
    while !server.log().contains(why) {
        assert!(Instant::now() < end, "{}", server.log());
        thread::sleep(Duration::from_millis(100));
    }

    let before = objects(&server);
    assert_eq!(before.len(), 4, "three files, and the archive with a URL");
    server.kill();
    server.start_again(&net);
    assert!(get(&net, "linux", into.path()) == fs::read(&linux).unwrap());
    assert_eq!(objects(&server), before, "nothing was taken out again");

    server.kill();
    make(&folder, "echo new >i/install/initrd.gz && genisoimage -quiet -R -J -o installer.iso i");
    server.start_again(&net);
    assert_eq!(get(&net, "initrd", into.path()), b"new\n", "another archive, another file");
}

/// Debian's own package of a kernel, as apt has it, and an image made as its installer's are.
#[test]
#[ignore = "downloads a kernel package of 30 to 100 MB"]
fn the_kernel_of_debians_own_package() {
    let (net, into) = (Net::new(), tempfile::tempdir().unwrap());
    net.give_client("10.20.0.50/24");
    let find = "apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: \\(linux-image-[0-9].*\\)/\\1/p' | head -n 1";
    let download =
        format!("chmod 777 . && apt-get download -q $({find}) >/dev/null && mv *.deb kernel.deb && chmod 755 .");
    let unpack = "dpkg-deb -x kernel.deb d && ls d/boot | sed -n 's/^vmlinuz-//p' >version";
    let name = |folder: &Path| fs::read_to_string(folder.join("version")).unwrap().trim().to_owned();
    let package = tempfile::tempdir().unwrap();
    make(package.path(), &format!("{download} && {unpack}"));
    let kernel = format!("boot/vmlinuz-{}", name(package.path()));
    let site = format!(
        "asset \"kernel\" {{\n from = \"kernel.deb\"\n path = \"{kernel}\"\n}}\nprofile \"disk\" {{\n boot = \"disk\"\n}}\n"
    );
    let deb = package.path().join("kernel.deb");
    let server = Server::start_with(&net, &site, |folder| _ = fs::copy(&deb, folder.join("kernel.deb")).unwrap());
    let served = get(&net, "kernel", into.path());
    assert!(served == fs::read(package.path().join("d").join(&kernel)).unwrap());
    assert_eq!(served.get(0x202..0x206), Some(b"HdrS".as_slice()), "a kernel's header (Documentation/arch/x86/boot)");
    assert!(server.log().contains("1 assets verified"), "{}", server.log());
}
