//! A whole Debian that runs from memory in a virtual machine (`scripts/prepare-live-root`), with some files of ours in it
//! and a script that it runs once it is up. What the script says comes over the serial console.

use crate::{repository, run};
use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

const UNIT: &str = "[Unit]\nAfter=basic.target systemd-udevd.service\n[Service]\nType=oneshot\nTimeoutStartSec=infinity\n\
    ExecStart=/usr/bin/bash /probe\n[Install]\nWantedBy=multi-user.target\n";

/// A live system that is to be.
#[derive(Debug)]
pub struct Live {
    root: PathBuf,
    folder: TempDir,
}

impl Live {
    /// The root of this name. `None`, with a line that says so, where nobody has made it.
    pub fn of(name: &str) -> Option<Live> {
        let root = repository().join(format!("examples/assets/live/{name}.cpio.zst"));
        if !root.exists() {
            eprintln!("SKIPPED: there is no live root {name} here: scripts/prepare-live-root makes it");
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let live = Live { root, folder };
        let wants = live.inside("/etc/systemd/system/multi-user.target.wants/probe.service");
        fs::write(live.inside("/etc/systemd/system/probe.service"), UNIT).expect("a unit is written");
        symlink("/etc/systemd/system/probe.service", wants).expect("a unit is enabled");
        Some(live)
    }

    /// Puts a file into it.
    pub fn with(self, path: &str, content: &[u8], mode: u32) -> Live {
        let file = self.inside(path);
        fs::write(&file, content).expect("a file is written");
        fs::set_permissions(&file, PermissionsExt::from_mode(mode)).expect("a file has a mode");
        self
    }

    /// Puts a program of this computer into it, without what only debuggers read.
    pub fn with_program(self, path: &str, program: &Path) -> Live {
        let mut strip = Command::new("strip");
        let output = run(strip.arg("-o").arg(self.inside(path)).arg(program), Duration::from_secs(60));
        assert_eq!(output.code, Some(0), "{}", output.text);
        self
    }

    /// Boots it, lets it run a script, and gives what its console said when it has ended.
    pub fn run(self, script: &Path, deadline: Duration) -> String {
        let script = fs::read(script).expect("the script is there");
        let live = self.with("/probe", &script, 0o755);
        let (initrd, console) = (live.folder.path().join("initrd"), live.folder.path().join("console"));
        live.pack(&initrd);
        let mut machine = Machine(live.qemu(&initrd, &console));
        let end = Instant::now() + deadline;
        while machine.0.try_wait().expect("a child can be waited for").is_none() {
            let said = String::from_utf8_lossy(&fs::read(&console).unwrap_or_default()).into_owned();
            assert!(Instant::now() < end, "it does not come to its end:\n{said}");
            thread::sleep(Duration::from_millis(200));
        }
        String::from_utf8_lossy(&fs::read(&console).expect("the console's log")).into_owned()
    }

    /// Where a file lies until it is packed, with its folder.
    fn inside(&self, path: &str) -> PathBuf {
        let file = self.folder.path().join("files").join(path.trim_start_matches('/'));
        fs::create_dir_all(file.parent().expect("a file lies in a folder")).expect("a folder");
        file
    }

    /// The root, and our files behind it: the kernel unpacks one after the other, where each begins at a multiple of four
    /// bytes.
    fn pack(&self, initrd: &Path) {
        let line = "(cd files && find . -mindepth 1 | cpio --quiet -o -H newc -R 0:0) >ours && cp \"$1\" \"$2\" && \
                    truncate -s %4 \"$2\" && cat ours >>\"$2\"";
        let mut pack = Command::new("sh");
        pack.args(["-c", line, "sh"]).args([&self.root, initrd]).current_dir(self.folder.path());
        let output = run(&mut pack, Duration::from_secs(60));
        assert_eq!(output.code, Some(0), "{}", output.text);
    }

    /// Translated, for a KVM that opens may still hang (crates/lab/src/accel.rs).
    fn qemu(&self, initrd: &Path, console: &Path) -> Child {
        let mut qemu = Command::new("qemu-system-x86_64");
        qemu.args(["-M", "q35,accel=tcg", "-m", "2048", "-smp", "2", "-nic", "none"]);
        qemu.args(["-display", "none", "-no-reboot", "-serial"]).arg(format!("file:{}", console.display()));
        qemu.arg("-kernel").arg(repository().join("examples/assets/vmlinuz")).arg("-initrd").arg(initrd);
        qemu.args(["-append", "console=ttyS0 rdinit=/sbin/init loglevel=5 systemd.show_status=auto"]);
        qemu.stdin(Stdio::null()).spawn().expect("QEMU starts")
    }
}

/// Ended with the test.
struct Machine(Child);

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
