//! A disk that is full while the server serves: no address is given that is not on disk, nothing crashes, and it goes
//! on as soon as there is room.
#![allow(clippy::panic, clippy::unwrap_used)]

use firstlight_tests::{Net, Server, run};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// A small disk in memory, gone when dropped.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: &Path) -> Disk {
        fs::create_dir_all(at).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=512k", "tmpfs"]).arg(at).status().unwrap();
        assert!(mounted.success());
        Disk(at.to_owned())
    }

    fn fill(&self) {
        let _ = fs::write(self.0.join("filling"), vec![0; 1 << 20]);
    }

    fn make_room(&self) {
        fs::remove_file(self.0.join("filling")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").args(["-l"]).arg(&self.0).status();
    }
}

fn udhcpc(net: &Net, mac: u32) -> String {
    let line = format!(
        "ip link set eth0 address 52:54:00:00:00:{mac:02x}; udhcpc -i eth0 -n -q -f -t 2 -T 1 -A 1 -s /bin/true"
    );
    run(net.on_client("sh").args(["-c", &line]), Duration::from_secs(30)).text
}

#[test]
fn no_address_is_given_while_the_disk_is_full() {
    let net = Net::new();
    let profile = "profile \"disk\" {\n  boot = \"disk\"\n}\n";
    let mut server = Server::start(&net, profile, &[]);
    server.kill();
    let disk = Disk::mount(&server.folder().join(".firstlight/state"));
    server.start_again(&net);
    let before = udhcpc(&net, 0x11);
    assert!(before.contains("obtained"), "{before}");

    disk.fill();
    // What is left of the last page takes some records more; each machine is another one.
    let refused = (0x20..0x60).find(|mac| !udhcpc(&net, *mac).contains("obtained"));
    let refused = refused.unwrap_or_else(|| panic!("it gives addresses without end:\n{}", server.log()));
    assert!(server.log().contains("leases cannot be written"), "{}", server.log());

    disk.make_room();
    let after = udhcpc(&net, refused);
    assert!(after.contains("obtained"), "{after}\n{}", server.log());
    server.kill();
    drop(server);
    drop(disk);
}
