//! A virtual machine with a disk, over several of its boots.

use crate::{Output, boot::ONE_AT_A_TIME, firstlight, installer::make_installer, repository, run};
use std::{
    fs,
    path::PathBuf,
    process::Command,
    sync::{MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// How long each thing that is waited for may take on a busy computer.
const DEADLINE: Duration = Duration::from_secs(240);

/// The hardware address of the lab's machine, which is called `kitt` there.
pub const MAC: &str = "52:54:00:00:00:01";

/// A site's lab with one machine, until it is dropped.
#[derive(Debug)]
pub struct Lifetime {
    site: TempDir,
    _alone: MutexGuard<'static, ()>,
}

impl Lifetime {
    /// Gives a machine power whose disk is full of `b"precious "`. In `site` stands `ASSETS` for the folder with the kernel
    /// and its initrd; `installer` is beside it.
    pub fn begin(site: &str) -> Lifetime {
        let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = tempfile::tempdir().expect("a folder for the site");
        let assets = repository().join("examples/assets");
        assert!(assets.join("vmlinuz").exists(), "there is nothing to boot: make prepare");
        let lab = format!(
            "lab {{\n machine \"kitt\" {{\n mac = \"{MAC}\"\n firmware = \"bios\"\n memory = \"512M\"\n disk = \"16M\"\n }}\n}}\n"
        );
        let text = format!("{site}{lab}").replace("ASSETS", &assets.display().to_string());
        fs::write(folder.path().join("site.hcl"), text).expect("the site is written");
        make_installer(&folder.path().join("installer"));
        let lifetime = Lifetime { site: folder, _alone };
        let disk = lifetime.disk();
        fs::create_dir_all(disk.parent().expect("a folder")).expect("a folder for the disk");
        fs::write(&disk, b"precious ".repeat((16 << 20) / 9 + 1).get(..16 << 20).expect("long enough"))
            .expect("the disk is written");
        let up = lifetime.firstlight("lab up --keep-disks SITE");
        assert_eq!(up.code, Some(0), "{}", up.text);
        lifetime
    }

    fn disk(&self) -> PathBuf {
        self.site.path().join(".firstlight/lab/kitt/disk-kept.raw")
    }

    /// Runs `firstlight`; `SITE` stands for the site's folder.
    pub fn firstlight(&self, line: &str) -> Output {
        let site = self.site.path().display().to_string();
        let words = line.split(' ').map(|word| if word == "SITE" { site.as_str() } else { word });
        run(Command::new(firstlight()).args(words), Duration::from_secs(60))
    }

    /// What `machines show` says of the machine.
    pub fn shown(&self, name: &str) -> String {
        self.firstlight(&format!("machines show {name} --lab --site SITE")).text
    }

    /// Waits until `look` shows this, and gives all that it showed then.
    pub fn wait_until(&self, look: impl Fn(&Lifetime) -> String, text: &str) -> String {
        let end = Instant::now() + DEADLINE;
        loop {
            let seen = look(self);
            if seen.contains(text) {
                return seen;
            }
            assert!(Instant::now() < end, "never {text:?} in\n{seen}\n--- console\n{}", self.console());
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    /// The SHA-256 of its disk.
    pub fn disk_sum(&self) -> String {
        let sum = run(Command::new("sha256sum").arg(self.disk()), Duration::from_secs(60)).text;
        sum.split(' ').next().unwrap_or_default().to_owned()
    }

    /// What its serial console showed.
    pub fn console(&self) -> String {
        let log = self.site.path().join(".firstlight/lab/kitt/console.log");
        String::from_utf8_lossy(&fs::read(log).unwrap_or_default()).into_owned()
    }
}

impl Drop for Lifetime {
    fn drop(&mut self) {
        let _ = self.firstlight("lab down SITE");
    }
}
